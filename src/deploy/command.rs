//! Deploys by a configured program, which finds what to deploy in its environment variables.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use super::{DeployError, Deployment};
use crate::domain::VariablePattern;
use crate::program::{Call, Line, ProgramError};

/// A program with its arguments. It is started without a shell, in its own process group, with the variables
/// `WINDLASS_SERVICE`, `WINDLASS_ENVIRONMENT`, `WINDLASS_IMAGE` (repository@digest), `WINDLASS_DIGEST`, `WINDLASS_TAG` and
/// `WINDLASS_COMMIT` added; the last two are empty where nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandDeployer {
    /// The program and its arguments; at least the program.
    pub program: String,
    /// The arguments.
    pub args: Vec<String>,
    /// The variables of our own environment that it is given, beside those that every program is.
    pub env: Vec<VariablePattern>,
    /// The folder it runs in: the one of windlass.toml.
    pub folder: PathBuf,
}

impl CommandDeployer {
    pub(super) fn describe(&self) -> String {
        format!("run `{}`", self.program)
    }

    pub(super) async fn deploy(
        &self,
        deployment: &Deployment,
        line: Line<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), DeployError> {
        let text = |value: Option<String>| value.unwrap_or_default();
        let call = Call::new(&self.program)
            .args(&self.args)
            .folder(&self.folder)
            .inherit_patterns(&self.env)
            .variable("WINDLASS_SERVICE", deployment.service.as_str())
            .variable("WINDLASS_ENVIRONMENT", deployment.environment.as_str())
            .variable("WINDLASS_IMAGE", deployment.image.to_string())
            .variable("WINDLASS_DIGEST", deployment.digest.to_string())
            .variable(
                "WINDLASS_TAG",
                text(deployment.tag.as_ref().map(ToString::to_string)),
            )
            .variable(
                "WINDLASS_COMMIT",
                text(deployment.commit.as_ref().map(ToString::to_string)),
            );
        match call.run(line, cancel).await {
            Ok(ended) if ended.status.success() => Ok(()),
            Ok(ended) => Err(DeployError::Status {
                program: self.program.clone(),
                status: ended.in_words(),
            }),
            Err(ProgramError::Interrupted) => Err(DeployError::Interrupted),
            Err(error) => Err(DeployError::Program(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domain::{Digest, Exit};

    fn deployment() -> Deployment {
        let digest = Digest::of(b"image");
        Deployment {
            service: "payment-svc".parse().unwrap(),
            environment: "stage".parse().unwrap(),
            image: format!("localhost:1/stage/payment-svc@{digest}").parse().unwrap(),
            digest,
            tag: Some("sha-2b2e927".parse().unwrap()),
            commit: None,
        }
    }

    fn shell(script: &str) -> CommandDeployer {
        CommandDeployer {
            program: "/bin/sh".into(),
            args: vec!["-c".into(), script.into()],
            env: Vec::new(),
            folder: std::env::temp_dir(),
        }
    }

    async fn run(script: &str, cancel: &CancellationToken) -> (Result<(), DeployError>, Vec<String>) {
        let lines = Mutex::new(Vec::new());
        let result = shell(script)
            .deploy(&deployment(), &|l| lines.lock().unwrap().push(l), cancel)
            .await;
        (result, lines.into_inner().unwrap())
    }

    #[tokio::test]
    async fn the_program_finds_the_digest_in_its_environment() {
        let script =
            "echo $WINDLASS_ENVIRONMENT $WINDLASS_DIGEST \"[$WINDLASS_COMMIT]\"; printf '\\033[31mred'";
        let (result, lines) = run(script, &CancellationToken::new()).await;
        result.unwrap();
        assert_eq!(
            lines,
            [format!("stage {} []", Digest::of(b"image")), "red".to_owned()]
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
        let seen = |line: String| {
            // The first line tells that it runs; from then on it must not end by itself.
            cancel.cancel();
            lines.lock().unwrap().push(line);
        };
        let result = shell("echo started; sleep 1000 & wait")
            .deploy(&deployment(), &seen, &cancel)
            .await;
        assert!(matches!(result, Err(DeployError::Interrupted)));
        assert_eq!(lines.into_inner().unwrap(), ["started"]);
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let deployer = CommandDeployer {
            program: "no-such-program".into(),
            ..shell("")
        };
        let error = deployer
            .deploy(&deployment(), &|_| (), &CancellationToken::new())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("no-such-program"));
    }
}
