//! How long windlass takes to show something, and how much memory it holds then, on a repository of 100,000 commits
//! whose registries do not answer. It prints figures beside their targets and never fails on one: they depend on the
//! machine and on what else it does.
//!
//! `cargo bench --bench start`

#[path = "console/mod.rs"]
mod console;
#[path = "console/repository.rs"]
mod repository;

use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use color_eyre::eyre::{OptionExt as _, bail};
use console::{COLUMNS, Console, LINES};
use repository::{COMMITS, subject};
use windlass::git::GitRepository;

type Result<T> = color_eyre::Result<T>;

const RUNS: usize = 10;
const ROWS: usize = 1_000;
/// When a start that shows nothing is given up.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    writeln!(
        out,
        "{cores} cores, load average {load}; {RUNS} runs, {COMMITS} commits\n"
    )?;

    let repository = repository::repository()?;
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
    let Console {
        mut child,
        output,
        begin,
        keys,
    } = Console::start(Path::new(env!("CARGO_BIN_EXE_windlass")), repository)?;
    let seen = watch(&output, begin);
    let memory = child.process_id().map(peak_memory);
    drop(keys);
    child.kill()?;
    child.wait()?;
    let (frame, rows) = seen?;
    let memory = memory.ok_or_eyre("the console has no process")??;
    Ok(Start { frame, rows, memory })
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
