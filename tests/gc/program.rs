//! The command, as people and jobs give it.

use serde_json::Value;

use crate::call::{program, text};
use crate::ground::{Ground, RULE};

/// The exit code, and what it prints.
async fn windlass(ground: &Ground, command: &str) -> (i32, String, String) {
    let args: Vec<_> = command.split_whitespace().collect();
    let state = ground.folder.path().join("state");
    let mut program = program(&ground.repository(), &state, &args);
    let output = program.output().await.unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_goes_what_stays_and_why_and_deletes_nothing() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let before = ground.tags("dev").await;
    let (code, out, err) = windlass(&ground, "gc --dry-run --kept").await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(ground.tags("dev").await, before);
    let retains = "retains  the newest 2 builds, everything younger than 15 d, the last deployment";
    for line in [
        "delete 7 images from dev",
        retains,
        &format!("delete   {} (sha256:", ground.tag_of(90)),
        "keep     3 images: 2 of branch heads, 1 among the newest builds",
        "frees    at most ",
        "once the registry collects its own garbage",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let kept = format!("keep {} (", ground.tag_of(100));
    let line = out.lines().find(|line| line.starts_with(&kept));
    assert!(line.unwrap().ends_with(": of the head of main"), "{out}");
    assert!(
        ground
            .registry
            .requests()
            .iter()
            .all(|request| request.method != "DELETE")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_environment_with_a_rule_is_cleaned_and_a_protected_one_only_by_its_plan() {
    let ground = Ground::new().await;
    ground.build_all().await;
    ground.configure("", RULE, "", "retain = { for = \"20d\" }");
    ground.build("prod", 50).await;
    ground.build("prod", 40).await;
    let in_prod = ground.build("prod", 1).await;
    ground.deploy("prod", &in_prod, 1).await;
    let (code, _, err) = windlass(&ground, "gc --yes").await;
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("--yes cannot confirm delete 2 images from prod"),
        "{err}"
    );
    // What prod still has was kept in dev.
    assert_eq!(ground.tags("dev").await.len(), 5);
    assert_eq!(ground.tags("prod").await.len(), 4);

    let (code, out, _) = windlass(&ground, "gc --env prod --dry-run --json").await;
    assert_eq!(code, 0);
    let document: Value = serde_json::from_str(&out).unwrap();
    let hash = document["plans"][0]["hash"].as_str().unwrap().to_owned();
    let (code, _, err) = windlass(&ground, &format!("gc --plan {hash}")).await;
    assert_eq!(code, 2, "{err}");
    let (code, _, err) = windlass(&ground, "gc --env prod --plan 0000-0000").await;
    assert_eq!(code, 4, "{err}");
    let (code, _, err) = windlass(&ground, &format!("gc --env prod --plan {hash}")).await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(ground.tags("prod").await.len(), 2);

    let (code, _, err) = windlass(&ground, "gc --env dev --env prod --yes").await;
    assert_eq!(code, 0, "{err}");
    assert!(
        err.contains("✓ nothing to delete from prod; kept 1 image: 1 deployed"),
        "{err}"
    );
    let (_, runs, _) = windlass(&ground, "runs").await;
    assert!(runs.contains("delete 2 images from prod"), "{runs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_rule_or_the_right_to_write_nothing_is_deleted() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let (code, _, err) = windlass(&ground, "gc --yes --read-only").await;
    assert_ne!(code, 0, "{err}");
    ground.configure("", "", "", "");
    let (code, _, err) = windlass(&ground, "gc --yes").await;
    assert_eq!(code, 2);
    assert!(err.contains("no environment has `retain`"), "{err}");
    let (code, _, err) = windlass(&ground, "gc --env dev --yes").await;
    assert_eq!(code, 2);
    assert!(err.contains("nothing is ever deleted from dev"), "{err}");
    assert_eq!(ground.tags("dev").await.len(), crate::ground::DAYS.len());
    assert!(
        ground
            .registry
            .requests()
            .iter()
            .all(|request| request.method != "DELETE")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_refused_ends_with_3_and_keeps_a_journal() {
    let ground = Ground::new().await;
    ground.build_all().await;
    let origin = ground.folder.path().join("origin.git");
    std::fs::rename(&origin, ground.folder.path().join("gone.git")).unwrap();
    let (code, out, _) = windlass(&ground, "gc --dry-run").await;
    assert_eq!(code, 3);
    assert!(
        out.contains("? unknown state") && out.contains("the open releases are unknown"),
        "{out}"
    );
    let (code, _, err) = windlass(&ground, "gc --yes").await;
    assert_eq!(code, 3, "{err}");
    let (_, runs, _) = windlass(&ground, "runs").await;
    assert!(runs.contains("dev"), "{runs}");
}
