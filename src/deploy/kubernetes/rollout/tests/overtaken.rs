//! Somebody else changes or deletes the workload in the middle.

use serde_json::json;

use super::*;

fn overtaken(world: &World) -> String {
    match world.judge() {
        State::Overtaken(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_image_is_said_with_who_has_set_it() {
    let mut world = deployment();
    let image = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {
        "k:{\"name\":\"app\"}": { "f:image": {} }
    } } } } });
    let entry = |manager: &str, time: &str, fields: &Value| json!({ "manager": manager, "operation": "Update", "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields });
    world.change(&json!({
        "metadata": { "generation": 3, "managedFields": [
            entry("helm", "2026-11-20T00:00:00Z", &image),
            entry("kubectl-set", "2026-11-27T00:00:00Z", &image),
            entry("kube-controller-manager", "2026-11-28T00:00:00Z", &json!({ "f:status": {} })),
        ] },
        "spec": { "template": template(OLD) }
    }));
    assert_eq!(
        overtaken(&world),
        format!("`kubectl-set` has set the image to {OLD} in the meantime")
    );
}

#[test]
fn a_removed_container_and_a_deleted_workload_are_no_rollout_any_more() {
    let mut world = deployment();
    world.change(&json!({ "spec": { "template": { "spec": { "containers": [] } } } }));
    assert_eq!(
        overtaken(&world),
        "somebody has removed the container `app` in the meantime"
    );

    let mut world = deployment();
    world.change(&json!({ "metadata": { "uid": "another" } }));
    assert!(overtaken(&world).contains("created again"));
    world.change(&json!({ "metadata": { "uid": "workload", "deletionTimestamp": "2026-11-27T12:00:00Z" } }));
    assert_eq!(overtaken(&world), "it is being deleted");
    world.workload = None;
    assert_eq!(overtaken(&world), "it was deleted in the meantime");
}

#[test]
fn another_change_than_that_of_the_image_is_followed_with_the_same_image() {
    let mut world = deployment();
    // A variable was added: another revision, with the image that was deployed.
    world.change(&json!({
        "metadata": { "generation": 3, "annotations": { "deployment.kubernetes.io/revision": "3" } },
        "status": { "observedGeneration": 3 }
    }));
    assert_eq!(world.coming().2, "its new revision is not there yet");
    world.sets[1]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!("3");
    assert_eq!(world.judge(), State::Up { replicas: 3 });
}

#[test]
fn an_image_of_before_the_change_is_nobodys_change() {
    let mut world = deployment();
    world.change(&json!({ "metadata": { "generation": 1 }, "spec": { "template": template(OLD) } }));
    assert_eq!(world.coming().2, "the change has not arrived yet");
}
