//! Many copies: a list of which some fail, and two processes that write to one list of referrers.

use std::collections::BTreeMap;

use windlass::demo::faults::{Effect, Fault};
use windlass::domain::{Digest, WriteAccess};
use windlass::registry::TagRule;

use super::world::{REPORT, image, registries, registry, repository};
use super::*;

#[tokio::test]
async fn a_list_that_failed_for_several_reasons_is_summed_up_by_reason_and_is_incomplete() {
    let ground = Ground::new().await;
    let busy = registry(Options::default()).await;
    let answer = Effect::Answer {
        status: 429,
        retry_after: Some("7200".to_owned()),
    };
    busy.inject(Fault::new(answer).always());
    let (to, busy) = (ground.journey.to.host(), busy.host());
    let mut list: Vec<_> = (0..41)
        .map(|nth| format!("{busy}/app{nth}:v1 {to}/busy{nth}"))
        .collect();
    list.push(format!("{} {to}/missing", ground.source.replace(":v1", ":v9")));
    list.extend((0..8).map(|nth| format!("{} {to}/good{nth}", ground.source)));
    std::fs::write(ground.folder.path().join("images.txt"), list.join("\n")).unwrap();
    let copied = ground.copy(&["--list", "images.txt"]).await;
    assert_eq!(copied.status.code(), Some(5), "{}", err(&copied));
    let sum = "✗ 42 of 50 were not copied: 41 busy, 1 not found";
    assert!(err(&copied).contains(sum), "{}", err(&copied));
    assert_eq!(
        out(&copied).matches(":v1 is sha256:").count(),
        8,
        "{}",
        out(&copied)
    );
}

/// Two repositories with the same image, and three referrers of their own in each: their digests.
async fn two_sources(host: &str) -> (Digest, Vec<Digest>) {
    let all = registries();
    let mut attached = Vec::new();
    let mut subject = None;
    for name in ["one", "two"] {
        let access = WriteAccess::unless_read_only(false).unwrap();
        let writer = all.writer(&repository(host, name), access);
        let digest = image(&writer).await;
        writer
            .tag(&digest, &"v1".parse().unwrap(), TagRule::Immutable)
            .await
            .unwrap();
        let image = writer.resolve(&digest.clone().into()).await.unwrap().unwrap();
        for nth in 0..3 {
            let layers = vec![("text/plain".to_owned(), format!("{name} {nth}").into())];
            let referrer = writer.attach(&image, REPORT, layers, BTreeMap::new()).await;
            attached.push(referrer.unwrap().digest);
        }
        subject = Some(digest);
    }
    (subject.unwrap(), attached)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_at_once_lose_none_of_each_others_referrers_or_name_those_that_are_missing() {
    const REPETITIONS: usize = 20;
    const AT_ONCE: usize = 4;
    let plain = Options {
        referrers_api: false,
        ..Options::default()
    };
    let (from, to) = (registry(Options::default()).await, registry(plain).await);
    let (digest, attached) = two_sources(&from.host()).await;
    let all = registries();
    let repetition = async |nth: usize| {
        let target = format!("{}/app{nth}", to.host());
        let copy = async |name: &str| {
            let folder = tempfile::tempdir().unwrap();
            let source = format!("{}/{name}:v1", from.host());
            windlass(folder.path(), &["copy", &source, &target]).await
        };
        let (one, two) = tokio::join!(copy("one"), copy("two"));
        let reader = all.reader(&target.parse().unwrap());
        let listed = reader.referrers(&digest, None).await.unwrap();
        let said = [err(&one), err(&two)].concat();
        for lost in attached
            .iter()
            .filter(|one| listed.iter().all(|entry| entry.digest != **one))
        {
            assert!(
                said.contains(&lost.to_string()),
                "{nth}: {lost} is lost in silence: {said}"
            );
        }
        for output in [one, two] {
            let code = output.status.code().unwrap();
            let names_any = attached.iter().any(|one| err(&output).contains(&one.to_string()));
            assert!(
                code == 0 || code == 5 && names_any,
                "{nth}: {code}: {}",
                err(&output)
            );
        }
    };
    let all: Vec<_> = (0..REPETITIONS).collect();
    for some in all.chunks(AT_ONCE) {
        futures_util::future::join_all(some.iter().map(|nth| repetition(*nth))).await;
    }
}
