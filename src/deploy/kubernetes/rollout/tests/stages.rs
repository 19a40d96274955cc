//! From the change to the last replica.

use serde_json::json;

use super::*;

#[test]
fn a_deployment_is_up_when_all_pods_of_the_new_revision_are_ready_and_the_old_ones_are_gone() {
    assert_eq!(deployment().judge(), State::Up { replicas: 3 });
}

#[test]
fn ready_pods_of_an_earlier_revision_do_not_count() {
    let mut world = deployment();
    // The status alone says that all is well: kubectl would be content.
    world.pods = vec![
        pod("new-set", "new-0"),
        pod("old-set", "old-0"),
        pod("old-set", "old-1"),
    ];
    assert_eq!(world.coming(), (1, 3, "1 of 3 new pods are ready".to_owned()));

    for kind in [WorkloadKind::StatefulSet, WorkloadKind::DaemonSet] {
        let mut world = set(kind);
        assert_eq!(world.judge(), State::Up { replicas: 3 }, "{kind}");
        for label in ["controller-revision-hash", "pod-template-generation"] {
            world.pods[0]["metadata"]["labels"][label] = json!("app-1");
        }
        assert_eq!(world.coming().0, 2, "{kind}");
    }
}

#[test]
fn pods_of_another_workload_with_the_same_labels_do_not_count() {
    for kind in [WorkloadKind::StatefulSet, WorkloadKind::DaemonSet] {
        let mut world = set(kind);
        world.pods[0] = pod("another", "app-0");
        assert_eq!(world.coming().0, 2, "{kind}");
    }
}

#[test]
fn what_the_controller_has_not_seen_yet_says_nothing() {
    let mut world = deployment();
    world.change(&json!({ "metadata": { "generation": 1 }, "status": { "observedGeneration": 1 } }));
    assert_eq!(world.coming().2, "the change has not arrived yet");
    for mut world in [
        deployment(),
        set(WorkloadKind::StatefulSet),
        set(WorkloadKind::DaemonSet),
    ] {
        world.change(&json!({ "status": { "observedGeneration": 1 } }));
        assert_eq!(world.coming().2, "its controller has not taken up the change yet");
    }
}

#[test]
fn a_replica_set_of_the_revision_before_is_not_the_new_one_though_the_watch_of_it_is_behind() {
    let mut world = deployment();
    world.sets.pop();
    assert_eq!(world.coming().2, "its new revision is not there yet");
    // The deployment says revision 2 already, and a replica set with that number still has the old image.
    world.sets[0]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("2");
    assert_eq!(world.coming().2, "its new revision is not there yet");
}

#[test]
fn a_deployment_waits_for_new_pods_then_for_their_availability_then_for_the_end_of_the_old_ones() {
    let waiting = |status: Value, ready: usize| {
        let mut world = deployment();
        world.change(&json!({ "status": status }));
        world.pods.truncate(ready);
        world.coming().2
    };
    assert_eq!(
        waiting(json!({ "updatedReplicas": 1 }), 1),
        "1 of 3 pods have the new image"
    );
    assert_eq!(waiting(json!({}), 2), "2 of 3 new pods are ready");
    assert_eq!(
        waiting(json!({ "availableReplicas": 2 }), 3),
        "2 of 3 pods have been ready for long enough"
    );
    assert_eq!(
        waiting(json!({ "replicas": 4 }), 3),
        "pods of earlier revisions are still there: 1"
    );
}

#[test]
fn replicas_that_an_autoscaler_changes_in_the_middle_are_the_new_number_to_reach() {
    let mut world = deployment();
    world.change(&json!({
        "metadata": { "generation": 3 }, "spec": { "replicas": 5 }, "status": { "observedGeneration": 3 }
    }));
    assert_eq!(
        world.coming(),
        (3, 5, "3 of 5 pods have the new image".to_owned())
    );
    world.change(&json!({ "spec": { "replicas": 2 } }));
    assert_eq!(
        world.coming(),
        (2, 2, "surplus pods are still there: 1".to_owned())
    );
    world.change(&json!({
        "status": { "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2 }
    }));
    world.pods.pop();
    assert_eq!(world.judge(), State::Up { replicas: 2 });
}

#[test]
fn without_replicas_it_is_deployed_and_nothing_runs() {
    for mut world in [deployment(), set(WorkloadKind::StatefulSet)] {
        world.pods.clear();
        world.change(&json!({
            "spec": { "replicas": 0 },
            "status": { "replicas": 0, "updatedReplicas": 0, "readyReplicas": 0, "availableReplicas": 0 }
        }));
        assert_eq!(world.judge(), State::Up { replicas: 0 });
    }
    let mut daemons = set(WorkloadKind::DaemonSet);
    daemons.pods.clear();
    daemons.change(&json!({ "status": {
        "desiredNumberScheduled": 0, "updatedNumberScheduled": 0, "numberAvailable": 0
    } }));
    assert_eq!(daemons.judge(), State::Up { replicas: 0 });
}

#[test]
fn a_pod_that_is_terminating_is_not_up_though_it_still_says_that_it_is_ready() {
    let mut world = deployment();
    world.pods[0]["metadata"]["deletionTimestamp"] = json!("2026-11-27T12:00:00Z");
    assert_eq!(world.coming().0, 2);
}

#[test]
fn partly_rolled_out_is_not_deployed() {
    let mut world = set(WorkloadKind::StatefulSet);
    world.change(&json!({
        "spec": { "updateStrategy": { "rollingUpdate": { "partition": 2 } } },
        "status": { "updatedReplicas": 1 }
    }));
    assert_eq!(world.coming().1, 3);
    let trouble = world.trouble().unwrap();
    assert_eq!(trouble.kind, super::super::TroubleKind::Held);
    assert!(trouble.why.contains("partition 2"), "{}", trouble.why);
}

#[test]
fn what_is_paused_or_changes_only_on_deletion_in_the_middle_is_not_up_whatever_is_counted() {
    let mut paused = deployment();
    paused.change(&json!({ "spec": { "paused": true } }));
    assert_eq!(paused.trouble().unwrap().why, "its rollout is paused");
    for kind in [WorkloadKind::StatefulSet, WorkloadKind::DaemonSet] {
        let mut world = set(kind);
        world.change(&json!({ "spec": { "updateStrategy": { "type": "OnDelete" } } }));
        assert!(world.trouble().unwrap().why.contains("OnDelete"), "{kind}");
    }
}

#[test]
fn daemons_that_a_failed_rollout_has_not_reached_count_when_it_goes_back() {
    let mut world = set(WorkloadKind::DaemonSet);
    world.change(
        &json!({ "metadata": { "annotations": { "deprecated.daemonset.template.generation": "3" } } }),
    );
    assert_eq!(world.coming().0, 0, "they say neither the number nor the image");
    for pod in &mut world.pods {
        pod["spec"] = json!({ "containers": [{ "name": "app", "image": NEW }] });
    }
    assert_eq!(world.judge(), State::Up { replicas: 3 });
}

#[test]
fn a_workload_without_a_status_has_nothing_up() {
    for mut world in [
        deployment(),
        set(WorkloadKind::StatefulSet),
        set(WorkloadKind::DaemonSet),
    ] {
        world
            .workload
            .as_mut()
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove("status");
        assert!(matches!(world.judge(), State::Coming { up: 0, .. }));
    }
}

#[test]
fn daemons_that_run_where_they_should_not_are_waited_for() {
    let mut world = set(WorkloadKind::DaemonSet);
    world.change(&json!({ "status": { "numberMisscheduled": 2 } }));
    assert_eq!(world.coming().2, "2 pods run where they should not");
}

#[test]
fn a_cron_job_is_up_once_its_template_has_the_image() {
    let job = |image: &str| {
        let mut world = deployment();
        world.kind = WorkloadKind::CronJob;
        world.pods.clear();
        world.workload = Some(json!({
            "metadata": { "name": "app", "uid": "workload", "generation": 2 },
            "spec": {
                "schedule": "0 3 * * *",
                "jobTemplate": { "spec": { "template": template(image) } }
            }
        }));
        world.judge()
    };
    assert_eq!(job(NEW), State::Up { replicas: 0 });
    assert!(matches!(job(OLD), State::Overtaken(_)));
}

#[test]
fn the_image_that_counts_is_that_of_the_container_that_is_deployed() {
    let with_proxy = |mut template: Value| {
        let containers = template["spec"]["containers"].as_array_mut().unwrap();
        containers.insert(0, json!({ "name": "proxy", "image": OLD }));
        template
    };
    let mut world = deployment();
    world.change(&json!({ "spec": { "template": with_proxy(template(NEW)) } }));
    world.sets[1]["spec"]["template"] = with_proxy(template(NEW));
    assert_eq!(world.judge(), State::Up { replicas: 3 });
}
