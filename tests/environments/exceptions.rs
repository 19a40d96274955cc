//! Shortened ways: findings that are accepted, older candidates, hotfixes, and the reviews that they owe.

use serde_json::Value;
use windlass::domain::{CommitSha, ExceptionKind};
use windlass::engine::ReviewRequest;
use windlass::registry::{Descriptor, TagRule};

use super::*;
use crate::git::git;
use crate::plan::planned;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EXCEPTION: &str = "application/vnd.windlass.exception.v1+json";

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_on_in_spite_of_findings_and_owes_a_review() {
    let (world, _) = world().await;
    // The newest reports are nine hours old.
    let engine = changed(&world, "max_age = \"24h\"", "max_age = \"1h\"");
    let (service, stage) = (payment(&engine), "stage".parse().unwrap());
    let plan = planned(&engine, &rollback("stage", None, false)).await.unwrap();
    assert_eq!(reason(&plan, "scan").0, "unknown", "too old to tell");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    assert!(engine.owed_reviews(&service, &stage).await.unwrap().is_empty());

    let command = rollback("stage", None, true);
    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "scan");
    assert!(
        verdict == "allowed" && why.contains("payouts fail") && why.contains("was unknown"),
        "{why}"
    );
    done(&engine, &command).await;
    let good = deployed(&engine, "stage").await;
    let owed = engine.owed_reviews(&service, &stage).await.unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!((owed[0].kind, &owed[0].digest), (ExceptionKind::Findings, &good));
    assert!(
        owed[0].skipped[0].as_str().starts_with("scan unknown"),
        "{:?}",
        owed[0]
    );
    // The same again owes nothing more.
    assert_eq!(idle(&done(&engine, &command).await), ["attach", "deploy", "pin"]);
    assert_eq!(engine.owed_reviews(&service, &stage).await.unwrap().len(), 1);

    let review = |of: &str| {
        ReviewRequest {
            of: of.to_owned(),
            note: "scanned it again".to_owned(),
        }
        .into()
    };
    done(&engine, &review(&good.to_string())).await;
    assert!(engine.owed_reviews(&service, &stage).await.unwrap().is_empty());
    assert_eq!(idle(&done(&engine, &review("stage")).await), ["attach"]);
    let error = planned(&engine, &review("prod")).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound, "{error}");
}

/// A commit on top of `parent`, which `branch` is then at; nothing is checked out.
pub(super) fn commit_on(world: &World, branch: &str, parent: &str, message: &str) -> CommitSha {
    let folder = world.repository();
    let tree = format!("{parent}^{{tree}}");
    let sha = git(&folder, &["commit-tree", &tree, "-p", parent, "-m", message]);
    git(&folder, &["update-ref", &format!("refs/heads/{branch}"), &sha]);
    sha.parse().unwrap()
}

/// An image in dev that says it was built from `commit`, with the tag of that commit; nobody has scanned it.
pub(super) async fn build(engine: &Engine, commit: &CommitSha) -> Digest {
    let dev = writer(engine, "dev");
    let newest = digest_of(engine, "dev", "develop").await;
    let model = first_image(&dev, &newest).await;
    let model = dev.manifest(&Target::Digest(model)).await.unwrap();
    let mut manifest: Value = serde_json::from_slice(model.bytes()).unwrap();
    let config: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config = dev.blob(&config, 1_000_000).await.unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    config["config"]["Labels"]["org.opencontainers.image.revision"] = commit.as_str().into();
    let config = dev.put_blob(config.to_string().into()).await.unwrap();
    manifest["config"]["digest"] = config.digest.to_string().into();
    manifest["config"]["size"] = config.size.into();
    let bytes = bytes::Bytes::from(manifest.to_string());
    let image = Descriptor::new(MANIFEST, Digest::of(&bytes), bytes.len() as u64);
    let target = Target::Digest(image.digest.clone());
    dev.put_manifest(&target, MANIFEST, bytes).await.unwrap();
    let tag = engine.tag_of(commit).unwrap();
    dev.tag(&image.digest, &tag, TagRule::Immutable).await.unwrap();
    image.digest
}

#[tokio::test(flavor = "multi_thread")]
async fn promoting_an_older_candidate_than_the_head_of_its_release_asks_why() {
    let (world, engine) = world().await;
    let cut = engine.resolve("develop~3").await.unwrap().sha;
    let branch = format!("release/v1.4.0-sha-{}", cut.short());
    let older = |why: Option<&str>| promote("develop~3", "prod", why, false);
    let plan = planned(&engine, &older(None)).await.unwrap();
    let (verdict, why) = reason(&plan, "release");
    assert!(verdict == "allowed" && why.contains("is the head of"), "{why}");

    let fix = commit_on(&world, &branch, cut.as_str(), "fix: payouts on Sundays");
    // Until the fix has an image there is nothing to promote instead.
    let plan = planned(&engine, &older(None)).await.unwrap();
    assert_eq!(reason(&plan, "release").0, "allowed");
    build(&engine, &fix).await;
    let plan = planned(&engine, &older(None)).await.unwrap();
    let (verdict, why) = reason(&plan, "release");
    assert_eq!(verdict, "refused");
    for word in [branch.as_str(), fix.short()] {
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(way_out(&plan, "release"), Some(&Override::Reason));
    assert_eq!(carry_out(&engine, plan.clone()).await.0, Exit::Refused);
    let other = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert!(other.gates.iter().all(|gate| gate.kind.name() != "release"));

    let command = older(Some("the fix waits for the acquirer"));
    let reasoned = planned(&engine, &command).await.unwrap();
    assert_ne!(reasoned.hash(), plan.hash());
    assert!(kinds(&reasoned).contains(&"attach"));
    done(&engine, &command).await;
    let again = done(&engine, &command).await;
    assert!(idle(&again).contains(&"attach"), "{:?}", idle(&again));
    let digest = deployed(&engine, "prod").await;
    let kept = writer(&engine, "prod")
        .referrers(&digest, Some(EXCEPTION))
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    assert!(engine.owed_reviews(&service, &prod).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotfix_takes_its_short_path_recorded_and_owes_a_review() {
    let (world, _) = world().await;
    let without = changed(&world, "hotfix = { from = \"dev\" }\n", "");
    let runs = without.resolve("develop~15").await.unwrap().sha;
    let fix = commit_on(&world, "hotfix/v1.3.3", runs.as_str(), "fix: payouts fail");
    let digest = build(&without, &fix).await;
    let command = promote(fix.as_str(), "prod", Some("payouts fail"), true);
    let error = planned(&without, &command).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{error}");

    let way = "protected = true\nhotfix = { from = \"dev\", skip = [\"soak\", \"scan\"] }";
    let engine = changed(&world, "protected = true", way);
    let error = planned(&engine, &promote(fix.as_str(), "prod", None, true))
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{error}");
    // Only what was made on a hotfix branch goes this way, and without --hotfix nothing does.
    let plan = planned(&engine, &promote("develop", "prod", Some("now"), true))
        .await
        .unwrap();
    assert_eq!(reason(&plan, "hotfix").0, "refused");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    let error = planned(&engine, &promote(fix.as_str(), "prod", Some("now"), false))
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound, "{error}");

    let plan = planned(&engine, &command).await.unwrap();
    let (verdict, why) = reason(&plan, "scan");
    assert_eq!(verdict, "allowed");
    assert!(
        why.starts_with("skipped by the hotfix path (payouts fail): was "),
        "{why}"
    );
    assert_eq!(
        reason(&plan, "hotfix").1,
        format!("{} was made on hotfix/v1.3.3", fix.short())
    );
    done(&engine, &command).await;
    assert_eq!(deployed(&engine, "prod").await, digest);
    let (service, prod) = (payment(&engine), "prod".parse().unwrap());
    let owed = engine.owed_reviews(&service, &prod).await.unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].passed_over, ["stage".parse().unwrap()]);
    assert!(
        owed[0]
            .skipped
            .iter()
            .any(|gate| gate.as_str().starts_with("scan "))
    );
    let review = ReviewRequest {
        of: "prod".to_owned(),
        note: "read it with Omar".to_owned(),
    }
    .into();
    done(&engine, &review).await;
    assert!(engine.owed_reviews(&service, &prod).await.unwrap().is_empty());

    // Merged back by a merge, it is a hotfix still; a gate that is not named is not skipped.
    let develop = engine.resolve("develop").await.unwrap().sha;
    let folder = world.repository();
    let tree = format!("{develop}^{{tree}}");
    let parents = ["-p", develop.as_str(), "-p", fix.as_str()];
    let merge = git(
        &folder,
        &[&["commit-tree", &tree][..], &parents, &["-m", "merge back"]].concat(),
    );
    git(&folder, &["update-ref", "refs/heads/develop", &merge]);
    let engine = changed(&world, "\"scan\"]", "]");
    let plan = planned(&engine, &command).await.unwrap();
    assert_eq!(reason(&plan, "hotfix").0, "allowed");
    assert_ne!(reason(&plan, "scan").0, "allowed");
}
