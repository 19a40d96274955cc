//! Deploying by a program, and observing by another.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::SignedDuration;

use tokio_util::sync::CancellationToken;

use super::{
    Applied, CommandDeployer, DeployError, DeployProgress, Deployer, Deployment, Subject, Waited, sample,
};
use crate::domain::{CommandSettings, Digest, Exit, Observed, ProgramLine};

fn deployment() -> Deployment {
    Deployment {
        tag: Some("sha-2b2e927".parse().unwrap()),
        release: Some("v1.4.0".to_owned()),
        previous: Some(Digest::of(b"previous")),
        ..sample::deployment("payment-svc", "stage")
    }
}

fn line_of(told: DeployProgress) -> Option<String> {
    match told {
        DeployProgress::Line(line) => Some(line),
        _ => None,
    }
}

fn line(script: &str) -> ProgramLine {
    ProgramLine {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
    }
}

fn shell(script: &str) -> CommandDeployer {
    CommandDeployer {
        settings: CommandSettings {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: Vec::new(),
            running: None,
            observe_for: SignedDuration::from_mins(5),
        },
        folder: std::env::temp_dir(),
        folder_in_repository: ".".into(),
    }
}

/// Deploys with nothing, and observes with `script`.
fn observed_by(script: &str, observe_for: SignedDuration) -> Deployer {
    let mut command = shell("exit 0");
    command.settings.running = Some(line(script));
    command.settings.observe_for = observe_for;
    Deployer::Command(command)
}

fn subject() -> Subject {
    Subject {
        service: "payment-svc".parse().unwrap(),
        environment: "stage".parse().unwrap(),
    }
}

async fn ask(script: &str) -> Observed {
    let deployer = observed_by(script, SignedDuration::ZERO);
    deployer
        .running(&subject(), &BTreeSet::new(), &CancellationToken::new())
        .await
        .unwrap()
}

async fn run(script: &str, cancel: &CancellationToken) -> (Result<Applied, DeployError>, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let result = shell(script)
        .apply(
            &deployment(),
            &|told| lines.lock().unwrap().extend(line_of(told)),
            cancel,
        )
        .await;
    (result, lines.into_inner().unwrap())
}

#[tokio::test]
async fn the_program_finds_the_digest_in_its_environment() {
    let script = "echo $WINDLASS_ENVIRONMENT $WINDLASS_DIGEST \"[$WINDLASS_COMMIT]\"; echo $WINDLASS_RELEASE \
         $WINDLASS_PREVIOUS_DIGEST; printf '\\033[31mred'";
    let (result, lines) = run(script, &CancellationToken::new()).await;
    result.unwrap();
    assert_eq!(
        lines,
        [
            format!("stage {} []", Digest::of(b"image")),
            format!("v1.4.0 {}", Digest::of(b"previous")),
            "red".to_owned()
        ]
    );
}

#[tokio::test]
async fn a_failing_program_is_a_failed_deployment_that_can_be_repeated() {
    let (result, lines) = run("echo no such cluster >&2; exit 7", &CancellationToken::new()).await;
    let error = result.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the deploy command `/bin/sh` failed with exit code 7"
    );
    assert_eq!(error.exit(), Exit::Incomplete);
    assert_eq!(lines, ["no such cluster"]);
}

#[tokio::test]
async fn cancelling_stops_the_program_and_what_it_started() {
    let cancel = CancellationToken::new();
    let lines = Mutex::new(Vec::new());
    let seen = |told| {
        // The first line tells that it runs; from then on it must not end by itself.
        cancel.cancel();
        lines.lock().unwrap().extend(line_of(told));
    };
    let result = shell("echo started; sleep 1000 & wait")
        .apply(&deployment(), &seen, &cancel)
        .await;
    assert!(matches!(result, Err(DeployError::Interrupted)));
    assert_eq!(lines.into_inner().unwrap(), ["started"]);
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let mut deployer = shell("");
    deployer.settings.program = "no-such-program".into();
    let error = deployer
        .apply(&deployment(), &|_| (), &CancellationToken::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no-such-program"));
}

#[tokio::test]
async fn what_runs_is_what_the_second_program_prints_and_anything_else_is_unknown() {
    let digest = Digest::of(b"image");
    let answer = ask(&format!("echo '{{\"digest\": \"{digest}\", \"healthy\": true}}'")).await;
    let Observed::Running(running) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((running.digest, running.healthy), (digest, Some(true)));
    let unknown = [
        ("exit 3", "`/bin/sh` failed with exit code 3"),
        (
            "echo no such cluster >&2; exit 1",
            "`/bin/sh` failed with exit code 1: no such cluster",
        ),
        ("true", "`/bin/sh`: it printed nothing"),
        ("echo yes", "`/bin/sh`: it printed `yes`, which is not a digest"),
    ];
    for (script, why) in unknown {
        assert_eq!(ask(script).await, Observed::Unknown(why.to_owned()), "{script}");
    }
    let Observed::Unknown(why) = ask("while :; do echo much; done").await else {
        panic!("it printed without end")
    };
    assert!(why.contains("wrote more than"), "{why}");
    let not_asked = Deployer::Command(shell(""))
        .running(&subject(), &BTreeSet::new(), &CancellationToken::new())
        .await;
    assert_eq!(not_asked, None);
}

#[tokio::test]
async fn the_program_that_observes_is_told_the_environment_and_sees_named_variables_only() {
    let digest = Digest::of(b"image");
    let script = format!(
        "[ \"$WINDLASS_SERVICE $WINDLASS_ENVIRONMENT ${{CARGO_PKG_NAME:-none}}\" = 'payment-svc stage none' ] && echo {digest}"
    );
    assert!(matches!(ask(&script).await, Observed::Running(_)));
}

async fn wait(script: &str, observe_for: SignedDuration) -> (Result<Waited, DeployError>, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let tell = |told| lines.lock().unwrap().extend(line_of(told));
    let accepted = BTreeSet::from([Digest::of(b"image"), Digest::of(b"amd64")]);
    let deployer = observed_by(script, observe_for);
    let cancel = CancellationToken::new();
    let deployment = deployment();
    let waited = deployer
        .wait_until_running(&deployment, &accepted, &tell, &cancel)
        .await;
    (waited, lines.into_inner().unwrap())
}

#[tokio::test]
async fn a_run_waits_until_one_of_the_images_digests_runs() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count").display().to_string();
    // The third answer is the image of a platform.
    let (old, new) = (Digest::of(b"old"), Digest::of(b"amd64"));
    let script =
        format!("echo x >> {count}; if [ $(wc -l < {count}) -lt 3 ]; then echo {old}; else echo {new}; fi");
    let (waited, lines) = wait(&script, SignedDuration::from_mins(5)).await;
    let Ok(Waited::Running(running)) = waited else {
        panic!("{waited:?}")
    };
    assert_eq!(running.digest, new);
    assert_eq!(lines, [format!("waiting: stage still runs {}", old.short())]);
}

#[tokio::test]
async fn what_does_not_run_in_time_failed_with_both_digests_and_the_unhealthy_and_the_unknown_are_told_apart()
{
    let (old, new) = (Digest::of(b"old"), Digest::of(b"image"));
    let (waited, _) = wait(&format!("echo {old}"), SignedDuration::ZERO).await;
    let error = waited.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    assert_eq!(
        error.to_string(),
        format!("stage runs {old} after 0 s, not {new}, which was deployed")
    );
    let unwell = format!("echo '{{\"digest\": \"{new}\", \"healthy\": false, \"note\": \"1 of 3\"}}'");
    let error = wait(&unwell, SignedDuration::ZERO).await.0.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    assert!(error.to_string().contains("it is not healthy: 1 of 3"), "{error}");
    let error = wait("exit 1", SignedDuration::ZERO).await.0.unwrap_err();
    assert_eq!(error.exit(), Exit::Incomplete);
    assert!(error.to_string().contains("unknown whether it runs"), "{error}");
}

#[tokio::test]
async fn a_deployer_that_is_not_the_planned_one_deploys_nothing() {
    let deployer = Deployer::Command(shell("echo deployed"));
    let tell = |told| panic!("{told:?}");
    let (deployment, cancel) = (deployment(), CancellationToken::new());
    let planned = Deployer::Command(shell("echo another"));
    let planned = planned.resolve(&subject(), &cancel).await.unwrap();
    let error = deployer
        .apply(&planned, &deployment, &tell, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    assert!(error.to_string().starts_with("the deployer changed"), "{error}");
}
