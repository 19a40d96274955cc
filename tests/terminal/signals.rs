//! Runs end, and say how: whatever signal comes, whatever becomes of the terminal and of the output.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::git::git;
use crate::session::Session;
use crate::{call, sample};
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use windlass::demo::World;

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_mins(1);

fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LIMIT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// The console of a sample world in a folder that is kept, with a deployer that never ends by itself.
struct Console {
    session: Session,
    world: PathBuf,
    pid: u32,
}

impl Console {
    fn promoting() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = folder.path().join("world");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(["demo", "--dir", world.to_str().unwrap()]);
        command.env("XDG_STATE_HOME", folder.path().join("state"));
        let mut session = Session::open(command, 120, 40, folder);
        session.see("Ready for stage");
        let deployer = format!(
            "#!/bin/sh\necho $$ > '{}'\necho deploying\nsleep 600\n",
            world.join("pid").display()
        );
        std::fs::write(world.join("deploy.sh"), deployer).unwrap();
        session.press("p");
        session.see("Nothing is changed before you press Enter");
        session.press("\r");
        session.see("deploying");
        let pid = session.child.process_id().unwrap();
        Self { session, world, pid }
    }

    /// That nothing is left of the run but its journal, which says how it ended.
    fn assert_ended_cleanly(world: &Path) {
        let deployer = std::fs::read_to_string(world.join("pid")).unwrap();
        let deployer: u32 = deployer.trim().parse().unwrap();
        until("the end of the deployer", || {
            matches!(state_of(deployer), None | Some('Z'))
        });
        let locks = git(
            &world.join("origin.git"),
            &["for-each-ref", "refs/windlass/locks"],
        );
        assert_eq!(locks, "");
        let only = |folder: PathBuf| folder.read_dir().unwrap().next().unwrap().unwrap();
        let project = only(world.join("state/projects")).path();
        let journal = only(project.join("runs"));
        assert_eq!(journal.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(journal.path()).unwrap();
        assert!(text.lines().last().unwrap().contains("interrupted"), "{text}");
    }
}

#[test]
fn every_signal_that_asks_the_console_to_end_stops_its_run_cleanly() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let Console { session, world, pid } = Console::promoting();
        send(pid, signal);
        session.wait("the end", |seen| seen.ended);
        Console::assert_ended_cleanly(&world);
        assert_eq!(session.end(), (130, true), "{signal:?}");
    }
}

#[test]
fn a_terminal_that_goes_away_during_a_run_ends_it_cleanly() {
    let Console {
        mut session, world, ..
    } = Console::promoting();
    let code = session.hang_up();
    Console::assert_ended_cleanly(&world);
    assert_eq!(code, 130);
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_until_the_console_is_continued() {
    let mut session = Session::demo(120, 40);
    session.see("COMMIT");
    let pid = session.child.process_id().unwrap();
    for stop in ["\x1a", "SIGTSTP"] {
        if stop == "SIGTSTP" {
            send(pid, Signal::TSTP);
        } else {
            session.press(stop);
        }
        until("the console to stop", || state_of(pid) == Some('T'));
        session.wait("the ordinary screen", |seen| {
            !seen.parser.screen().alternate_screen()
        });
        send(pid, Signal::CONT);
        session.wait("the console to come back", |seen| {
            let screen = seen.parser.screen();
            screen.alternate_screen() && screen.contents().contains("COMMIT")
        });
    }
    session.press("q");
    assert_eq!(session.end(), (0, true));
}

async fn world() -> World {
    sample::world_at(jiff::Timestamp::now()).await
}

fn windlass(world: &World, args: &[&str]) -> tokio::process::Command {
    call::program(&world.repository(), &world.folder().join("state"), args)
}

/// Runs it with its standard output going into `out`.
async fn into(out: impl Into<Stdio>, mut command: tokio::process::Command) -> std::process::Output {
    let child = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap();
    child.wait_with_output().await.unwrap()
}

async fn runs(world: &World) -> String {
    call::text(&windlass(world, &["runs"]).output().await.unwrap().stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_goes_away_decides_nothing_about_a_run() {
    let world = world().await;
    for (candidate, more) in [("develop", &["--json"][..]), ("develop~1", &[])] {
        let args = [
            &["promote", candidate, "--to", "stage", "--yes", "--reason", "test"],
            more,
        ]
        .concat();
        let mut running = windlass(&world, &args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        if more.is_empty() {
            let mut errors = BufReader::new(running.stderr.take().unwrap()).lines();
            errors.next_line().await.unwrap();
        } else {
            lines.next_line().await.unwrap();
        }
        drop(lines);
        drop(running.stderr.take());
        let ended = tokio::time::timeout(LIMIT, running.wait())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.code(), Some(0), "{candidate}");
    }
    let told = runs(&world).await;
    assert_eq!(told.matches("✓").count(), 2, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_refused_ends_with_3_though_nobody_reads_what_it_says() {
    let world = world().await;
    for more in [&["--json"][..], &[]] {
        let args = [&["promote", "develop~4", "--to", "stage", "--yes"], more].concat();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = into(writer, windlass(&world, &args)).await;
        assert_eq!(
            ended.status.code(),
            Some(3),
            "{more:?}: {}",
            call::text(&ended.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_under_the_output_decides_nothing_about_a_run() {
    let world = world().await;
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let promote = windlass(
        &world,
        &["promote", "develop", "--to", "stage", "--yes", "--json"],
    );
    let ended = into(full(), promote).await;
    assert_eq!(ended.status.code(), Some(0));
    let said = call::text(&ended.stderr);
    assert!(
        said.contains("could not write") && !said.contains("interrupted"),
        "{said}"
    );
    // A command that only tells something has failed to.
    let ended = into(full(), windlass(&world, &["status"])).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(call::text(&ended.stderr).contains("could not write the output"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_has_seen_enough_is_no_failure() {
    let world = world().await;
    for args in [&["completions", "bash"][..], &["status"], &["board"], &["man"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = into(writer, windlass(&world, args)).await;
        assert_eq!(ended.status.code(), Some(0), "{args:?}");
        assert_eq!(call::text(&ended.stderr), "", "{args:?}");
    }
}

/// Whether a process has a handler for `signal`, by the mask that the kernel shows.
fn handles(pid: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal.as_raw() - 1)) != 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_in_the_first_moments_ends_a_command_with_130() {
    use std::os::unix::process::ExitStatusExt as _;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let image = format!("{}/app:x", silent.local_addr().unwrap());
    let start = || {
        call::program(folder.path(), folder.path(), &["registry", "manifest", &image])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    // As soon as the handlers are there: the last of the three is that of SIGHUP.
    for signal in [Signal::TERM, Signal::INT] {
        let mut running = start();
        let pid = running.id().unwrap();
        until("its handlers", || handles(pid, Signal::HUP));
        send(pid, signal);
        let ended = tokio::time::timeout(LIMIT, running.wait())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.code(), Some(130), "{signal:?}");
    }
    // At any moment: 130, or the end that the system gives whoever has not begun.
    for _ in 0..40 {
        let mut running = start();
        let pid = running.id().unwrap();
        let was_listening = handles(pid, Signal::TERM);
        send(pid, Signal::TERM);
        let ended = tokio::time::timeout(LIMIT, running.wait())
            .await
            .unwrap()
            .unwrap();
        let is_before_main = ended.signal() == Some(Signal::TERM.as_raw()) && !was_listening;
        assert!(ended.code() == Some(130) || is_before_main, "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_a_command_that_waits_with_130() {
    // It takes what it is sent and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let image = format!("{}/app:x", silent.local_addr().unwrap());
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut waiting = call::program(folder.path(), folder.path(), &["registry", "manifest", &image])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let connection = tokio::time::timeout(LIMIT, silent.accept())
            .await
            .unwrap()
            .unwrap();
        send(waiting.id().unwrap(), signal);
        let ended = tokio::time::timeout(LIMIT, waiting.wait())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ended.code(), Some(130), "{signal:?}");
        drop(connection);
    }
}

#[test]
fn a_terminal_that_can_do_little_gets_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"127.0.0.1:1/app\"\n";
    std::fs::write(folder.path().join("windlass.toml"), text).unwrap();
    git(folder.path(), &["init", "-q", "-b", "develop"]);
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "first"]);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
    command.cwd(folder.path());
    command.env("XDG_STATE_HOME", folder.path());
    let session = Session::open_as("dumb", command, 80, 24, folder);
    session.see("TERM=dumb");
    session.wait("the end", |seen| seen.ended);
    assert!(!session.seen.0.lock().unwrap().parser.screen().alternate_screen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_not_confirmed_changes_nothing_and_ends_with_1() {
    let world = world().await;
    let asked = windlass(&world, &["pin", "stage", "--reason", "load test"]);
    let asked = asked.as_std();
    let mut command = CommandBuilder::new(asked.get_program());
    command.args(asked.get_args());
    command.cwd(world.repository());
    for (name, value) in asked.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        }
    }
    let mut session = Session::open(command, 120, 40, tempfile::tempdir().unwrap());
    session.see("Continue? [y/N]");
    session.press("n\r");
    session.see("not confirmed: nothing was changed");
    assert_eq!(session.end().0, 1);
    assert!(!runs(&world).await.contains("pin"), "{}", runs(&world).await);
}
