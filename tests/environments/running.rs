//! What runs, by the word of the platform: a run ends when what was deployed runs, and says so where it does not.

use super::*;
use crate::plan::planned;
use windlass::domain::{DeployTarget, StepTarget};

/// An engine whose stage is observed by reading a file, for so long; and that file.
pub fn observed(world: &World, observe_for: &str, deploy: &str) -> (Arc<Engine>, std::path::PathBuf) {
    let file = world.folder().join("running");
    let script = format!(
        "program = \"/bin/sh\", args = [\"-c\", '''{deploy}'''], running = [\"/bin/cat\", \"{}\"], observe_for = \
         \"{observe_for}\", env = [",
        file.display()
    );
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // Of the arguments that the sample has, the deployer of stage comes first.
    let begin = text.find("program = \"/bin/sh\", args = [").unwrap();
    let end = begin + text[begin..].find(']').unwrap();
    let text = format!("{}{script}{}", &text[..begin], &text[end..]);
    std::fs::write(path, text).unwrap();
    (world.engine().unwrap(), file)
}

fn said(events: &[Event]) -> String {
    format!("{events:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_the_platform_runs_an_image_of_what_was_deployed() {
    let (world, _) = world().await;
    let deploy = format!(
        "echo $WINDLASS_DIGEST > {}",
        world.folder().join("running").display()
    );
    let (engine, file) = observed(&world, "5m", &deploy);
    let to_stage = promote("develop", "stage", None, false);
    let plan = planned(&engine, &to_stage).await.unwrap();
    let mut targets = plan.steps.iter().filter_map(|step| step.target.as_ref());
    let deployers = targets.find_map(|target| match target {
        StepTarget::Deployment { deployers, .. } => Some(&deployers[..]),
        _ => None,
    });
    let Some([DeployTarget::Command { command, running, .. }]) = deployers else {
        panic!("{:?}", plan.steps)
    };
    assert_eq!((&*command.program, running.is_some()), ("/bin/sh", true));
    let events = done(&engine, &to_stage).await;
    assert!(
        said(&events).contains("deployed to stage, and it runs there"),
        "{}",
        said(&events)
    );

    // Given again there is nothing to do, also where the platform names the image of one platform.
    let digest = deployed(&engine, "stage").await;
    let image = first_image(&reader(&engine, "stage"), &digest).await;
    std::fs::write(&file, format!("{{\"digest\": \"{image}\", \"healthy\": true}}")).unwrap();
    let events = done(&engine, &to_stage).await;
    assert!(
        said(&events).contains("already deployed to stage, and it runs there"),
        "{}",
        said(&events)
    );

    // Where something else runs, it is deployed again.
    std::fs::write(&file, Digest::of(b"foreign").to_string()).unwrap();
    let events = done(&engine, &to_stage).await;
    assert!(said(&events).contains("deploying it again"), "{}", said(&events));
    assert!(std::fs::read_to_string(&file).unwrap().contains(digest.hex()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_to_run_failed_and_what_is_unknown_is_not_passed() {
    let (world, _) = world().await;
    let (engine, file) = observed(&world, "1s", "true");
    let foreign = Digest::of(b"foreign");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let to_stage = promote("develop", "stage", None, false);
    let before = deployed(&engine, "stage").await;
    let plan = planned(&engine, &to_stage).await.unwrap();
    let promoted = plan.digest.clone().unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Failed);
    let words = said(&events);
    assert!(
        words.contains(foreign.hex()) && words.contains(promoted.hex()),
        "{words}"
    );
    assert_eq!(
        deployed(&engine, "stage").await,
        before,
        "it is not marked as deployed"
    );

    std::fs::remove_file(&file).unwrap();
    let plan = planned(&engine, &to_stage).await.unwrap();
    let (exit, events) = carry_out(&engine, plan).await;
    assert_eq!(exit, Exit::Incomplete);
    assert!(
        said(&events).contains("unknown whether it runs"),
        "{}",
        said(&events)
    );
    assert_eq!(deployed(&engine, "stage").await, before);
    let plan = planned(&engine, &promote("develop", "prod", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&plan, "deployed-in-source");
    assert_eq!(verdict, "refused");
    assert!(why.contains("has an unknown outcome"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_where_nothing_observes_and_refuses_a_deployer_that_was_not_planned() {
    let (world, engine) = world().await;
    let to_stage = promote("develop", "stage", None, false);
    let plan = planned(&engine, &to_stage).await.unwrap();
    let (changed, _) = observed(&world, "5m", "true");
    assert_ne!(plan.hash(), planned(&changed, &to_stage).await.unwrap().hash());
    let (exit, events) = carry_out(&changed, plan).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(
        said(&events).contains("the deployer changed"),
        "{}",
        said(&events)
    );
    let events = done(&engine, &to_stage).await;
    assert!(
        said(&events).contains("deployed to stage, not observed"),
        "{}",
        said(&events)
    );
}
