//! What a cut asks GitHub, in the sample world.

use jiff::Timestamp;
use serde_json::json;
use windlass::domain::{Gate, GateKind, Verdict};
use windlass::engine::{CutRequest, Engine};

use crate::plan::planned;
use crate::sample::world_at;

use super::fake::{Fake, Fault};
use super::world::engine;

/// The gates of GitHub for a cut of the newest commit.
async fn gates(engine: &Engine) -> Vec<Gate> {
    let cut = CutRequest {
        commit: "develop".to_owned(),
        version: Some("7.0.0".to_owned()),
        sprint: None,
        reason: None,
    }
    .into();
    let plan = planned(engine, &cut).await.unwrap();
    let of_github = |gate: &Gate| matches!(gate.kind, GateKind::Checks | GateKind::Rules);
    plan.gates.into_iter().filter(of_github).collect()
}

fn verdicts(gates: &[Gate]) -> Vec<(GateKind, &str)> {
    gates
        .iter()
        .map(|gate| (gate.kind.clone(), gate.verdict.word()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_rules_decide_whether_a_commit_is_cut() {
    let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
    // A remote elsewhere has neither gate.
    assert_eq!(gates(&world.engine().unwrap()).await, []);

    let engine = engine(&world, &fake, "");
    let commit = engine.repository().unwrap().commit("develop").unwrap().sha;
    fake.store().runs.insert(commit.to_string(), Vec::new());
    let found = gates(&engine).await;
    assert_eq!(
        verdicts(&found),
        [(GateKind::Checks, "allowed"), (GateKind::Rules, "allowed")]
    );
    assert_eq!(found[0].verdict.reason(), "GitHub reports no checks for it");

    fake.run(commit.as_str(), "test", "completed", Some("success"));
    fake.run(commit.as_str(), "lint", "in_progress", None);
    let found = gates(&engine).await;
    assert_eq!(
        found[0].verdict,
        Verdict::Refused("1 of 2 passed; pending: lint".to_owned())
    );
    fake.run(commit.as_str(), "lint", "completed", Some("failure"));
    let found = gates(&engine).await;
    assert_eq!(
        found[0].verdict,
        Verdict::Refused("1 of 2 passed; failed: lint".to_owned())
    );
    fake.run(commit.as_str(), "lint", "completed", Some("success"));
    assert_eq!(
        gates(&engine).await[0].verdict,
        Verdict::Allowed("2 of 2 passed".to_owned())
    );

    let branch = format!("release/v7.0.0-sha-{}", commit.short());
    let form = json!({"operator": "starts_with", "pattern": "rel-", "negate": false, "name": ""});
    fake.rule(&branch, "branch_name_pattern", 4, form);
    let found = gates(&engine).await;
    assert_eq!(
        verdicts(&found),
        [(GateKind::Checks, "allowed"), (GateKind::Rules, "refused")]
    );
    assert!(
        found[1].verdict.reason().contains("begin with `rel-`"),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_a_rule_requires_and_that_never_reported_is_named_and_refused() {
    let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
    let engine = engine(&world, &fake, "");
    let commit = engine.repository().unwrap().commit("develop").unwrap().sha;
    fake.run(commit.as_str(), "test", "completed", Some("success"));
    let required = json!({
        "strict_required_status_checks_policy": false, "do_not_enforce_on_create": false,
        "required_status_checks": [{ "context": "test" }, { "context": "ci" }],
    });
    fake.rule("develop", "required_status_checks", 4, required);
    let refused = Verdict::Refused("1 of 1 passed; required check ci did not report".to_owned());
    assert_eq!(gates(&engine).await[0].verdict, refused);
    fake.run(commit.as_str(), "ci", "completed", Some("success"));
    let allowed = Verdict::Allowed("2 of 2 passed".to_owned());
    assert_eq!(gates(&engine).await[0].verdict, allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_that_cannot_be_asked_refuse_with_the_way_out_and_rules_leave_it_to_the_push() {
    let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
    let engine_with = |more: &str| engine(&world, &fake, more);
    let engine = engine_with("");
    fake.fault("GET", "", usize::MAX, Fault::status(401));
    let found = gates(&engine).await;
    assert_eq!(
        verdicts(&found),
        [(GateKind::Checks, "unknown"), (GateKind::Rules, "allowed")]
    );
    assert!(
        found[0]
            .verdict
            .reason()
            .contains("`checks = \"off\"` in [github]"),
        "{found:?}"
    );
    assert!(
        found[1].notes[0].contains("the push will show whether they allow it"),
        "{found:?}"
    );

    // How many were asked for before the first refusal came is left to chance: they are asked at once.
    let asked = fake.count("GET", "/check-runs");
    let off = engine_with("checks = \"off\"");
    assert_eq!(verdicts(&gates(&off).await), [(GateKind::Rules, "allowed")]);
    assert_eq!(fake.count("GET", "/check-runs"), asked);

    // A token that is configured and cannot be had is no reason to ask without one.
    std::fs::remove_file(world.folder().join("github.token")).unwrap();
    let tokenless = world.engine().unwrap();
    assert_eq!(verdicts(&gates(&tokenless).await), [(GateKind::Rules, "allowed")]);
    assert_eq!(
        fake.store()
            .asked
            .iter()
            .filter(|asked| asked.authorization.is_none())
            .count(),
        0
    );
}
