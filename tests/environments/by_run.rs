//! By which run what is deployed came there: each deployment leaves it beside its tag.

use jiff::SignedDuration;

use super::running::observed;
use super::*;
use windlass::board::{DeployedImage, Source};
use windlass::demo::faults::{Effect, Fault};
use windlass::domain::DeploymentRecord;
use windlass::engine::Level;

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

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_refuses_the_record_is_a_warning_and_the_digest_is_deployed() {
    let (world, _) = world().await;
    let (begun, go_on) = (world.folder().join("begun"), world.folder().join("go-on"));
    let made = std::process::Command::new("mkfifo").arg(&go_on).status();
    assert!(made.unwrap().success());
    let deploy = format!(
        "echo >{}; cat {}; echo $WINDLASS_DIGEST >{}",
        begun.display(),
        go_on.display(),
        world.folder().join("running").display()
    );
    let (engine, _) = observed(&world, "1m", &deploy);
    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    let digest = plan.digest.clone().unwrap();
    let run = begin(&engine, plan);
    // All of the image has been copied once the deployer is at work.
    let deploying = async {
        while !begun.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), deploying)
        .await
        .unwrap();
    let refused = Effect::Answer {
        status: 400,
        retry_after: None,
    };
    let records = Fault::new(refused).on_method("PUT").on_path("/manifests/sha256");
    world.shared().inject(records.always());
    let told = tokio::task::spawn_blocking(move || std::fs::write(go_on, ""));
    told.await.unwrap().unwrap();
    let (exit, events) = end(run).await;
    assert_eq!(exit, Exit::Done, "{:?}", events.last());
    let warned = events.iter().any(|event| {
        matches!(&event.happening, EventKind::Log { level: Level::Warning, line, .. }
            if line.starts_with("by which run it was deployed is not recorded: "))
    });
    assert!(warned, "{events:#?}");
    let stage = now(&engine, "stage").await;
    assert_eq!((stage.digest, stage.by), (digest, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_time_or_environment_says_nothing_of_what_is_deployed() {
    let (_world, engine) = world().await;
    let (stage, writer) = (now(&engine, "stage").await, writer(&engine, "stage"));
    let target = Target::Digest(stage.digest.clone());
    let subject = writer.resolve(&target).await.unwrap().unwrap();
    let since = stage.since.unwrap();
    let leave = async |run: &str, at: Timestamp, environment: &str| {
        let annotations = [
            ("org.opencontainers.image.created", &*at.to_string()),
            (DeploymentRecord::ENVIRONMENT, environment),
            (DeploymentRecord::RUN, run),
            (DeploymentRecord::BY, "ana@desk"),
        ];
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let layers = vec![(DeploymentRecord::TYPE.to_owned(), run.to_owned().into())];
        let left = writer.attach(&subject, DeploymentRecord::TYPE, layers, annotations.into());
        left.await.unwrap();
    };
    leave("earlier", since - SignedDuration::from_secs(1), "stage").await;
    leave("elsewhere", since, "prod").await;
    assert_eq!(now(&engine, "stage").await.by, None);
    leave("this", since, "stage").await;
    assert_eq!(now(&engine, "stage").await.by.unwrap().run.as_str(), "this");
}
