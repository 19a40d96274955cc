//! Checks after a deployment: a digest counts as deployed once they have passed, and one that did not pass can be rolled back.

use super::*;
use crate::plan::planned;
use windlass::domain::StepTarget;

/// An engine whose stage is checked after a deployment by a script, and the file that its deployer writes digests to.
fn checked(world: &World, script: &str, rollback: bool) -> (Arc<Engine>, std::path::PathBuf) {
    let after = format!(
        "after = {{ kind = \"command\", command = [\"/bin/sh\", \"-c\", '''{script}'''], rollback = {rollback} }}\n"
    );
    deploying(world, &after)
}

/// The same with `after` as it is written there, or without one.
fn deploying(world: &World, after: &str) -> (Arc<Engine>, std::path::PathBuf) {
    let file = world.folder().join("deployed");
    let deploy = format!(
        "program = \"/bin/sh\", args = [\"-c\", \"echo $WINDLASS_DIGEST >> {}\"], env = [",
        file.display()
    );
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // Of the arguments that the sample has, the deployer of stage comes first.
    let begin = text.find("program = \"/bin/sh\", args = [").unwrap();
    let line = text[..begin].rfind('\n').unwrap() + 1;
    let end = begin + text[begin..].find(']').unwrap();
    let text = format!(
        "{}{after}{}{deploy}{}",
        &text[..line],
        &text[line..begin],
        &text[end..]
    );
    std::fs::write(path, text).unwrap();
    (world.engine().unwrap(), file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_fails_the_run_and_the_digest_does_not_count_as_deployed() {
    let (world, _) = world().await;
    let path = world.repository().join("windlass.toml");
    let configuration = std::fs::read_to_string(&path).unwrap();
    // The same deployer without checks: the checks alone change the hash.
    let (unchecked_engine, _) = deploying(&world, "");
    let to_stage = promote("develop", "stage", None, false);
    let unchecked = planned(&unchecked_engine, &to_stage).await.unwrap();
    std::fs::write(path, configuration).unwrap();
    let ready = world.folder().join("ready");
    let (engine, _) = checked(&world, &format!("echo smoke; test -e {}", ready.display()), false);
    let before = deployed(&engine, "stage").await;
    let plan = planned(&engine, &to_stage).await.unwrap();
    assert_ne!(unchecked.hash(), plan.hash(), "the plan pins the checks");
    let pinned = plan.steps.iter().filter_map(|step| match &step.target {
        Some(StepTarget::Deployment { after, .. }) => Some(after.len()),
        _ => None,
    });
    assert_eq!(pinned.collect::<Vec<_>>(), [1]);
    let (exit, events) = carry_out(&engine, unchecked).await;
    assert_eq!(exit, Exit::Conflict, "{events:?}");
    let (exit, events) = carry_out(&engine, plan).await;
    let said = format!("{events:?}");
    assert_eq!(exit, Exit::Failed, "{said}");
    assert!(
        said.contains("\"smoke\"") && said.contains("failed with exit code 1"),
        "{said}"
    );
    assert_eq!(deployed(&engine, "stage").await, before);
    let to_prod = planned(&engine, &promote("develop", "prod", None, false))
        .await
        .unwrap();
    assert_eq!(reason(&to_prod, "deployed-in-source").0, "refused");

    std::fs::write(ready, "").unwrap();
    let events = done(&engine, &to_stage).await;
    assert!(format!("{events:?}").contains("it succeeded"), "{events:?}");
    assert_ne!(deployed(&engine, "stage").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_can_have_the_digest_of_before_deployed_again() {
    let (world, _) = world().await;
    let (engine, file) = checked(&world, "exit 1", true);
    let before = deployed(&engine, "stage").await;
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let promoted = plan.digest.clone().unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    let said = format!("{events:?}");
    assert_eq!(exit, Exit::Failed, "{said}");
    assert!(
        said.contains(&format!("stage was rolled back to {before}")),
        "{said}"
    );
    let given = std::fs::read_to_string(file).unwrap();
    assert_eq!(given, format!("{promoted}\n{before}\n"));
    assert_eq!(deployed(&engine, "stage").await, before);
}
