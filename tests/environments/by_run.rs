//! By which run what is deployed came there: each deployment leaves it beside its tag.

use super::*;
use windlass::board::{DeployedImage, Source};

async fn now(engine: &Arc<Engine>, environment: &str) -> DeployedImage {
    let source = Source::new(payment(engine), Arc::clone(engine.repository().unwrap()));
    let all = source.environments().await;
    let found = all
        .into_iter()
        .find(|now| now.environment.as_str() == environment);
    found.unwrap().deployed.value().unwrap().clone()
}

fn run_of(events: &[Event]) -> String {
    events[0].run.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_says_by_which_run_and_of_whom_in_each_environment() {
    let (_world, engine) = world().await;
    // What was deployed by something else than a run says nothing.
    assert_eq!(now(&engine, "stage").await.by, None);
    let events = done(&engine, &promote("develop", "stage", None, false)).await;
    let run = run_of(&events);
    let stage = now(&engine, "stage").await;
    let by = stage.by.unwrap();
    assert_eq!(by.run.as_str(), run);
    let EventKind::RunStarted { actor, .. } = &events[0].happening else {
        panic!("{:?}", events[0])
    };
    assert_eq!(by.by.as_str(), actor);

    // Its record goes along with the image, and is of stage all the same.
    let to_prod = promote("develop", "prod", None, false);
    let run = run_of(&done(&engine, &to_prod).await);
    let prod = now(&engine, "prod").await;
    assert_eq!(prod.digest, stage.digest);
    assert_eq!(prod.by.unwrap().run.as_str(), run);

    // What comes back has come by the run that took it back.
    let run = run_of(&done(&engine, &rollback("prod", None, false)).await);
    let back = now(&engine, "prod").await;
    assert_ne!(back.digest, prod.digest);
    assert_eq!(back.by.unwrap().run.as_str(), run);
    let run = run_of(&done(&engine, &unpin("prod")).await);
    assert_ne!(now(&engine, "prod").await.by.unwrap().run.as_str(), run);
}
