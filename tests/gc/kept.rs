//! What stays, whatever the rule says.

use serde_json::{Value, json};
use windlass::domain::{
    Clean, EnvironmentName, ExceptionKind, ExceptionRecord, KeepReason, PinRecord, ReviewRecord,
};
use windlass::engine::PinRequest;

use crate::ground::{DAYS, Ground, gc, plan_with, reason};
use crate::run::carry_out;

/// What goes of all images where nothing but the rule keeps any.
const BY_RULE: [i64; 8] = [100, 90, 80, 70, 60, 50, 40, 30];

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_else_is_said_the_rule_decides() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let plan = ground.plan("dev").await;
    assert!(plan.allowed(), "{:?}", plan.gates);
    // The first commit is the head of main.
    assert_eq!(ground.gone(&plan), BY_RULE[1..]);
    assert_eq!(gc(&plan).kept.len(), DAYS.len() - 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_in_any_environment_stays_everywhere() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let (in_dev, in_prod) = (ground.build("dev", 60).await, ground.build("dev", 40).await);
    ground.deploy("dev", &in_dev, 50).await;
    // Only prod knows it, and not even under the tag of its commit.
    let copied = ground.push("prod", 40, &["amd64"]).await;
    assert_eq!(copied, in_prod);
    ground.deploy("prod", &copied, 3).await;
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [90, 80, 70, 50, 30]);
    assert_eq!(reason(&plan, &in_dev), Some(KeepReason::Deployed));
    assert_eq!(reason(&plan, &in_prod), Some(KeepReason::Deployed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_runs_stays_by_any_of_its_digests() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let image = ground.image("dev", 50, "arm64").await;
    let other = ground.image("dev", 50, "s390x").await;
    let index = ground
        .index("dev", &[("arm64", image.clone()), ("s390x", other)])
        .await;
    ground.tag("dev", &index, ground.tag_of(50).as_str()).await;
    let config = ground
        .reader("dev")
        .manifest(&image.digest.clone().into())
        .await
        .unwrap();
    let config = config.blobs().next().unwrap().digest.clone();
    for named in [&index, &image.digest, &config] {
        let program = ground.folder.path().join("app/running.sh");
        std::fs::write(&program, format!("#!/bin/sh\necho {named}\n")).unwrap();
        executable(&program);
        let stage = "deploy = { kind = \"command\", program = \"true\", running = [\"./running.sh\"] }";
        ground.configure("", crate::ground::RULE, stage, "");
        let plan = ground.plan("dev").await;
        assert!(plan.allowed(), "{:?}", plan.gates);
        assert_eq!(reason(&plan, &index), Some(KeepReason::Running), "{named}");
    }
}

fn executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_environment_is_pinned_to_stays() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let pinned = ground.build("dev", 70).await;
    let copied = ground.push("stage", 70, &["amd64"]).await;
    ground.deploy("stage", &copied, 5).await;
    let engine = ground.engine();
    let service = engine.service(&"app".parse().unwrap()).unwrap();
    let request = PinRequest {
        environment: "stage".parse().unwrap(),
        reason: "load test".to_owned(),
        until: None,
    };
    let pin = engine.plan(&service, &request.into()).await.unwrap();
    carry_out(&engine, pin).await;
    // Somebody deployed another one by hand since.
    let other = ground.push("stage", 60, &["amd64"]).await;
    ground.deploy("stage", &other, 1).await;
    let plan = ground.plan("dev").await;
    assert_eq!(reason(&plan, &pinned), Some(KeepReason::Pinned));
    let pin: Option<PinRecord> = engine.pin(&service, &"stage".parse().unwrap()).await.unwrap();
    assert_eq!(pin.map(|pin| pin.reason), Some(Clean::line("load test")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_latest_or_any_other_tag_points_to_stays() {
    let ground = Ground::new().await;
    ground.build_all().await;
    for (days, tag) in [
        (90, "latest"),
        (80, "v1.4.0"),
        (70, "demo-for-ana"),
        (60, "sha-main"),
    ] {
        let digest = ground.build("dev", days).await;
        ground.tag("dev", &digest, tag).await;
    }
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [50, 40, 30]);
    let other = gc(&plan)
        .kept
        .iter()
        .filter(|image| image.reason == KeepReason::OtherTag);
    // Where builds are pushed to, `latest` is what is deployed.
    assert_eq!(other.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_latest_points_to_is_one_of_the_newest_builds() {
    let ground = Ground::new().await;
    ground.configure("", "{ builds = 1 }", "", "");
    ground.build("dev", 10).await;
    let newest = ground.build("dev", 1).await;
    ground.tag("dev", &newest, "latest").await;
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_of_open_releases_and_hotfixes_stay_from_where_they_were_cut_on() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let cut_at = ground.commit_of(60).clone();
    ground.git(&[
        "checkout",
        "-q",
        "-b",
        &format!("release/v1.5.0-sha-{}", cut_at.short()),
        cut_at.as_str(),
    ]);
    let fix = ground.commit("a fix", 55);
    ground.git(&["push", "-q", "origin", "HEAD"]);
    ground.git(&[
        "checkout",
        "-q",
        "-b",
        "hotfix/v1.4.1",
        ground.commit_of(90).as_str(),
    ]);
    ground.git(&["push", "-q", "origin", "HEAD"]);
    ground.git(&["checkout", "-q", "develop"]);
    let config = json!({"os": "linux", "architecture": "amd64"});
    let of_fix = ground.image_of("dev", &config, &[b"the fix".to_vec()]).await;
    ground
        .tag("dev", &of_fix.digest, &format!("sha-{}", fix.short()))
        .await;
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [80, 70, 50, 40, 30]);
    assert_eq!(reason(&plan, &of_fix.digest), Some(KeepReason::OpenRelease));
    // Once the branches are gone, nothing holds them.
    ground.git(&["push", "-q", "origin", "--delete", "hotfix/v1.4.1"]);
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [90, 80, 70, 50, 40, 30]);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_of_released_versions_stay() {
    let ground = Ground::new().await;
    ground.build_all().await;
    ground.git(&["tag", "v1.3.0", ground.commit_of(80).as_str()]);
    // The tag is on the merge; the image is that of the branch that was merged.
    ground.git(&["checkout", "-q", "main"]);
    ground.git(&[
        "-c",
        "user.name=Ana",
        "-c",
        "user.email=ana@example.com",
        "merge",
        "-q",
        "--no-ff",
        "-m",
        "v1.4.0",
        ground.commit_of(50).as_str(),
    ]);
    ground.git(&["tag", "v1.4.0"]);
    ground.git(&["push", "-q", "origin", "main", "--tags"]);
    ground.git(&["checkout", "-q", "develop"]);
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [100, 90, 70, 60, 40, 30]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_environment_downstream_has_stays_by_tag_and_by_digest() {
    let ground = Ground::new().await;
    ground.build_all().await;
    // Its tag tells, even where its digest is another one there.
    let other = ground.push("prod", 80, &["s390x"]).await;
    ground.tag("prod", &other, ground.tag_of(80).as_str()).await;
    // Without a tag of its commit; stage need not have deployed it.
    let untagged = ground.push("stage", 60, &["amd64"]).await;
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [90, 70, 50, 40, 30]);
    assert_eq!(reason(&plan, &untagged), Some(KeepReason::Downstream));
    // It goes in one direction only.
    ground.configure("", "", "retain = { builds = 1 }", "");
    ground.build("stage", 60).await;
    ground.build("stage", 1).await;
    assert_eq!(ground.gone(&ground.plan("stage").await), [60]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hotfix_path_leads_to_is_downstream_too() {
    let ground = Ground::new().await;
    ground.configure("", "", "", "retain = { for = \"1d\" }");
    let hotfix = "hotfix = { from = \"dev\", skip = [\"scan\"] }";
    let text = std::fs::read_to_string(ground.repository().join("windlass.toml")).unwrap();
    let other = format!(
        "{text}\n[[environment]]\nname = \"eu\"\nfrom = \"other\"\nimage = \"{host}/eu/app\"\n{hotfix}\n\n\
         [[environment]]\nname = \"other\"\nimage = \"{host}/other/app\"\n",
        host = ground.registry.host()
    )
    .replacen("/dev/app\"", "/dev/app\"\nretain = { builds = 1 }", 1);
    std::fs::write(ground.repository().join("windlass.toml"), other).unwrap();
    ground.build_all().await;
    ground.build("eu", 60).await;
    let plan = ground.plan("dev").await;
    assert!(!ground.gone(&plan).contains(&60), "{:?}", ground.gone(&plan));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_in_the_same_repository_loses_nothing_and_pushes_nothing_out() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let ours = ground.build("dev", 60).await;
    ground.deploy("dev", &ours, 55).await;
    let config = json!({"os": "linux", "architecture": "amd64"});
    let mut theirs = Vec::new();
    for n in 0..3 {
        // The tag has the form of ours, and its commit is of another repository.
        let image = ground
            .image_of("dev", &config, &[format!("theirs {n}").into_bytes()])
            .await;
        ground.tag("dev", &image.digest, &format!("sha-0ddba1{n}")).await;
        ground.deploy("dev", &image.digest, n).await;
        theirs.push(image.digest);
    }
    let plan = ground.plan("dev").await;
    assert_eq!(ground.gone(&plan), [90, 80, 70, 50, 40, 30]);
    assert_eq!(reason(&plan, &ours), Some(KeepReason::Deployed));
    assert_eq!(reason(&plan, &theirs[1]), Some(KeepReason::UnknownCommit));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_says_it_was_built_from_another_commit_than_its_tag_names_stays() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let moved = ground.push("dev", 60, &["s390x"]).await;
    ground.tag("dev", &moved, ground.tag_of(70).as_str()).await;
    let plan = ground.plan("dev").await;
    assert_eq!(reason(&plan, &moved), Some(KeepReason::UnknownCommit));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_two_tags_goes_only_if_both_may() {
    let ground = Ground::new().await;
    ground.build_all().await;
    // Deployed long ago, and again: the older tag may go, the newer one not.
    ground.configure("", "{ builds = 1, for = \"20d\", deployments = 1 }", "", "");
    let twice = ground.build("dev", 80).await;
    for days in [70, 15] {
        ground.deploy("dev", &twice, days).await;
    }
    let later = ground.build("dev", 10).await;
    ground.deploy("dev", &later, 5).await;
    let plan = ground.plan("dev").await;
    assert_eq!(reason(&plan, &twice), Some(KeepReason::Young));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_of_two_commits_goes_only_if_neither_needs_it() {
    let ground = Ground::new().await;
    ground.build("dev", 10).await;
    ground.build("dev", 1).await;
    let config = json!({"os": "linux", "architecture": "amd64"});
    let image = ground
        .image_of("dev", &config, &[b"the same".to_vec()])
        .await
        .digest;
    for days in [80, 60] {
        ground.tag("dev", &image, ground.tag_of(days).as_str()).await;
    }
    assert_eq!(gc(&ground.plan("dev").await).images[0].commits.len(), 2);
    ground.git(&["tag", "v1.3.0", ground.commit_of(80).as_str()]);
    ground.git(&["push", "-q", "origin", "v1.3.0"]);
    let plan = ground.plan("dev").await;
    assert_eq!(reason(&plan, &image), Some(KeepReason::Released));
    ground.git(&["push", "-q", "origin", "--delete", "v1.3.0"]);
    ground.git(&["tag", "-d", "v1.3.0"]);
    ground.tag("dev", &image, "sha-0ddba11").await;
    assert_eq!(
        reason(&ground.plan("dev").await, &image),
        Some(KeepReason::UnknownCommit)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_was_built_or_scanned_later_than_its_commit_is_younger() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let config = |days| {
        let revision = ground.commit_of(80).as_str().to_owned();
        let labels = json!({"org.opencontainers.image.revision": revision});
        json!({"os": "linux", "architecture": "amd64", "created": ground.day(days).to_string(), "config": {"Labels": labels}})
    };
    let built = ground
        .image_of("dev", &config(3), &[b"built late".to_vec()])
        .await;
    ground.tag("dev", &built.digest, ground.tag_of(80).as_str()).await;
    let plan = ground.plan("dev").await;
    assert!(!ground.gone(&plan).contains(&80));
    // An image that only says when its commit was made was built when the first thing was attached to it.
    let reproducible = ground
        .image_of("dev", &config(80), &[b"built late".to_vec()])
        .await;
    ground
        .tag("dev", &reproducible.digest, ground.tag_of(80).as_str())
        .await;
    assert!(ground.gone(&ground.plan("dev").await).contains(&80));
    let created = [(
        "org.opencontainers.image.created".to_owned(),
        ground.day(4).to_string(),
    )];
    let writer = ground.writer("dev");
    let attached = writer.attach(
        &reproducible,
        "application/vnd.example.sbom",
        Vec::new(),
        created.into(),
    );
    attached.await.unwrap();
    assert!(!ground.gone(&ground.plan("dev").await).contains(&80));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_without_a_rule_loses_nothing() {
    let ground = Ground::new().await;
    ground.build_all().await;
    ground.configure("", "", "", "");
    let error = plan_with(&ground.engine(), "dev").await.unwrap_err();
    assert_eq!(error.exit(), windlass::domain::Exit::Usage);
    assert!(
        error.to_string().contains("nothing is ever deleted from dev"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_an_exception_that_nobody_has_reviewed_stays_until_somebody_has() {
    let ground = Ground::new().await;
    ground.build("dev", 10).await;
    ground.build("dev", 1).await;
    let digest = ground.build("dev", 60).await;
    let writer = ground.writer("dev");
    let root = writer.resolve(&digest.clone().into()).await.unwrap().unwrap();
    let (environment, at): (EnvironmentName, _) = ("dev".parse().unwrap(), ground.day(59));
    let exception = ExceptionRecord {
        digest: digest.clone(),
        environment: environment.clone(),
        kind: ExceptionKind::Hotfix,
        skipped: vec![Clean::line("scan (2 critical)")],
        passed_over: Vec::new(),
        reason: Clean::line("payouts fail"),
        by: Clean::line("ana@desk"),
        at,
    };
    let leave = async |kind: &str, record: Value| {
        let layers = vec![(kind.to_owned(), record.to_string().into())];
        let created = [("org.opencontainers.image.created".to_owned(), at.to_string())];
        writer.attach(&root, kind, layers, created.into()).await.unwrap();
    };
    leave(
        "application/vnd.windlass.exception.v1+json",
        serde_json::to_value(&exception).unwrap(),
    )
    .await;
    assert_eq!(
        reason(&ground.plan("dev").await, &digest),
        Some(KeepReason::ReviewDue)
    );
    let review = ReviewRecord {
        digest: digest.clone(),
        environment,
        note: Clean::line("fine"),
        by: Clean::line("omar@desk"),
        at: ground.day(58),
    };
    leave(
        "application/vnd.windlass.review.v1+json",
        serde_json::to_value(&review).unwrap(),
    )
    .await;
    assert_eq!(ground.gone(&ground.plan("dev").await), [60]);
}
