//! One call of a program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessSession};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::environment::Audience;
use super::group::Group;
use super::lines::{Teller, follow};
use super::{Line, ProgramError};
use crate::domain::{VariablePattern, clean_line};

/// How long the output of a program that has ended is still read: a process that it left behind may hold it open.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// A program, its arguments and its surroundings.
#[derive(Debug, Clone, Default)]
pub struct Call {
    program: PathBuf,
    args: Vec<OsString>,
    folder: Option<PathBuf>,
    audience: Audience,
    inherited: Vec<VariablePattern>,
    variables: Vec<(OsString, Option<OsString>)>,
    input: Option<Bytes>,
    limit: Option<Duration>,
    kept: Option<u64>,
    kept_errors: bool,
}

/// A program that came to its end.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// What it wrote to standard output; empty unless that was to be kept.
    pub output: Bytes,
    /// What it wrote to standard error; empty unless that was to be kept.
    pub errors: Bytes,
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

    /// What kind of program it is, which decides the variables of our own environment that it is given.
    #[must_use]
    pub const fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Further variables of our own environment that it is given, because a person asked for it.
    #[must_use]
    pub fn inherit_patterns(mut self, patterns: &[VariablePattern]) -> Self {
        self.inherited.extend_from_slice(patterns);
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), Some(value.into())));
        self
    }

    /// A variable that it is not given, whatever kind of program it is.
    #[must_use]
    pub fn without_variable(mut self, name: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), None));
        self
    }

    /// What it reads from its standard input; nothing unless it is said.
    #[must_use]
    pub fn input(mut self, input: impl Into<Bytes>) -> Self {
        self.input = Some(input.into());
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

    /// Keeps what it writes to standard error, too, within the limit of [`Call::keep`].
    #[must_use]
    pub const fn keep_errors(mut self) -> Self {
        self.kept_errors = true;
        self
    }

    /// Runs it to its end, whatever its status. Its end is the end of the program itself: what it leaves in the background
    /// is said and not waited for.
    ///
    /// # Errors
    /// When it cannot be started, takes too long, writes too much, or somebody cancels.
    pub async fn run(&self, line: Line<'_>, cancel: &CancellationToken) -> Result<Ended, ProgramError> {
        let mut child = self.start()?;
        let mut group = Group::of(&*child);
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let teller = Teller::new(line);
        let ended = {
            let stdin = child.stdin().take();
            let (out, err) = (child.stdout().take(), child.stderr().take());
            let kept_errors = if self.kept_errors { self.kept } else { None };
            let talking = async {
                tokio::try_join!(
                    self.read(out, self.kept, &mut output, &teller),
                    self.read(err, kept_errors, &mut errors, &teller),
                    self.write(stdin),
                )
            };
            self.follow_to_its_end(&mut *child, talking, line, cancel).await
        };
        teller.finish();
        match ended {
            Ok(status) => {
                group.ended();
                Ok(Ended {
                    status,
                    output: output.into(),
                    errors: errors.into(),
                })
            }
            Err(error) => {
                group.stop(&mut *child).await;
                Err(error)
            }
        }
    }

    /// Starts it in a session of its own: it has no terminal to ask on, and a signal reaches all that it started.
    fn start(&self) -> Result<Box<dyn ChildWrapper>, ProgramError> {
        let mut command = Command::new(&self.program);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
            .args(&self.args)
            .env_clear()
            .envs(self.environment())
            .stdin(if self.input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let started = CommandWrap::from(command).wrap(ProcessSession).spawn();
        // The wrapper would wait for the whole group; the end of the program itself is what counts.
        started
            .map(ChildWrapper::into_inner)
            .map_err(|source| self.not_started(source))
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut environment = self.audience.variables();
        environment.extend(std::env::vars_os().filter(|(name, _)| {
            let name = name.to_str();
            name.is_some_and(|name| self.inherited.iter().any(|pattern| pattern.matches(name)))
        }));
        for (name, value) in &self.variables {
            environment.retain(|(known, _)| known != name);
            environment.extend(value.clone().map(|value| (name.clone(), value)));
        }
        environment
    }

    async fn follow_to_its_end(
        &self,
        child: &mut dyn ChildWrapper,
        talking: impl Future<Output = Result<((), (), ()), ProgramError>>,
        line: Line<'_>,
        cancel: &CancellationToken,
    ) -> Result<ExitStatus, ProgramError> {
        let mut talking = pin!(talking);
        let mut is_silent = false;
        let mut too_long = pin!(async {
            match self.limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        });
        let status = loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(ProgramError::Interrupted),
                talked = &mut talking, if !is_silent => {
                    talked?;
                    is_silent = true;
                }
                ended = child.wait() => break ended.map_err(|source| self.not_started(source))?,
                () = &mut too_long => return Err(ProgramError::Slow {
                    program: self.program.clone(),
                    limit: self.limit.unwrap_or_default(),
                }),
            }
        };
        if !is_silent {
            match tokio::time::timeout(OUTPUT_GRACE, talking).await {
                Ok(talked) => drop(talked?),
                Err(_) => line(format!(
                    "`{}` has ended; a program that it started was left running in the background",
                    clean_line(&self.program.to_string_lossy())
                )),
            }
        }
        Ok(status)
    }

    fn not_started(&self, source: std::io::Error) -> ProgramError {
        ProgramError::Start {
            program: self.program.clone(),
            source,
        }
    }

    async fn write(&self, stdin: Option<tokio::process::ChildStdin>) -> Result<(), ProgramError> {
        if let (Some(input), Some(mut stdin)) = (&self.input, stdin) {
            // Whoever stops reading has a reason, and says it.
            let _ = stdin.write_all(input).await;
        }
        Ok(())
    }

    /// Reads a stream to its end: into `kept` where it is kept, up to `limit` bytes, or line by line.
    async fn read(
        &self,
        stream: Option<impl AsyncRead + Unpin>,
        limit: Option<u64>,
        kept: &mut Vec<u8>,
        teller: &Teller<'_>,
    ) -> Result<(), ProgramError> {
        let Some(limit) = limit else {
            follow(stream, teller).await;
            return Ok(());
        };
        let Some(stream) = stream else { return Ok(()) };
        let read = stream.take(limit + 1).read_to_end(kept).await;
        if read.is_ok_and(|read| read as u64 > limit) {
            return Err(ProgramError::TooMuch {
                program: self.program.clone(),
                limit,
            });
        }
        Ok(())
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

    #[tokio::test]
    async fn the_end_of_the_program_decides_though_something_holds_its_output_open() {
        let began = std::time::Instant::now();
        let (ended, lines) = run(shell("sleep 600 & echo started; exit 0")).await;
        assert!(ended.unwrap().status.success());
        assert!(began.elapsed() < Duration::from_mins(1));
        assert_eq!(
            lines,
            [
                "started",
                "`/bin/sh` has ended; a program that it started was left running in the background"
            ]
        );
    }

    #[tokio::test]
    async fn a_program_has_no_terminal_to_ask_on_and_leads_a_session() {
        let script = "exec 2>/dev/null; (: </dev/tty) && echo tty; set -- $(cat /proc/$$/stat); [ \"$6\" = $$ ] && echo leads";
        let (_, lines) = run(shell(script)).await;
        assert_eq!(lines, ["leads"]);
    }

    #[tokio::test]
    async fn a_program_sees_named_variables_only() {
        // Cargo sets some for its tests that no program has any use for.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let script = "echo ${CARGO_PKG_NAME:-none} ${HOME:+home}";
        let (_, lines) = run(shell(script)).await;
        assert_eq!(lines, ["none home"]);
        let asked = shell(script).inherit_patterns(&["CARGO_PKG_*".parse().unwrap()]);
        assert_eq!(run(asked).await.1, ["windlass home"]);
        assert_eq!(run(shell(script).without_variable("HOME")).await.1, ["none"]);
    }

    #[tokio::test]
    async fn a_program_reads_what_it_is_given() {
        let (ended, _) = run(shell("cat; echo why >&2").input("what").keep(100).keep_errors()).await;
        let ended = ended.unwrap();
        assert_eq!(
            (&ended.output[..], &ended.errors[..]),
            (&b"what"[..], &b"why\n"[..])
        );
        // One that does not read does not hang.
        assert!(run(shell("exit 0").input(vec![0; 1 << 20])).await.0.is_ok());
    }

    #[tokio::test]
    async fn what_ignores_the_request_to_stop_is_killed_with_the_rest_of_its_group() {
        // The leader ends at once when it is asked; its child does not.
        let script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait";
        let pid = std::sync::Arc::new(Mutex::new(String::new()));
        let cancel = CancellationToken::new();
        let tell = |line: String| {
            *pid.lock().unwrap() = line;
            cancel.cancel();
        };
        let ended = shell(script).run(&tell, &cancel).await;
        assert!(matches!(ended.unwrap_err(), ProgramError::Interrupted));
        let pid: i32 = pid.lock().unwrap().parse().unwrap();
        let is_there =
            || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        let gone = async {
            while is_there() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    }
}
