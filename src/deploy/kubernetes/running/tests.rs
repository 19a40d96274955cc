//! What runs, by pods as nodes report them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use super::{of_workload, worst};
use crate::deploy::kubernetes::workload::Workload;
use crate::domain::{Digest, Observed, Running, WorkloadKind};

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn deployment(replicas: u32, image: &str) -> Workload {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "app", "uid": "1" },
        "spec": {
            "replicas": replicas, "selector": {},
            "template": { "spec": { "containers": [{ "name": "app", "image": image }] } }
        }
    });
    Workload::read(WorkloadKind::Deployment, serde_json::from_value(object).unwrap()).unwrap()
}

fn pod(image_id: &str, ready: &str, since: &str) -> Pod {
    let status = |name: &str, id: &str| json!({ "name": name, "image": "x", "imageID": id, "ready": true, "restartCount": 0 });
    let object: Value = json!({
        "metadata": { "name": "app-1" },
        "status": {
            "conditions": [{ "type": "Ready", "status": ready, "lastTransitionTime": since }],
            "containerStatuses": [status("proxy", &digest("proxy").to_string()), status("app", image_id)]
        }
    });
    serde_json::from_value(object).unwrap()
}

fn ready(image_id: &str) -> Pod {
    pod(image_id, "True", "2026-11-27T12:00:00Z")
}

fn observe(workload: &Workload, pods: &[Pod], expected: &[&str]) -> Observed {
    let expected: BTreeSet<_> = expected.iter().map(|name| digest(name)).collect();
    of_workload(workload, "app", pods, &expected)
}

fn running(observed: Observed) -> (Digest, Option<bool>, String) {
    match observed {
        Observed::Running(Running {
            digest,
            healthy,
            note,
            ..
        }) => (
            digest,
            healthy,
            note.map(|note| note.to_string()).unwrap_or_default(),
        ),
        Observed::Unknown(why) => panic!("{why}"),
    }
}

#[test]
fn what_runs_is_what_nodes_report_in_each_of_their_forms_and_never_what_the_template_asks_for() {
    let workload = deployment(1, &format!("registry.example.com/app@{}", digest("asked")));
    for form in [
        format!("docker-pullable://registry.example.com/app@{}", digest("new")),
        format!("registry.example.com/app@{}", digest("new")),
        format!("docker://{}", digest("new")),
        digest("new").to_string(),
    ] {
        let (found, healthy, note) = running(observe(&workload, &[ready(&form)], &["new"]));
        assert_eq!((found, healthy), (digest("new"), Some(true)), "{form}");
        assert!(note.contains("the template names"), "{note}");
    }
}

#[test]
fn one_pod_that_runs_something_else_counts_before_many_that_run_what_is_expected() {
    let workload = deployment(3, "registry.example.com/app:1");
    let pods = ["new", "old", "new"].map(|name| ready(&digest(name).to_string()));
    let (found, healthy, note) = running(observe(&workload, &pods, &["new"]));
    assert_eq!((found, healthy), (digest("old"), Some(false)));
    assert!(note.starts_with("3 of 3 replicas; pods disagree: "), "{note}");
    // Where nothing is expected, it is what most of them run.
    assert_eq!(running(observe(&workload, &pods, &[])).0, digest("new"));
}

#[test]
fn too_few_ready_pods_are_not_healthy_and_pods_that_are_not_ready_say_nothing() {
    let workload = deployment(3, "registry.example.com/app:1");
    let pods = [
        ready(&digest("new").to_string()),
        pod(&digest("old").to_string(), "False", "2026-11-27T12:00:00Z"),
    ];
    let (found, healthy, note) = running(observe(&workload, &pods, &["new"]));
    assert_eq!(
        (found, healthy, &*note),
        (digest("new"), Some(false), "1 of 3 replicas")
    );
}

#[test]
fn it_runs_since_the_first_of_its_pods_was_ready() {
    let workload = deployment(2, "registry.example.com/app:1");
    let id = digest("new").to_string();
    let pods = [
        pod(&id, "True", "2026-11-27T12:00:05Z"),
        pod(&id, "True", "2026-11-27T12:00:01Z"),
    ];
    let Observed::Running(running) = observe(&workload, &pods, &["new"]) else {
        panic!("unknown")
    };
    assert_eq!(running.since, Some("2026-11-27T12:00:01Z".parse().unwrap()));
}

#[test]
fn without_pods_the_template_says_what_would_run_and_the_note_that_nothing_does() {
    let image = format!("registry.example.com/app@{}", digest("new"));
    let (found, healthy, note) = running(observe(&deployment(0, &image), &[], &["new"]));
    assert_eq!(
        (found, healthy, &*note),
        (digest("new"), None, "0 replicas: nothing runs")
    );
    let (_, healthy, note) = running(observe(&deployment(2, &image), &[], &["new"]));
    assert_eq!((healthy, &*note), (Some(false), "0 of 2 replicas"));
    for (workload, pods) in [
        (deployment(0, "registry.example.com/app:1"), vec![]),
        (deployment(1, &image), vec![ready("")]),
    ] {
        assert!(matches!(
            observe(&workload, &pods, &["new"]),
            Observed::Unknown(_)
        ));
    }
}

#[test]
fn of_several_workloads_the_one_that_runs_something_else_counts_with_the_notes_of_all() {
    let expected = BTreeSet::from([digest("new")]);
    let answer = |name: &str| {
        observe(
            &deployment(1, "r/app:1"),
            &[ready(&digest(name).to_string())],
            &["new"],
        )
    };
    let both = vec![
        ("deployment/a".to_owned(), answer("new")),
        ("deployment/b".to_owned(), answer("old")),
    ];
    let (found, _, note) = running(worst(both, &expected));
    assert_eq!(found, digest("old"));
    assert_eq!(
        note,
        "deployment/a: 1 of 1 replicas; deployment/b: 1 of 1 replicas"
    );
    let unknown = vec![
        ("deployment/a".to_owned(), answer("old")),
        (
            "deployment/b".to_owned(),
            Observed::Unknown("no rights".to_owned()),
        ),
    ];
    assert_eq!(
        worst(unknown, &expected),
        Observed::Unknown("deployment/b: no rights".to_owned())
    );
}
