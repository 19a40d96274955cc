//! One call of a program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::group::Group;
use super::{Line, ProgramError, follow};

/// A program, its arguments and its surroundings.
#[derive(Debug, Clone, Default)]
pub struct Call {
    program: PathBuf,
    args: Vec<OsString>,
    folder: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
    limit: Option<Duration>,
    kept: Option<u64>,
}

/// A program that came to its end.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it wrote to standard output; empty unless that was to be kept.
    pub output: Bytes,
}

impl Ended {
    /// Its status as people say it: `exit code 3`, `signal 9`.
    pub fn in_words(&self) -> String {
        use std::os::unix::process::ExitStatusExt as _;
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no status".to_owned(),
        }
    }
}

impl Call {
    /// Of a program: a path, or a name in `PATH`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            ..Self::default()
        }
    }

    /// What is called.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The folder it runs in.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// How long it may take.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Keeps what it writes to standard output instead of telling it, up to so many bytes; more is an error.
    #[must_use]
    pub const fn keep(mut self, bytes: u64) -> Self {
        self.kept = Some(bytes);
        self
    }

    /// Runs it to its end, whatever its status.
    ///
    /// # Errors
    /// When it cannot be started, takes too long, writes too much, or somebody cancels.
    pub async fn run(&self, line: Line<'_>, cancel: &CancellationToken) -> Result<Ended, ProgramError> {
        let start = |source| ProgramError::Start {
            program: self.program.clone(),
            source,
        };
        let mut command = Command::new(&self.program);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command
            .args(&self.args)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            // The password of the signing key is nobody else's business.
            .env_remove("COSIGN_PASSWORD")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(start)?;
        let mut group = Group::of(&child);
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (output, ()) = tokio::try_join!(self.output(out, line), async {
                follow(err, line).await;
                Ok(())
            })?;
            let status = child.wait().await.map_err(start)?;
            Ok(Ended { status, output })
        };
        let too_long = async {
            match self.limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = cancel.cancelled() => Err(ProgramError::Interrupted),
            () = too_long => Err(ProgramError::Slow {
                program: self.program.clone(),
                limit: self.limit.unwrap_or_default(),
            }),
        };
        if ended.is_ok() {
            group.ended();
        } else {
            group.stop(&mut child).await;
        }
        ended
    }

    async fn output(
        &self,
        stream: Option<impl AsyncRead + Unpin>,
        line: Line<'_>,
    ) -> Result<Bytes, ProgramError> {
        let Some(limit) = self.kept else {
            follow(stream, line).await;
            return Ok(Bytes::new());
        };
        let Some(stream) = stream else {
            return Ok(Bytes::new());
        };
        let mut bytes = Vec::new();
        let read = stream.take(limit + 1).read_to_end(&mut bytes).await;
        if read.is_ok_and(|read| read as u64 > limit) {
            return Err(ProgramError::TooMuch {
                program: self.program.clone(),
                limit,
            });
        }
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn shell(script: &str) -> Call {
        Call::new("/bin/sh").args(["-c", script])
    }

    async fn run(call: Call) -> (Result<Ended, ProgramError>, Vec<String>) {
        let lines = Mutex::new(Vec::new());
        let tell = |line| lines.lock().unwrap().push(line);
        let ended = call.run(&tell, &CancellationToken::new()).await;
        (ended, lines.into_inner().unwrap())
    }

    #[tokio::test]
    async fn both_streams_are_told_and_the_status_is_not_judged() {
        let (ended, mut lines) =
            run(shell("echo $WHO; printf '\\033[31mred' >&2; exit 3").variable("WHO", "me")).await;
        lines.sort_unstable();
        assert_eq!(lines, ["me", "red"]);
        assert_eq!(ended.unwrap().in_words(), "exit code 3");
    }

    #[tokio::test]
    async fn output_that_is_kept_is_not_told() {
        let (ended, lines) = run(shell("echo '{}'; echo why >&2").keep(10)).await;
        assert_eq!(ended.unwrap().output, "{}\n");
        assert_eq!(lines, ["why"]);
    }

    #[tokio::test]
    async fn output_without_end_stops_the_program() {
        let (ended, _) = run(shell("while :; do echo much; done").keep(1000)).await;
        assert!(matches!(
            ended.unwrap_err(),
            ProgramError::TooMuch { limit: 1000, .. }
        ));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_stopped_with_what_it_started() {
        let (ended, _) = run(shell("sleep 1000 & wait").limit(Duration::from_millis(20))).await;
        assert!(matches!(ended.unwrap_err(), ProgramError::Slow { .. }));
    }

    #[tokio::test]
    async fn a_missing_program_is_told_from_one_that_breaks() {
        let (ended, _) = run(Call::new("no-such-program")).await;
        assert!(ended.unwrap_err().is_missing());
        let (ended, _) = run(Call::new("/")).await;
        assert!(!ended.unwrap_err().is_missing());
    }
}
