//! How many answers a copy waits for one after the other.

use std::time::Duration;

use windlass::demo::registry::Options;
use windlass::domain::{Digest, HostSettings};
use windlass::registry::copy::{self, CopyOptions};
use windlass::registry::{Registries, Settings};

use crate::image::image;
use crate::proxy;
use crate::world::{access, registry, repository, settings};

/// More than the first two waves send at once.
const PLACES: usize = 64;

#[tokio::test]
async fn what_refers_to_a_child_is_asked_while_the_child_is_read() {
    let from = registry(Options::default()).await;
    let to = registry(Options::default()).await;
    let proxy = proxy::start(&from.host()).await;
    let wide = HostSettings {
        concurrency: Some(PLACES),
        ..HostSettings::default()
    };
    let all = Registries::new(Settings {
        hosts: [(proxy.host(), wide)].into(),
        ..settings()
    })
    .unwrap();
    let root = image(&all.writer(&repository(&from.host(), "dev/app"), access())).await;
    let index = all.reader(&repository(&from.host(), "dev/app"));
    let index = index.manifest(&root.clone().into()).await.unwrap();
    let children: Vec<Digest> = index
        .children()
        .iter()
        .map(|child| child.digest.clone())
        .collect();
    let source = all.reader(&repository(&proxy.host(), "dev/app"));
    let target = all.reader(&repository(&to.host(), "app"));

    // The root passes, then nothing more: whatever comes until then was sent without the answer about a child.
    proxy.hold(|traffic| traffic.requests >= 2);
    let planning = tokio::spawn(async move {
        let options = CopyOptions::default();
        copy::plan(&source, &target, &root.into(), &options).await
    });
    let asked = || {
        let requests = proxy.requests();
        let is_asked = |child: &Digest| {
            let list = format!("/referrers/{child}");
            requests.iter().any(|request| request.path.ends_with(&list))
        };
        children.iter().all(is_asked)
    };
    let waiting = async {
        while !asked() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let arrived = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(arrived.is_ok(), "{:?}", proxy.requests());
    proxy.release();
    assert_eq!(planning.await.unwrap().unwrap().manifests.len(), 5);
}
