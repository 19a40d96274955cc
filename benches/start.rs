//! How long windlass takes to show something, and how much memory it holds then, on a repository of 100,000 commits
//! whose registries do not answer. It prints figures beside their targets and never fails on one: they depend on the
//! machine and on what else it does.
//!
//! `cargo bench --bench start`

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use color_eyre::eyre::{OptionExt as _, bail, eyre};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use windlass::config::{Config, Trust};
use windlass::git::{self, GitRepository};

type Result<T> = color_eyre::Result<T>;

const COMMITS: usize = 100_000;
const RUNS: usize = 10;
const ROWS: usize = 1_000;
const COLUMNS: NonZero<u16> = NonZero::new(200).unwrap();
const LINES: NonZero<u16> = NonZero::new(60).unwrap();
/// When a start that shows nothing is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// The registries are loopback ports of services that nobody runs any more.
const CONFIGURATION: &str = r#"
[[service]]
name = "payment-svc"

[[environment]]
name = "dev"
image = "127.0.0.1:1/dev/{service}"

[[environment]]
name = "stage"
from = "dev"
image = "127.0.0.1:1/stage/{service}"

[[environment]]
name = "prod"
from = "stage"
image = "127.0.0.1:2/{service}"
protected = true

[registry."127.0.0.1:1"]
plain_http = true

[registry."127.0.0.1:2"]
plain_http = true
"#;

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    writeln!(
        out,
        "{cores} cores, load average {load}; {RUNS} runs, {COMMITS} commits\n"
    )?;

    let repository = repository()?;
    let mut page = Vec::new();
    let mut starts = Vec::new();
    for _ in 0..RUNS {
        page.push(milliseconds(first_page(&repository)?));
        starts.push(start(&repository)?);
    }
    let of = |figure: fn(&Start) -> f64| starts.iter().map(figure).collect::<Vec<_>>();

    writeln!(out, "{:<34} {:>9}   {:>17}   target", "", "median", "min–max")?;
    let mut line = |name: &str, unit: &str, figures: Vec<f64>, target: &str| {
        let spread = Spread::of(figures);
        let range = format!("{:.1}–{:.1}", spread.least, spread.most);
        writeln!(
            out,
            "{name:<34} {:>6.1} {unit}   {range:>14} {unit}   {target}",
            spread.median
        )
    };
    line(
        "start to first frame",
        "ms",
        of(|start| milliseconds(start.frame)),
        "≤ 50 ms",
    )?;
    line(
        "start to first rows on screen",
        "ms",
        of(|start| milliseconds(start.rows)),
        "",
    )?;
    line("first 1,000 commits, library", "ms", page, "≤ 100 ms")?;
    line(
        "most memory until then",
        "MB",
        of(|start| start.memory),
        "≤ 80 MB",
    )?;
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Opens the repository and reads the first rows, as the console does.
fn first_page(repository: &Path) -> Result<Duration> {
    let begin = Instant::now();
    let git = GitRepository::discover(repository)?;
    let commits = git.history("develop", "origin")?.next_page(&git, ROWS)?;
    let taken = begin.elapsed();
    if commits.len() != ROWS {
        bail!("the history has {} commits only", commits.len());
    }
    Ok(taken)
}

/// What one start of the console showed.
struct Start {
    /// Until the title and all environments were on the screen.
    frame: Duration,
    /// Until the newest and the last commit that fit were, too.
    rows: Duration,
    /// The most memory that was resident at any moment until then, in MB of 1,000,000 bytes.
    memory: f64,
}

/// Starts the console in a pseudo-terminal and looks at what a person would see.
fn start(repository: &Path) -> Result<Start> {
    let failed = |error| eyre!("the pseudo-terminal: {error:#}");
    let size = PtySize {
        rows: LINES.get(),
        cols: COLUMNS.get(),
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).map_err(failed)?;
    let mut command = CommandBuilder::new(OsStr::new(env!("CARGO_BIN_EXE_windlass")));
    command.cwd(repository);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("XDG_STATE_HOME", repository.with_extension("state"));
    // The registries speak plain HTTP, which a repository's file may only ask for once it is trusted.
    command.env("WINDLASS_TRUST", trusted(repository));
    let output = read(pair.master.try_clone_reader().map_err(failed)?);

    let begin = Instant::now();
    let mut child = pair.slave.spawn_command(command).map_err(failed)?;
    drop(pair.slave);
    let seen = watch(&output, begin);
    let memory = child.process_id().map(peak_memory);
    child.kill()?;
    child.wait()?;
    let (frame, rows) = seen?;
    let memory = memory.ok_or_eyre("the console has no process")??;
    Ok(Start { frame, rows, memory })
}

/// The hash that trusts the settings of the repository's windlass.toml as they are.
fn trusted(repository: &Path) -> String {
    let config = Config::open(&repository.join("windlass.toml"), None, &Trust::default());
    config.map_or_else(|_| String::new(), |config| config.withheld.hash().to_string())
}

/// What the console writes, with the moment of its arrival: interpreting it is not part of the time.
fn read(mut pty: Box<dyn std::io::Read + Send>) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        // The end of the console is an error on a pseudo-terminal of Linux.
        while let Ok(count) = pty.read(&mut buffer)
            && count > 0
            && sender.send((Instant::now(), buffer[..count].to_vec())).is_ok()
        {}
    });
    receiver
}

/// When the first frame was on the screen, and when the rows were.
fn watch(output: &Receiver<(Instant, Vec<u8>)>, begin: Instant) -> Result<(Duration, Duration)> {
    let mut screen = vt100::Parser::new(LINES, COLUMNS, 0);
    let mut frame = None;
    loop {
        let Ok((at, bytes)) = output.recv_timeout(PATIENCE) else {
            bail!(
                "the console did not show a board; the screen:\n{}",
                screen.screen().contents()
            );
        };
        if at.duration_since(begin) > PATIENCE {
            bail!(
                "the console showed no rows; the screen:\n{}",
                screen.screen().contents()
            );
        }
        screen.process(&bytes);
        let shown = screen.screen().contents();
        let has = |text: &str| shown.contains(text);
        if frame.is_none()
            && has("windlass · payment-svc")
            && has("dev")
            && has("stage")
            && has("prod protected")
        {
            frame = Some(at.duration_since(begin));
        }
        // Not only the newest: half a screen of them.
        if let Some(frame) = frame
            && (0..usize::from(LINES.get()) / 2).all(|nth| has(&subject(COMMITS - nth)))
        {
            return Ok((frame, at.duration_since(begin)));
        }
    }
}

/// The most memory that a process ever had resident, in MB.
fn peak_memory(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or_eyre("the system does not tell the memory of a process")?
        .parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}

/// Some figures, in short.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        Self {
            median: f64::midpoint(figures[(figures.len() - 1) / 2], figures[middle]),
            least: figures[0],
            most: figures[figures.len() - 1],
        }
    }
}

/// The repository, made once and kept with all that is built.
fn repository() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (folder, making) = (target.join("start"), target.join("start-in-the-making"));
    if !folder.join(".git").exists() {
        // Whatever was interrupted begins anew.
        for half in [&making, &target.join("start-origin.git")] {
            if half.exists() {
                std::fs::remove_dir_all(half)?;
            }
        }
        let origin = target.join("start-origin.git");
        git::import(&making, &origin, "develop", history().as_bytes())?;
        std::fs::rename(&making, &folder)?;
    }
    std::fs::write(folder.join("windlass.toml"), CONFIGURATION)?;
    Ok(folder)
}

fn subject(nth: usize) -> String {
    format!("feat(api): change number {nth:06}")
}

/// A straight line of commits, one for every ten minutes, as a stream of `git fast-import`.
fn history() -> String {
    const AUTHORS: [&str; 4] = ["ada", "grace", "edsger", "barbara"];
    let mut stream = String::with_capacity(COMMITS * 256);
    for nth in 1..=COMMITS {
        let author = AUTHORS[nth % AUTHORS.len()];
        let time = 1_700_000_000 + nth * 600;
        let message = format!("{}\n\nRefs: PAY-{nth}\n", subject(nth));
        // Writing to a string does not fail.
        let _ = write!(
            stream,
            "commit refs/heads/develop\nmark :{nth}\nauthor {author} <{author}@example.com> {time} +0000\n\
             committer {author} <{author}@example.com> {time} +0000\ndata {}\n{message}\n",
            message.len()
        );
    }
    stream
}
