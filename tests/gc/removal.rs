//! What is deleted, in which order, and what is looked at once more before.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::{Confirmation, Digest, Exit, Tag};
use windlass::engine::{Event, EventKind};
use windlass::registry::OldTag;

use crate::call::{program, text};
use crate::document::{INDEX, put};
use crate::ground::{Ground, gc, plan_with};
use crate::run::{carry_out, last};

fn said(events: &[Event]) -> String {
    let lines = events.iter().filter_map(|event| match &event.happening {
        EventKind::Log { line, .. } => Some(format!("{line}\n")),
        _ => None,
    });
    let (_, end, hint) = last(events);
    lines.collect::<String>() + &end + &hint.unwrap_or_default()
}

/// The digests that were deleted, in order.
fn deletions(ground: &Ground) -> Vec<String> {
    let requests = ground.registry.requests().into_iter();
    let deleted = requests.filter(|request| request.method == "DELETE" && request.status == Some(202));
    let digest = |path: String| path.rsplit('/').next().unwrap().to_owned();
    deleted.map(|request| digest(request.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_plan_lists_is_deleted_and_nothing_else_and_the_same_again_has_nothing_to_do() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let plan = ground.plan("dev").await;
    let (exit, events) = ground.run("dev").await;
    assert_eq!(exit, Exit::Done, "{}", said(&events));
    for image in &gc(&plan).images {
        assert!(!ground.has("dev", &image.digest).await);
    }
    let tags: Vec<Tag> = [100, 10, 1].map(|days| ground.tag_of(days)).into();
    let mut left = ground.tags("dev").await;
    left.sort();
    let mut expected: Vec<_> = tags.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(left, expected);
    let again = ground.plan("dev").await;
    assert!(gc(&again).images.is_empty() && again.allowed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_goes_first_then_its_images_and_what_is_attached_to_any_of_them() {
    for referrers_api in [true, false] {
        let ground = Ground::with(Options {
            referrers_api,
            ..Options::default()
        })
        .await;
        let images = [
            ground.image("dev", 60, "amd64").await,
            ground.image("dev", 60, "arm64").await,
        ];
        let [first, second] = images.clone();
        let index = ground
            .index("dev", &[("amd64", first.clone()), ("arm64", second)])
            .await;
        ground.tag("dev", &index, ground.tag_of(60).as_str()).await;
        ground.build("dev", 1).await;
        ground.build("dev", 10).await;
        let writer = ground.writer("dev");
        let root = writer.resolve(&index.clone().into()).await.unwrap().unwrap();
        let report = writer.attach(
            &root,
            "application/vnd.example.report",
            Vec::new(),
            BTreeMap::new(),
        );
        let report = report.await.unwrap();
        let signed = writer.attach(
            &report,
            "application/vnd.example.signature",
            Vec::new(),
            BTreeMap::new(),
        );
        let signed = signed.await.unwrap();
        let sbom = writer.attach(
            &first,
            "application/vnd.example.sbom",
            Vec::new(),
            BTreeMap::new(),
        );
        let sbom = sbom.await.unwrap();
        let old = writer
            .add_in_old_form(
                &index,
                OldTag::Signature,
                "application/vnd.example",
                "x".into(),
                BTreeMap::new(),
            )
            .await
            .unwrap();
        ground.registry.forget_requests();
        let (exit, events) = ground.run("dev").await;
        assert_eq!(exit, Exit::Done, "{}", said(&events));
        let deleted = deletions(&ground);
        assert_eq!(deleted[0], index.to_string());
        let mut parts = vec![
            &images[0].digest,
            &images[1].digest,
            &report.digest,
            &signed.digest,
            &sbom.digest,
            &old.digest,
        ];
        for part in parts.drain(..) {
            assert!(
                deleted.contains(&part.to_string()),
                "{part}, api: {referrers_api}"
            );
            assert!(!ground.has("dev", part).await);
        }
        let mut left = ground.tags("dev").await;
        left.retain(|tag| tag.starts_with("sha256-"));
        assert_eq!(left, [""; 0], "api: {referrers_api}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_a_kept_index_also_names_stays_with_what_is_attached_to_it() {
    let ground = Ground::new().await;
    let shared = ground.image("dev", 60, "amd64").await;
    let own = ground.image("dev", 60, "arm64").await;
    let young = ground.image("dev", 1, "arm64").await;
    let old = ground
        .index("dev", &[("amd64", shared.clone()), ("arm64", own.clone())])
        .await;
    let new = ground
        .index("dev", &[("amd64", shared.clone()), ("arm64", young)])
        .await;
    ground.tag("dev", &old, ground.tag_of(60).as_str()).await;
    ground.tag("dev", &new, ground.tag_of(1).as_str()).await;
    ground.build("dev", 10).await;
    let sbom = ground
        .writer("dev")
        .attach(
            &shared,
            "application/vnd.example.sbom",
            Vec::new(),
            BTreeMap::new(),
        )
        .await
        .unwrap();
    let (exit, events) = ground.run("dev").await;
    assert_eq!(exit, Exit::Done, "{}", said(&events));
    assert!(!ground.has("dev", &old).await && !ground.has("dev", &own.digest).await);
    for stays in [&new, &shared.digest, &sbom.digest] {
        assert!(ground.has("dev", stays).await, "{stays}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_two_indexes_share_goes_with_the_last_of_them_and_stays_if_one_is_left_alone() {
    for left_alone in [None, Some(60), Some(50)] {
        let ground = Ground::new().await;
        let config = json!({"os": "linux", "architecture": "amd64"});
        let image = async |layer: &str| {
            ground
                .image_of("dev", &config, &[layer.as_bytes().to_vec()])
                .await
        };
        let (shared, one, two) = (image("shared").await, image("one").await, image("two").await);
        let mut indexes = Vec::new();
        for (days, own) in [(60, &one), (50, &two)] {
            let index = ground
                .index("dev", &[("amd64", shared.clone()), ("arm64", own.clone())])
                .await;
            ground.tag("dev", &index, ground.tag_of(days).as_str()).await;
            indexes.push((days, index, own));
        }
        ground.build("dev", 10).await;
        ground.build("dev", 1).await;
        let plan = ground.plan("dev").await;
        assert_eq!(ground.gone(&plan), [60, 50]);
        if let Some((_, index, _)) = indexes.iter().find(|(days, ..)| Some(*days) == left_alone) {
            ground.tag("dev", index, "demo").await;
        }
        let (exit, events) = carry_out(&ground.engine(), plan).await;
        assert_eq!(exit, Exit::Done, "{}", said(&events));
        for (days, index, own) in indexes {
            let stays = Some(days) == left_alone;
            assert_eq!(
                ground.has("dev", &index).await,
                stays,
                "{left_alone:?}\n{}",
                said(&events)
            );
            assert_eq!(ground.has("dev", &own.digest).await, stays);
        }
        assert_eq!(ground.has("dev", &shared.digest).await, left_alone.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_environment_needs_its_own_words_to_be_confirmed() {
    let ground = Ground::new().await;
    ground.configure("", "", "", "retain = { for = \"7y\" }");
    ground.build("prod", 60).await;
    let plan = ground.plan("prod").await;
    assert_eq!(plan.confirmation, Confirmation::Plain, "nothing goes");
    ground.configure("", "", "", "retain = { for = \"30d\" }");
    let plan = ground.plan("prod").await;
    assert_eq!(
        plan.confirmation,
        Confirmation::Typed("delete 1 from prod".to_owned())
    );
    assert!(
        plan.operation
            .facts()
            .iter()
            .any(|(name, _)| *name == "PROTECTED")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_stays_the_same_while_only_more_is_built() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let before = ground.plan("dev").await.hash();
    let config = json!({"os": "linux", "architecture": "amd64"});
    let image = ground.image_of("dev", &config, &[b"new".to_vec()]).await;
    ground.tag("dev", &image.digest, "demo").await;
    assert_eq!(ground.plan("dev").await.hash(), before);
    let held = ground.build("dev", 60).await;
    ground.tag("dev", &held, "demo").await;
    assert_ne!(ground.plan("dev").await.hash(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deployed_or_tagged_or_promoted_or_attached_to_after_the_plan_is_left_alone() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let plan = ground.plan("dev").await;
    let of = |days| {
        let commit = ground.commit_of(days);
        let found = gc(&plan)
            .images
            .iter()
            .find(|image| image.commits.contains(commit));
        found.unwrap().digest.clone()
    };
    ground.deploy("dev", &of(90), 0).await;
    ground.tag("dev", &of(80), "demo").await;
    ground.push("prod", 70, &["amd64"]).await;
    let writer = ground.writer("dev");
    let subject = writer.resolve(&of(60).into()).await.unwrap().unwrap();
    writer
        .attach(
            &subject,
            "application/vnd.example.report",
            Vec::new(),
            BTreeMap::new(),
        )
        .await
        .unwrap();
    let moved = ground.push("dev", 50, &["s390x"]).await;
    ground.tag("dev", &moved, ground.tag_of(50).as_str()).await;
    let expected: Vec<Digest> = [40, 30].map(of).into();
    let (exit, events) = carry_out(&ground.engine(), plan.clone()).await;
    assert_eq!(exit, Exit::Done);
    assert!(said(&events).contains("left"), "{}", said(&events));
    for image in &gc(&plan).images {
        let is_gone = !ground.has("dev", &image.digest).await;
        assert_eq!(
            is_gone,
            expected.contains(&image.digest),
            "{}\n{}",
            image.words(),
            said(&events)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_run_that_was_cancelled_goes_with_the_next() {
    let ground = Ground::with(Options {
        delay: Duration::from_millis(20),
        ..Options::default()
    })
    .await;
    ground.build_all().await;
    let engine = ground.engine();
    let plan = plan_with(&engine, "dev").await.unwrap();
    let all = gc(&plan).images.len();
    let mut run = crate::run::begin(&engine, plan);
    let mut deleted = 0;
    while let Some(event) = run.events.recv().await {
        if matches!(&event.happening, EventKind::Log { line, .. } if line.starts_with("deleted ")) {
            deleted += 1;
            run.cancel.cancel();
        }
    }
    assert_eq!(run.task.await.unwrap(), Exit::Interrupted);
    assert!(deleted < all);
    let (exit, _) = ground.run("dev").await;
    assert_eq!(exit, Exit::Done);
    assert!(gc(&ground.plan("dev").await).images.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_left_that_was_killed_after_any_of_its_deletions_goes_with_the_next() {
    for after in 0..6 {
        let ground = Ground::new().await;
        let mut digests = Vec::new();
        for days in [60, 50] {
            let index = ground.push("dev", days, &["amd64", "arm64"]).await;
            ground.tag("dev", &index, ground.tag_of(days).as_str()).await;
            let manifest = ground
                .reader("dev")
                .manifest(&index.clone().into())
                .await
                .unwrap();
            digests.extend(manifest.children().iter().map(|child| child.digest.clone()));
            digests.push(index);
        }
        ground.build("dev", 10).await;
        ground.build("dev", 1).await;
        // The first deletion only asks whether there are any.
        let stalls = Fault::new(Effect::Stall { after: 0 })
            .on_method("DELETE")
            .after(1 + after);
        ground.registry.inject(stalls);
        let state = ground.folder.path().join("state");
        let mut killed = program(&ground.repository(), &state, &["gc", "--yes"]);
        let mut killed = killed
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deleting = async {
            while deletions(&ground).len() < usize::try_from(after).unwrap() + 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), deleting)
            .await
            .unwrap();
        killed.kill().await.unwrap();
        let again = program(&ground.repository(), &state, &["gc", "--yes"])
            .output()
            .await
            .unwrap();
        assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
        for digest in &digests {
            assert!(
                !ground.has("dev", digest).await,
                "killed after {after}: {}",
                text(&again.stderr)
            );
        }
        assert_eq!(ground.tags("dev").await.len(), 2);
        let idle = program(&ground.repository(), &state, &["gc", "--yes"])
            .output()
            .await
            .unwrap();
        assert!(
            text(&idle.stderr).contains("nothing to delete from dev"),
            "{}",
            text(&idle.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_left_stays_where_somebody_needs_it_again() {
    let ground = Ground::new().await;
    let images = [
        ground.image("dev", 60, "amd64").await,
        ground.image("dev", 60, "arm64").await,
    ];
    let [first, second] = images.clone();
    let index = ground
        .index("dev", &[("amd64", first.clone()), ("arm64", second)])
        .await;
    ground.tag("dev", &index, ground.tag_of(60).as_str()).await;
    ground.build("dev", 10).await;
    ground.build("dev", 1).await;
    let engine = ground.engine();
    let plan = plan_with(&engine, "dev").await.unwrap();
    // The index goes, and the first deletion of a part fails for good.
    let fails = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    ground
        .registry
        .inject(Fault::new(fails).on_method("DELETE").after(2).times(20));
    let (exit, _) = carry_out(&engine, plan).await;
    assert_ne!(exit, Exit::Done);
    assert!(!ground.has("dev", &index).await && ground.has("dev", &first.digest).await);
    let left = ground.plan("dev").await;
    assert!(
        gc(&left).images[0]
            .words()
            .starts_with("what a killed run left of "),
        "{:?}",
        gc(&left).images
    );
    let new = ground.index("dev", &[("amd64", first.clone())]).await;
    ground.tag("dev", &new, "demo").await;
    assert!(gc(&ground.plan("dev").await).images.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_only_claims_to_be_attached_stays() {
    let ground = Ground::with(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let old = ground.build("dev", 60).await;
    ground.build("dev", 10).await;
    ground.build("dev", 1).await;
    let somebodys = ground.image("dev", 50, "s390x").await;
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [somebodys] });
    let list = put(&ground.writer("dev"), INDEX, &list).await;
    ground.tag("dev", &list.digest, &old.fallback_tag()).await;
    let (exit, events) = ground.run("dev").await;
    assert_eq!(exit, Exit::Done, "{}", said(&events));
    assert!(!ground.has("dev", &old).await && !ground.has("dev", &list.digest).await);
    assert!(ground.has("dev", &somebodys.digest).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_while_the_run_deletes_others_stays_with_what_it_shares_with_them() {
    let ground = Ground::with(Options {
        delay: Duration::from_millis(20),
        ..Options::default()
    })
    .await;
    let config = json!({"os": "linux", "architecture": "amd64"});
    let image = async |layer: String| ground.image_of("dev", &config, &[layer.into_bytes()]).await;
    let shared = image("shared".to_owned()).await;
    let mut last = shared.digest.clone();
    for days in [90, 80, 70, 60, 50, 40] {
        let own = image(format!("of day {days}")).await;
        last = ground
            .index("dev", &[("amd64", shared.clone()), ("arm64", own)])
            .await;
        ground.tag("dev", &last, ground.tag_of(days).as_str()).await;
    }
    ground.build("dev", 10).await;
    ground.build("dev", 1).await;
    let engine = ground.engine();
    let plan = plan_with(&engine, "dev").await.unwrap();
    let mut run = crate::run::begin(&engine, plan);
    let (mut events, mut is_deployed) = (Vec::new(), false);
    while let Some(event) = run.events.recv().await {
        let deletes = matches!(&event.happening, EventKind::Log { line, .. } if line.starts_with("deleted "));
        if deletes && !is_deployed {
            is_deployed = true;
            ground.deploy("dev", &last, 0).await;
        }
        events.push(event);
    }
    assert_eq!(run.task.await.unwrap(), Exit::Done);
    assert!(
        said(&events).contains("alone: it was deployed: deployed-"),
        "{}",
        said(&events)
    );
    assert!(ground.has("dev", &last).await && ground.has("dev", &shared.digest).await);
    assert_eq!(ground.tags("dev").await.len(), 4);
}
