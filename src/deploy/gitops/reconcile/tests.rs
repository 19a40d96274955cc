//! Sequences as Flux and Argo CD write them, from the push to the end.

use serde_json::{Value, json};

use super::{argocd, flux, verdict::Verdict};
use crate::domain::CommitSha;

const OLD: &str = "1111111111111111111111111111111111111111";
const OURS: &str = "2222222222222222222222222222222222222222";
const AFTER: &str = "3333333333333333333333333333333333333333";

fn contains(commit: &CommitSha) -> bool {
    [OURS, AFTER].contains(&commit.as_str())
}

/// A Kustomization at generation 2.
fn kustomization(observed: i64, ready: (&str, &str), applied: &str, attempted: &str) -> Value {
    json!({
        "metadata": {"generation": 2},
        "spec": {"suspend": false},
        "status": {
            "observedGeneration": observed,
            "conditions": [
                {"type": "Reconciling", "status": "True", "observedGeneration": 2},
                {"type": "Ready", "status": ready.0, "reason": ready.1, "message": "words", "observedGeneration": observed},
            ],
            "lastAppliedRevision": format!("main@sha1:{applied}"),
            "lastAttemptedRevision": format!("main@sha1:{attempted}"),
        },
    })
}

fn of_flux(object: &Value) -> Verdict {
    flux::judge(object, &contains)
}

#[test]
fn flux_is_done_when_it_is_ready_in_this_generation_with_a_commit_that_has_ours() {
    // Ready of what was there before, settings not observed yet, in progress, then done; also by a later commit.
    for (object, done) in [
        (
            kustomization(2, ("True", "ReconciliationSucceeded"), OLD, OLD),
            false,
        ),
        (
            kustomization(1, ("True", "ReconciliationSucceeded"), OURS, OURS),
            false,
        ),
        (kustomization(2, ("Unknown", "Progressing"), OLD, OURS), false),
        (
            kustomization(2, ("False", "DependencyNotReady"), OLD, OURS),
            false,
        ),
        (kustomization(2, ("False", "BuildFailed"), OLD, OLD), false),
        (
            kustomization(2, ("True", "ReconciliationSucceeded"), OURS, OURS),
            true,
        ),
        (
            kustomization(2, ("True", "ReconciliationSucceeded"), AFTER, AFTER),
            true,
        ),
    ] {
        let verdict = of_flux(&object);
        assert_eq!(matches!(verdict, Verdict::Done(_)), done, "{verdict:?}: {object}");
        assert!(!matches!(verdict, Verdict::Failed(_)), "{verdict:?}: {object}");
    }
    assert_eq!(
        of_flux(&json!({"metadata": {"generation": 1}})),
        Verdict::Waiting("its newest settings are not observed yet".to_owned())
    );
}

#[test]
fn flux_has_failed_when_it_tried_our_commit_or_is_suspended() {
    let failed = kustomization(2, ("False", "HealthCheckFailed"), OLD, OURS);
    assert_eq!(
        of_flux(&failed),
        Verdict::Failed("HealthCheckFailed: words".to_owned())
    );
    // As Flux writes it: the generation that failed stands in the condition alone.
    let mut of_new_settings = failed.clone();
    of_new_settings["status"]["observedGeneration"] = json!(1);
    assert!(matches!(of_flux(&of_new_settings), Verdict::Failed(_)));
    let mut of_old_settings = failed.clone();
    of_old_settings["status"]["conditions"][1]["observedGeneration"] = json!(1);
    assert!(matches!(of_flux(&of_old_settings), Verdict::Waiting(_)));
    // Asked to look again, it has failed once it has.
    let mut asked = failed.clone();
    asked["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "now"});
    asked["status"]["lastHandledReconcileAt"] = json!("before");
    assert!(matches!(of_flux(&asked), Verdict::Waiting(_)));
    asked["status"]["lastHandledReconcileAt"] = json!("now");
    assert!(matches!(of_flux(&asked), Verdict::Failed(_)));
    let mut suspended = failed;
    suspended["spec"]["suspend"] = json!(true);
    let Verdict::Failed(why) = of_flux(&suspended) else {
        panic!("{suspended}")
    };
    assert!(why.contains("suspended"), "{why}");
}

/// An Application with an operation that ended at 12:00:10.
fn application(sync: (&str, &str), phase: &str, health: &str, reconciled: &str) -> Value {
    json!({
        "status": {
            "sync": {"status": sync.0, "revision": sync.1},
            "operationState": {
                "phase": phase, "message": "words", "finishedAt": "2026-11-27T12:00:10Z",
                "syncResult": {"revision": sync.1},
            },
            "health": {"status": health},
            "reconciledAt": reconciled,
        },
    })
}

#[test]
fn argo_cd_is_done_when_it_is_synced_to_our_commit_and_healthy_after_the_sync() {
    let (before, after) = ("2026-11-27T12:00:09Z", "2026-11-27T12:00:10Z");
    let mut seen = argocd::Seen::default();
    let mut judge = |object: &Value| argocd::judge(object, &mut seen, &contains);
    let waiting = |verdict: Verdict| matches!(verdict, Verdict::Waiting(_));
    assert!(waiting(judge(&application(
        ("Synced", OLD),
        "Succeeded",
        "Healthy",
        after
    ))));
    assert!(waiting(judge(&application(
        ("OutOfSync", OURS),
        "Succeeded",
        "Healthy",
        after
    ))));
    let mut requested = application(("Synced", OURS), "Succeeded", "Healthy", after);
    requested["operation"] = json!({"sync": {}});
    assert!(waiting(judge(&requested)));
    assert!(waiting(judge(&application(
        ("Synced", OURS),
        "Running",
        "Healthy",
        after
    ))));
    assert!(matches!(
        judge(&application(("Synced", OURS), "Succeeded", "Healthy", before)),
        Verdict::Stale(_)
    ));
    assert!(waiting(judge(&application(
        ("Synced", OURS),
        "Succeeded",
        "Progressing",
        after
    ))));
    assert!(matches!(
        judge(&application(("Synced", OURS), "Succeeded", "Healthy", after)),
        Verdict::Done(_)
    ));
    // Of several sources one has our commit.
    let mut several = application(("Synced", ""), "Succeeded", "Healthy", after);
    several["status"]["sync"]["revisions"] = json!(["1.2.3", OURS]);
    assert!(matches!(judge(&several), Verdict::Done(_)));
}

#[test]
fn argo_cd_has_failed_when_the_sync_of_our_commit_did_or_the_health_became_degraded() {
    let after = "2026-11-27T12:00:11Z";
    let mut seen = argocd::Seen::default();
    let mut judge = |object: &Value| argocd::judge(object, &mut seen, &contains);
    assert_eq!(
        judge(&application(("OutOfSync", OURS), "Failed", "Healthy", after)),
        Verdict::Failed("Failed: words".to_owned())
    );
    // A sync of an earlier commit failed: ours is still to come.
    assert!(matches!(
        judge(&application(("OutOfSync", OLD), "Failed", "Healthy", after)),
        Verdict::Waiting(_)
    ));
    // Degraded from the start may recover; degraded after it was on its way does not.
    let degraded = application(("Synced", OURS), "Succeeded", "Degraded", after);
    assert!(matches!(judge(&degraded), Verdict::Waiting(_)));
    judge(&application(("Synced", OURS), "Succeeded", "Progressing", after));
    assert_eq!(judge(&degraded), Verdict::Failed("Degraded".to_owned()));
}

#[test]
fn a_path_that_flux_does_not_find_counts_only_for_what_it_was_asked_for() {
    let mut object = kustomization(2, ("False", "ArtifactFailed"), OLD, OLD);
    object["status"]["conditions"][1]["message"] =
        json!("kustomization path not found: stat /tmp/x/apps: no such file or directory");
    object["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "now"});
    assert!(matches!(of_flux(&object), Verdict::Waiting(_)), "{object}");
    object["status"]["lastHandledReconcileAt"] = json!("now");
    let Verdict::NoPath { asked, why } = of_flux(&object) else {
        panic!("{:?}", of_flux(&object))
    };
    assert_eq!(asked, "now");
    assert!(
        why.starts_with("ArtifactFailed: kustomization path not found"),
        "{why}"
    );
    // A source that is not fetched yet has the same reason.
    object["status"]["conditions"][1]["message"] = json!("Source artifact not found, retrying in 30s");
    assert!(matches!(of_flux(&object), Verdict::Waiting(_)), "{object}");
}
