//! Copies: whole, unchanged, resumable, and never a tag.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::{Digest, Exit, HostSettings, Tag, Target};
use windlass::registry::copy::{self, CopyProgress, How};
use windlass::registry::{Descriptor, Registries, RegistryError, Settings, TagOutcome, TagRule, Writer};

use crate::world::{
    INDEX, MANIFEST, REPORT, access, blob, copied, image, journey, planned, registries, registry, repository,
    settings,
};

#[tokio::test]
async fn a_whole_index_with_its_referrers_arrives_unchanged_and_a_second_copy_moves_nothing() {
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let all = registries();
    let source = all.writer(&repository(&from.host(), "dev/app"), access());
    let target = all.writer(&repository(&to.host(), "app"), access());
    let digest = image(&source).await;

    copied(&source, &target, &digest).await.unwrap();
    let by_digest = Target::Digest(digest.clone());
    let (sent, arrived) = (
        source.manifest(&by_digest).await.unwrap(),
        target.manifest(&by_digest).await.unwrap(),
    );
    assert_eq!(sent.bytes(), arrived.bytes());
    let summary = target.image(&digest).await.unwrap();
    let platforms: Vec<_> = summary
        .platforms
        .iter()
        .map(|(platform, _)| platform.to_string())
        .collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(
        summary.revision.as_deref(),
        Some("2b2e927c0ffee0123456789abcdef0123456789a")
    );
    let referrers = target.referrers(&digest, Some(REPORT)).await.unwrap();
    assert_eq!(referrers[0].annotations["note"], "kept");
    assert!(target.tags().await.unwrap().is_empty(), "a copy never tags");

    let again = planned(&source, &target, &digest).await.unwrap();
    assert_eq!((again.bytes, again.blobs.len()), (0, 0));
    assert!(again.manifests.iter().all(|manifest| manifest.present));
}

#[tokio::test]
async fn within_one_registry_layers_are_mounted() {
    let one = registry(Options::default()).await;
    let all = registries();
    let source = all.writer(&repository(&one.host(), "dev/app"), access());
    let target = all.writer(&repository(&one.host(), "stage/app"), access());
    let digest = image(&source).await;
    let told = copied(&source, &target, &digest).await.unwrap();
    let hows: Vec<_> = told
        .iter()
        .filter_map(|p| match p {
            CopyProgress::BlobDone { how, .. } => Some(*how),
            _ => None,
        })
        .collect();
    assert!(
        !hows.is_empty() && hows.iter().all(|how| *how == How::Mounted),
        "{hows:?}"
    );
}

#[tokio::test]
async fn referrers_are_found_at_the_target_that_has_no_referrers_api() {
    let from = registry(Options::default()).await;
    let to = registry(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let all = registries();
    let source = all.writer(&repository(&from.host(), "dev/app"), access());
    let target = all.writer(&repository(&to.host(), "app"), access());
    let digest = image(&source).await;
    copied(&source, &target, &digest).await.unwrap();
    assert_eq!(target.referrers(&digest, None).await.unwrap().len(), 1);
    assert_eq!(
        target.tags().await.unwrap(),
        [digest.fallback_tag().parse::<Tag>().unwrap()]
    );
    // And back again, from the fallback tag to an API.
    let home = all.writer(&repository(&from.host(), "back/app"), access());
    copied(&target, &home, &digest).await.unwrap();
    assert_eq!(home.referrers(&digest, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_child_that_is_gone_at_the_target_is_healed() {
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let all = registries();
    let source = all.writer(&repository(&from.host(), "dev/app"), access());
    let target = all.writer(&repository(&to.host(), "app"), access());
    let digest = image(&source).await;
    copied(&source, &target, &digest).await.unwrap();
    let child = source.manifest(&digest.clone().into()).await.unwrap().children()[0]
        .digest
        .clone();
    let url = format!("http://{}/v2/app/manifests/{child}", to.host());
    assert!(
        reqwest::Client::new()
            .delete(url)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    assert!(target.resolve(&child.clone().into()).await.unwrap().is_none());
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&child.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_cancelled_copy_is_completed_by_the_next_one() {
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let all = registries();
    let source = all.writer(&repository(&from.host(), "dev/app"), access());
    let target = all.writer(&repository(&to.host(), "app"), access());
    let digest = image(&source).await;
    let plan = planned(&source, &target, &digest).await.unwrap();
    let cancel = CancellationToken::new();
    let stop_at_first = |progress: CopyProgress| {
        if matches!(progress, CopyProgress::BlobDone { .. }) {
            cancel.cancel();
        }
    };
    let error = copy::run(&plan, &source, &target, &stop_at_first, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Interrupted);
    assert!(target.resolve(&digest.clone().into()).await.unwrap().is_none());
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&digest.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn an_immutable_tag_stays_where_it_is() {
    let one = registry(Options::default()).await;
    let writer = registries().writer(&repository(&one.host(), "app"), access());
    let first = image(&writer).await;
    let tag: Tag = "sha-2b2e927".parse().unwrap();
    assert_eq!(
        writer.tag(&first, &tag, TagRule::Immutable).await.unwrap(),
        TagOutcome::Set
    );
    assert_eq!(
        writer.tag(&first, &tag, TagRule::Immutable).await.unwrap(),
        TagOutcome::AlreadyThere
    );
    let child = writer.manifest(&first.clone().into()).await.unwrap().children()[0]
        .digest
        .clone();
    let error = writer.tag(&child, &tag, TagRule::Immutable).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    assert_eq!(writer.resolve(&tag.into()).await.unwrap().unwrap().digest, first);
}

#[tokio::test]
async fn the_plan_knows_how_many_requests_a_copy_takes() {
    for referrers_api in [true, false] {
        let journey = journey(
            Options::default(),
            Options {
                referrers_api,
                ..Options::default()
            },
        )
        .await;
        let (source, target) = (&journey.source, &journey.target);
        let plan = planned(source, target, &journey.digest).await.unwrap();
        journey.from.forget_requests();
        journey.to.forget_requests();
        let outcome = copy::run(&plan, source, target, &|_| (), &CancellationToken::new())
            .await
            .unwrap();
        let seen = journey.from.requests().len() + journey.to.requests().len();
        assert_eq!(outcome.requests, seen as u64);
        assert_eq!(plan.requests, outcome.requests, "with the API: {referrers_api}");
        assert_eq!(plan.bytes, outcome.bytes);
    }
}

/// A manifest with one layer of `content`, put by digest or under `tag`. Its digest.
async fn artifact(writer: &Writer, tag: Option<&str>, contents: &[&str], subject: Option<&Digest>) -> Digest {
    let config = blob(writer, "application/vnd.oci.image.config.v1+json", b"{}".to_vec()).await;
    let mut layers = Vec::new();
    for content in contents {
        layers.push(blob(writer, "text/plain", content.as_bytes().to_vec()).await);
    }
    let mut manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers,
    });
    if let Some(subject) = subject {
        manifest["subject"] = serde_json::json!(Descriptor::new(MANIFEST, subject.clone(), 1));
    }
    let bytes = Bytes::from(manifest.to_string());
    let digest = Digest::of(&bytes);
    let target = match tag {
        Some(tag) => Target::Tag(tag.parse().unwrap()),
        None => digest.clone().into(),
    };
    writer.put_manifest(&target, MANIFEST, bytes).await.unwrap();
    digest
}

#[tokio::test]
async fn referrers_of_referrers_come_along() {
    let journey = journey(Options::default(), Options::default()).await;
    let report = journey.source.referrers(&journey.digest, None).await.unwrap()[0]
        .digest
        .clone();
    let signature = artifact(&journey.source, None, &["signature"], Some(&report)).await;
    journey.copy().await.unwrap();
    let found = journey.target.referrers(&report, None).await.unwrap();
    assert_eq!(found[0].digest, signature);
}

#[tokio::test]
async fn signatures_in_cosigns_old_form_come_along_and_none_is_lost() {
    let journey = journey(Options::default(), Options::default()).await;
    let (source, target) = (&journey.source, &journey.target);
    let tag = format!("sha256-{}.sig", journey.digest.hex());
    let name: Target = Target::Tag(tag.parse().unwrap());
    let there = async || target.resolve(&name).await.unwrap().map(|found| found.digest);

    let first = artifact(source, Some(&tag), &["of dev"], None).await;
    journey.copy().await.unwrap();
    assert_eq!(there().await, Some(first));

    // The target's own, added to those that came, stay.
    let both = artifact(target, Some(&tag), &["of dev", "of stage"], None).await;
    journey.copy().await.unwrap();
    assert_eq!(there().await, Some(both.clone()));

    // Each side has one that the other lacks: the target has both in the end, and another copy changes nothing.
    artifact(source, Some(&tag), &["of dev", "of another"], None).await;
    journey.copy().await.unwrap();
    let merged = there().await;
    assert_ne!(merged, Some(both));
    let manifest = target.manifest(&name).await.unwrap();
    let layers: Vec<_> = manifest.blobs().map(|blob| blob.digest.clone()).collect();
    for layer in ["of dev", "of stage", "of another"] {
        let layer = Digest::of(layer.as_bytes());
        assert!(layers.contains(&layer), "{layers:?}");
        target.blob(&layer, 100).await.unwrap();
    }
    journey.copy().await.unwrap();
    assert_eq!(there().await, merged);
}

#[tokio::test]
async fn an_index_in_an_index_and_what_buildx_attests_arrive() {
    let journey = journey(Options::default(), Options::default()).await;
    let source = &journey.source;
    let provenance = artifact(source, None, &["provenance"], None).await;
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": INDEX, "digest": journey.digest, "size": 1},
            {"mediaType": MANIFEST, "digest": provenance, "size": 1,
             "platform": {"os": "unknown", "architecture": "unknown"},
             "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
        ],
    })
    .to_string();
    let outer = Digest::of(index.as_bytes());
    source
        .put_manifest(&outer.clone().into(), INDEX, index.into())
        .await
        .unwrap();
    copied(source, &journey.target, &outer).await.unwrap();
    assert!(journey.arrived().await);
    assert!(
        journey
            .target
            .resolve(&provenance.into())
            .await
            .unwrap()
            .is_some()
    );
    assert!(journey.target.resolve(&outer.into()).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_attached_at_once_is_all_listed_in_the_fallback_index() {
    let plain = Options {
        referrers_api: false,
        ..Options::default()
    };
    let journey = journey(Options::default(), plain).await;
    journey.copy().await.unwrap();
    let (target, subject) = (&journey.target, Target::from(journey.digest.clone()));
    let before = target.referrers(&journey.digest, None).await.unwrap().len();
    let subject = target.manifest(&subject).await.unwrap().descriptor().clone();
    let attaching = (0..8).map(|nth| {
        let layers = vec![("text/plain".to_owned(), format!("report {nth}").into())];
        target.attach(
            &subject,
            "application/vnd.example.report",
            layers,
            BTreeMap::new(),
        )
    });
    futures_util::future::try_join_all(attaching).await.unwrap();
    let after = target.referrers(&journey.digest, None).await.unwrap();
    assert_eq!(after.len(), before + 8);
}

#[tokio::test]
async fn what_others_wrote_into_a_fallback_index_stays_as_it_was() {
    let plain = Options {
        referrers_api: false,
        ..Options::default()
    };
    let journey = journey(Options::default(), plain).await;
    let target = &journey.target;
    let foreign = artifact(target, None, &["of another tool"], Some(&journey.digest)).await;
    let entry = serde_json::json!({
        "mediaType": MANIFEST, "digest": foreign, "size": 1, "data": "e30=",
        "platform": {"os": "windows", "architecture": "amd64", "os.version": "10.0"},
    });
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry], "annotations": {"kept": "yes"},
    });
    let name = Target::Tag(journey.digest.fallback_tag().parse().unwrap());
    target
        .put_manifest(&name, INDEX, index.to_string().into())
        .await
        .unwrap();
    journey.copy().await.unwrap();
    let after: serde_json::Value =
        serde_json::from_slice(target.manifest(&name).await.unwrap().bytes()).unwrap();
    assert_eq!(after["manifests"][0], entry);
    assert_eq!(after["annotations"]["kept"], "yes");
    assert_eq!(after["manifests"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_target_that_takes_other_content_than_it_was_sent_is_no_success() {
    let journey = journey(Options::default(), Options::default()).await;
    let (source, target) = (&journey.source, &journey.target);
    let plan = planned(source, target, &journey.digest).await.unwrap();
    // It says so of what it was sent, and again when it is asked.
    for method in ["PUT", "HEAD"] {
        let fault = Fault::new(Effect::LieAboutDigest)
            .on_method(method)
            .on_path("/manifests/");
        journey.to.inject(fault);
    }
    let error = copy::run(&plan, source, target, &|_| (), &CancellationToken::new())
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error:?}");
    assert!(
        target
            .resolve(&journey.digest.clone().into())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_budget_of_one_request_at_a_time_is_enough() {
    let (one, two) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let narrow = HostSettings {
        concurrency: Some(1),
        ..HostSettings::default()
    };
    let hosts = BTreeMap::from([(one.host(), narrow.clone()), (two.host(), narrow)]);
    let all = Registries::new(Settings { hosts, ..settings() }).unwrap();
    let here = all.writer(&repository(&one.host(), "app"), access());
    let there = all.writer(&repository(&two.host(), "app"), access());
    let digest = image(&here).await;
    let back = artifact(&there, None, &["of the other side"], None).await;
    // In both directions at once, where each holds what the other waits for if that is not taken care of.
    let (to, fro) = tokio::join!(copied(&here, &there, &digest), copied(&there, &here, &back));
    to.unwrap();
    fro.unwrap();
}

#[tokio::test]
async fn a_mount_that_is_refused_becomes_an_ordinary_copy_even_with_one_request_at_a_time() {
    let one = registry(Options::default()).await;
    let narrow = HostSettings {
        concurrency: Some(1),
        ..HostSettings::default()
    };
    let hosts = BTreeMap::from([(one.host(), narrow)]);
    let all = Registries::new(Settings { hosts, ..settings() }).unwrap();
    let source = all.writer(&repository(&one.host(), "dev/app"), access());
    let target = all.writer(&repository(&one.host(), "stage/app"), access());
    let digest = image(&source).await;
    let refused = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    one.inject(Fault::new(refused).on_method("POST").on_path("mount=").always());
    let told = copied(&source, &target, &digest).await.unwrap();
    let copied =
        |progress: &CopyProgress| matches!(progress, CopyProgress::BlobDone { how: How::Copied, .. });
    assert!(told.iter().any(copied), "{told:?}");
    assert!(target.resolve(&digest.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_copy_that_is_cut_off_in_the_middle_of_a_layer_goes_on_when_it_is_given_again() {
    let journey = journey(Options::default(), Options::default()).await;
    let (source, target) = (&journey.source, &journey.target);
    journey.from.inject(
        Fault::new(Effect::Stall { after: 100_000 })
            .on_method("GET")
            .on_path("/blobs/")
            .after(2),
    );
    let plan = planned(source, target, &journey.digest).await.unwrap();
    let cancel = CancellationToken::new();
    let started = std::sync::atomic::AtomicUsize::new(0);
    let tell = |progress: CopyProgress| {
        if matches!(progress, CopyProgress::BlobStarted { .. })
            && started.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 4
        {
            cancel.cancel();
        }
    };
    let error = copy::run(&plan, source, target, &tell, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Interrupted);
    assert!(target.tags().await.unwrap().is_empty());
    journey.copy().await.unwrap();
    assert!(journey.arrived().await);
}
