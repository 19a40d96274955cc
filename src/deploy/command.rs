//! Deploys by a configured program, which finds what to deploy in its environment variables.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::{DeployError, Deployment};
use crate::domain::clean_line;

/// How long a program that was asked to stop may take before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// A program with its arguments. It is started without a shell, in its own process group, with the variables
/// `WINDLASS_SERVICE`, `WINDLASS_ENVIRONMENT`, `WINDLASS_IMAGE` (repository@digest), `WINDLASS_DIGEST`, `WINDLASS_TAG` and
/// `WINDLASS_COMMIT` added; the last two are empty where nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandDeployer {
    /// The program and its arguments; at least the program.
    pub program: String,
    /// The arguments.
    pub args: Vec<String>,
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
        line: &(dyn Fn(String) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<(), DeployError> {
        let text = |value: Option<String>| value.unwrap_or_default();
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .current_dir(&self.folder)
            .env("WINDLASS_SERVICE", deployment.service.as_str())
            .env("WINDLASS_ENVIRONMENT", deployment.environment.as_str())
            .env("WINDLASS_IMAGE", deployment.image.to_string())
            .env("WINDLASS_DIGEST", deployment.digest.to_string())
            .env(
                "WINDLASS_TAG",
                text(deployment.tag.as_ref().map(ToString::to_string)),
            )
            .env(
                "WINDLASS_COMMIT",
                text(deployment.commit.as_ref().map(ToString::to_string)),
            )
            // The password of the signing key is nobody else's business.
            .env_remove("COSIGN_PASSWORD")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| DeployError::Start {
                program: self.program.clone(),
                source,
            })?;
        let out = child.stdout.take();
        let err = child.stderr.take();
        let work = async {
            tokio::join!(follow(out, line), follow(err, line));
            child.wait().await
        };
        let ended = tokio::select! {
            ended = work => Some(ended),
            () = cancel.cancelled() => None,
        };
        match ended {
            Some(Ok(status)) if status.success() => Ok(()),
            Some(Ok(status)) => Err(DeployError::Status {
                program: self.program.clone(),
                status: in_words(status),
            }),
            Some(Err(source)) => Err(DeployError::Start {
                program: self.program.clone(),
                source,
            }),
            None => {
                stop(&mut child).await;
                Err(DeployError::Interrupted)
            }
        }
    }
}

/// Asks the whole group to end, and ends it if it does not.
async fn stop(child: &mut Child) {
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
        if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            let _ = child.wait().await;
        }
    }
}

async fn follow(stream: Option<impl AsyncRead + Unpin>, line: &(dyn Fn(String) + Send + Sync)) {
    /// A line without an end is cut here, so that a program cannot fill the memory.
    const LONGEST_LINE: u64 = 64 * 1024;
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while matches!(
        (&mut reader)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut bytes)
            .await,
        Ok(1..)
    ) {
        line(clean_line(
            String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']),
        ));
        bytes.clear();
    }
}

fn in_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no status".to_owned(),
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
            "the deploy command `/bin/sh` ended with exit code 7"
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
