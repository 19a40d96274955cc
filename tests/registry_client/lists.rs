//! Lists that are behind, or that a registry does not let anybody change: nothing is lost, and nothing is called done.

use std::collections::BTreeMap;

use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Exit, Target};

use crate::world::{REPORT, blob, journey};

const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// The digests of the manifests that were put so far.
fn put_manifests(registry: &EmbeddedRegistry) -> Vec<String> {
    let requests = registry.requests();
    let put = requests.iter().filter(|request| request.method == "PUT");
    put.filter_map(|request| request.path.split_once("/manifests/sha256:"))
        .map(|(_, hex)| hex.to_owned())
        .collect()
}

#[tokio::test]
async fn a_signature_in_the_older_form_is_copied_though_the_list_of_tags_hides_it() {
    let journey = journey(Options::default(), Options::default()).await;
    let source = &journey.source;
    let config = blob(source, "application/vnd.oci.image.config.v1+json", b"{}".to_vec()).await;
    let layer = blob(source, PAYLOAD, b"signature".to_vec()).await;
    let manifest = serde_json::json!({ "schemaVersion": 2, "config": config, "layers": [layer] }).to_string();
    let digest = Digest::of(manifest.as_bytes());
    let tag = format!("sha256-{}.sig", journey.digest.hex());
    let name = Target::Tag(tag.parse().unwrap());
    source
        .put_manifest(&name, crate::world::MANIFEST, manifest.into())
        .await
        .unwrap();
    for registry in [&journey.from, &journey.to] {
        let hidden = Effect::Answer {
            status: 404,
            retry_after: None,
        };
        registry.inject(Fault::new(hidden).on_path("/tags/list").always());
    }
    journey.copy().await.unwrap();
    let arrived = journey.target.resolve(&name).await.unwrap();
    assert_eq!(arrived.map(|found| found.digest), Some(digest));
    let asked = [journey.from.requests(), journey.to.requests()].concat();
    assert!(
        !asked.iter().any(|request| request.path.contains("/tags/list")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_list_of_referrers_that_may_not_change_is_a_conflict_which_names_the_evidence_and_leaves_one_orphan()
 {
    let plain = Options {
        referrers_api: false,
        ..Options::default()
    };
    let journey = journey(Options::default(), plain).await;
    journey.copy().await.unwrap();
    let subject = journey.source.resolve(&journey.digest.clone().into()).await;
    let layers = vec![("text/plain".to_owned(), "a second report".into())];
    let report = journey
        .source
        .attach(&subject.unwrap().unwrap(), REPORT, layers, BTreeMap::new())
        .await
        .unwrap();
    journey.to.forget_requests();
    // As an immutable tag is refused; twice, and then the rule is gone.
    let immutable = Effect::Answer {
        status: 400,
        retry_after: None,
    };
    let fault = Fault::new(immutable).on_method("PUT").times(2);
    journey.to.inject(fault.on_path("/manifests/sha256-"));
    for _ in 0..2 {
        let error = journey.copy().await.unwrap_err();
        assert_eq!(error.exit(), Exit::Conflict, "{error}");
        let named = format!("{} ({REPORT})", report.digest);
        assert!(error.to_string().contains(&named), "{error}");
    }
    assert_eq!(
        put_manifests(&journey.to),
        [report.digest.hex(), report.digest.hex()]
    );
    journey.copy().await.unwrap();
    let listed = journey.target.referrers(&journey.digest, None).await.unwrap();
    assert!(
        listed.iter().any(|entry| entry.digest == report.digest),
        "{listed:?}"
    );
}
