//! Rollouts that do not come up, and why.

use std::time::Duration;

use serde_json::json;

use super::super::TroubleKind;
use super::*;

/// A deployment one of whose new pods has these statuses.
fn held_up(containers: &Value, init: &Value) -> World {
    let mut world = deployment();
    world.change(&json!({ "status": { "availableReplicas": 2, "readyReplicas": 2 } }));
    world.pods[0] = unready("new-0", "new-set", containers, init);
    world
}

fn waiting(name: &str, reason: &str, message: &str) -> Value {
    status(
        name,
        &json!({ "waiting": { "reason": reason, "message": message } }),
    )
}

fn crashing(name: &str, restarts: u32, exit: i32, reason: &str) -> Value {
    let mut status = waiting(
        name,
        "CrashLoopBackOff",
        "back-off 10s restarting failed container",
    );
    status["restartCount"] = json!(restarts);
    status["lastState"] = json!({ "terminated": { "exitCode": exit, "reason": reason } });
    status
}

fn trouble(containers: &Value, init: &Value) -> (TroubleKind, String) {
    let trouble = held_up(containers, init).trouble().unwrap();
    (trouble.kind, trouble.why)
}

#[test]
fn an_image_that_cannot_be_pulled_is_said_with_the_message_of_the_node() {
    for reason in ["ErrImagePull", "ImagePullBackOff"] {
        let (kind, why) = trouble(&json!([waiting("app", reason, "manifest unknown")]), &json!([]));
        assert_eq!(kind, TroubleKind::Pull);
        assert_eq!(
            why,
            format!(
                "the image of container `app` of pod new-0 cannot be pulled ({reason}): manifest unknown"
            )
        );
    }
}

#[test]
fn an_init_container_holds_a_rollout_up_as_well() {
    let init = json!([waiting("migrate", "ImagePullBackOff", "")]);
    let app = json!([waiting("app", "PodInitializing", "")]);
    assert_eq!(
        trouble(&app, &init).1,
        "the image of init container `migrate` of pod new-0 cannot be pulled (ImagePullBackOff)"
    );
    let (kind, why) = trouble(&app, &json!([crashing("migrate", 2, 1, "Error")]));
    assert_eq!(kind, TroubleKind::Hopeless);
    assert_eq!(
        why,
        "init container `migrate` of pod new-0 crashed 3 times, last with exit code 1"
    );
    let running = held_up(&app, &json!([status("migrate", &json!({ "running": {} }))]));
    assert_eq!(
        running.coming().2,
        "init container `migrate` of pod new-0 is running"
    );
}

#[test]
fn the_third_crash_ends_a_rollout_and_names_the_log_that_says_more() {
    let world = held_up(&json!([crashing("app", 1, 1, "Error")]), &json!([]));
    assert_eq!(world.trouble(), None);
    assert_eq!(
        world.coming().2,
        "container `app` of pod new-0 is waiting: CrashLoopBackOff"
    );
    let trouble = held_up(&json!([crashing("app", 2, 137, "OOMKilled")]), &json!([])).trouble();
    let trouble = trouble.unwrap();
    assert_eq!(
        trouble.why,
        "container `app` of pod new-0 crashed 3 times, last with exit code 137 (OOMKilled)"
    );
    let log = trouble.log.unwrap();
    assert_eq!((&*log.pod, &*log.container), ("new-0", "app"));
}

#[test]
fn what_cannot_recover_ends_at_once_and_what_may_has_a_little_time() {
    let (kind, _) = trouble(&json!([waiting("app", "InvalidImageName", "")]), &json!([]));
    assert_eq!(kind.grace(), Duration::ZERO);
    let (kind, why) = trouble(
        &json!([waiting(
            "app",
            "CreateContainerConfigError",
            "secret \"db\" not found"
        )]),
        &json!([]),
    );
    assert_eq!(kind, TroubleKind::Start);
    assert!(
        why.ends_with("(CreateContainerConfigError): secret \"db\" not found"),
        "{why}"
    );
    for kind in [
        TroubleKind::Pull,
        TroubleKind::Start,
        TroubleKind::Create,
        TroubleKind::Held,
    ] {
        assert!(kind.grace() >= Duration::from_secs(15), "{kind:?}");
    }
}

#[test]
fn of_several_troubles_the_one_that_ends_first_counts() {
    let both = json!([
        waiting("proxy", "ErrImagePull", "timeout"),
        crashing("app", 4, 1, "Error")
    ]);
    assert_eq!(trouble(&both, &json!([])).0, TroubleKind::Hopeless);
}

#[test]
fn troubles_of_pods_of_an_earlier_revision_are_not_those_of_this_rollout() {
    let mut world = deployment();
    world.change(&json!({ "status": { "replicas": 4 } }));
    let crashing = json!([crashing("app", 9, 1, "Error")]);
    world
        .pods
        .push(unready("old-0", "old-set", &crashing, &json!([])));
    assert_eq!(world.trouble(), None);
}

#[test]
fn a_quota_that_allows_no_pods_is_said_by_condition_or_event() {
    let mut world = deployment();
    world.pods.clear();
    world.change(&json!({ "status": { "updatedReplicas": 0, "availableReplicas": 0 } }));
    let failure = json!({ "replicas": 0, "conditions": [{
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": "pods \"app-1\" is forbidden: exceeded quota: small"
    }] });
    world.sets[0]["status"] = failure.clone();
    assert_eq!(world.trouble(), None, "that of an earlier revision");
    world.sets[1]["status"] = failure.clone();
    world.sets[1]["status"]["conditions"][0]["status"] = json!("False");
    assert_eq!(world.trouble(), None, "that is over");
    world.sets[1]["status"] = failure;
    let trouble = world.trouble().unwrap();
    assert_eq!(trouble.kind, TroubleKind::Create);
    assert_eq!(
        trouble.why,
        "pods cannot be created: pods \"app-1\" is forbidden: exceeded quota: small"
    );

    for kind in [WorkloadKind::StatefulSet, WorkloadKind::DaemonSet] {
        let mut world = set(kind);
        let warning = |reason: &str, message: &str| Warning {
            uid: "workload".to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
        };
        world.warnings = vec![
            warning("FailedCreate", "exceeded quota: small"),
            warning("FailedDelete", "another matter"),
        ];
        world.change(&json!({ "status": { "updatedReplicas": 2, "updatedNumberScheduled": 2 } }));
        assert_eq!(world.trouble(), None, "{kind}: all pods are there, so it is over");
        world.pods.pop();
        let trouble = world.trouble().unwrap();
        assert_eq!(trouble.kind, TroubleKind::Create, "{kind}");
        assert_eq!(trouble.why, "pods cannot be created: exceeded quota: small");
    }
}

#[test]
fn a_pod_that_finds_no_node_or_fails_its_probe_is_waited_for_and_said() {
    let mut world = held_up(&json!([]), &json!([]));
    world.pods[0]["status"]["conditions"] = json!([
        { "type": "Ready", "status": "False" },
        { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes: Insufficient cpu" }
    ]);
    assert_eq!(world.trouble(), None);
    assert_eq!(
        world.coming().2,
        "pod new-0 cannot be scheduled: 0/3 nodes: Insufficient cpu"
    );

    let mut world = held_up(&json!([status("app", &json!({ "running": {} }))]), &json!([]));
    let warning = |uid: &str, message: &str| Warning {
        uid: uid.to_owned(),
        reason: "Unhealthy".to_owned(),
        message: message.to_owned(),
    };
    world.warnings = vec![
        warning("new-0", "Readiness probe failed: 500"),
        warning("new-0", "Readiness probe failed: 503"),
        warning("another", "Liveness probe failed"),
    ];
    assert_eq!(world.trouble(), None);
    assert_eq!(world.coming().2, "pod new-0: Readiness probe failed: 503");
    // That it is tried again says nothing of why.
    world.warnings.push(Warning {
        reason: "BackOff".to_owned(),
        ..warning("new-0", "Back-off restarting failed container")
    });
    assert_eq!(world.coming().2, "pod new-0: Readiness probe failed: 503");
}

#[test]
fn a_container_that_has_ended_is_said_with_its_exit_code_and_one_that_succeeded_is_not() {
    let ended = |code: i32| {
        let state = json!({ "terminated": { "exitCode": code } });
        held_up(&json!([status("app", &state)]), &json!([])).coming().2
    };
    assert_eq!(ended(3), "container `app` of pod new-0 ended with exit code 3");
    assert_eq!(ended(0), "2 of 3 new pods are ready");
}

#[test]
fn what_a_pod_that_is_ready_had_to_wait_for_is_over() {
    let mut world = deployment();
    world.change(&json!({ "status": { "replicas": 4 } }));
    world.pods[0]["status"]["containerStatuses"] = json!([crashing("app", 9, 1, "Error")]);
    world.warnings.push(Warning {
        uid: "new-0".to_owned(),
        reason: "Unhealthy".to_owned(),
        message: "Readiness probe failed: 503".to_owned(),
    });
    assert_eq!(world.trouble(), None);
    assert_eq!(world.coming().2, "pods of earlier revisions are still there: 1");
}

#[test]
fn a_deadline_of_this_rollout_ends_it_and_one_of_an_earlier_rollout_does_not() {
    let mut world = held_up(&json!([]), &json!([]));
    let exceeded = |time: &str| {
        json!({ "status": { "conditions": [{
            "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "lastUpdateTime": time, "message": "ReplicaSet \"new\" has timed out progressing."
        }] } })
    };
    world.change(&exceeded("2026-11-27T12:00:00Z"));
    let State::Failed(why) = world.judge() else {
        panic!("{:?}", world.judge())
    };
    assert_eq!(
        why,
        "its progress deadline is exceeded: ReplicaSet \"new\" has timed out progressing."
    );
    // The one that was there when the image was set says nothing; a later one does.
    let before = Workload::read(
        WorkloadKind::Deployment,
        serde_json::from_value(world.workload.clone().unwrap()).unwrap(),
    );
    world.goal.stale_deadline = super::super::deadline_mark(&before.unwrap());
    assert!(matches!(world.judge(), State::Coming { .. }));
    world.change(&exceeded("2026-11-27T12:10:00Z"));
    assert!(matches!(world.judge(), State::Failed(_)));
}
