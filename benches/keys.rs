//! How long it takes from a key that is written to the console's terminal to the first byte that comes back, and how many
//! bytes a moved selection costs; on a repository of 100,000 commits whose registries do not answer, at 200×60. It prints
//! figures beside their targets and never fails on one.
//!
//! `cargo bench --bench keys`, or `cargo bench --bench keys -- --windlass PATH` for another build.

#[path = "console/mod.rs"]
mod console;
#[path = "console/repository.rs"]
mod repository;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use color_eyre::eyre::{OptionExt as _, bail};
use console::{COLUMNS, Console, LINES};
use repository::{COMMITS, subject};

type Result<T> = color_eyre::Result<T>;

/// Samples of each figure.
const ROW_MOVES: usize = 400;
const SWITCHES: usize = 200;
const DIALOGS: usize = 200;
/// A console that shows nothing for so long has answered a key.
const QUIET: Duration = Duration::from_millis(30);
/// When a console that shows nothing is given up.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let cores = std::thread::available_parallelism()?;
    writeln!(out, "{cores} cores, load average {load}; {COMMITS} commits\n")?;
    let repository = repository::repository()?;
    let mut desk = Desk::open(&program()?, &repository)?;
    let opened = desk.console.begin.elapsed().as_millis();
    writeln!(out, "the board was open and quiet after {opened} ms\n")?;
    writeln!(
        out,
        "{:<30} {:>8} {:>8} {:>8}   {:>6}   target",
        "key to first byte", "p50", "p99", "most", "keys"
    )?;
    let mut line = |name: &str, samples: &[Sample]| {
        let mut times: Vec<_> = samples.iter().map(|sample| sample.time).collect();
        times.sort();
        let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1000].as_secs_f64() * 1000.0;
        writeln!(
            out,
            "{name:<30} {:>5.2} ms {:>5.2} ms {:>5.2} ms   {:>6}   p99 ≤ 8 ms",
            at(500),
            at(990),
            at(1000),
            times.len()
        )
    };
    // Down a page and up again: no row moves the table, then each does.
    let moves = desk.play(&["j", "j", "j", "k"], ROW_MOVES)?;
    line("a row moved", &moves)?;
    line("board and releases", &desk.play(&["R", "\x1b"], SWITCHES)?)?;
    let dialogs = desk.play(&["c", "\x1b"], DIALOGS)?;
    let opened: Vec<_> = dialogs.iter().step_by(2).copied().collect();
    line("a plan dialog opened", &opened)?;
    let mut bytes: Vec<_> = moves.iter().map(|sample| sample.bytes).collect();
    bytes.sort_unstable();
    writeln!(
        out,
        "\nbytes for a row moved          {:>5} p50 {:>5} p99                        ≤ 600",
        bytes[bytes.len() / 2],
        bytes[(bytes.len() - 1) * 99 / 100]
    )?;
    desk.close()
}

/// The program that is measured.
fn program() -> Result<PathBuf> {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--windlass" {
            return Ok(arguments.next().ok_or_eyre("--windlass needs a path")?.into());
        }
    }
    Ok(env!("CARGO_BIN_EXE_windlass").into())
}

/// What one key came to.
#[derive(Clone, Copy)]
struct Sample {
    /// From the key to the first byte.
    time: Duration,
    /// All bytes until the console was quiet again.
    bytes: usize,
}

/// A console, and what it shows.
struct Desk {
    console: Console,
    screen: vt100::Parser,
}

impl Desk {
    /// Opens the board, and waits until its rows are there and nothing moves.
    fn open(program: &Path, repository: &Path) -> Result<Self> {
        let mut desk = Self {
            console: Console::start(program, repository)?,
            screen: vt100::Parser::new(LINES, COLUMNS, 0),
        };
        let newest = subject(COMMITS);
        while !desk.screen.screen().contents().contains(&newest) {
            let Ok((_, bytes)) = desk.console.output.recv_timeout(PATIENCE) else {
                bail!(
                    "the console showed no rows; the screen:\n{}",
                    desk.screen.screen().contents()
                );
            };
            desk.screen.process(&bytes);
        }
        desk.settle();
        Ok(desk)
    }

    /// Everything that comes until the console is quiet: how many bytes.
    fn settle(&mut self) -> usize {
        let mut count = 0;
        while let Ok((_, bytes)) = self.console.output.recv_timeout(QUIET) {
            count += bytes.len();
            self.screen.process(&bytes);
        }
        count
    }

    /// Presses the keys in turn, `times` keys in all.
    fn play(&mut self, keys: &[&str], times: usize) -> Result<Vec<Sample>> {
        let mut samples = Vec::with_capacity(times);
        for key in keys.iter().cycle().take(times) {
            let begin = Instant::now();
            self.console.keys.write_all(key.as_bytes())?;
            self.console.keys.flush()?;
            let Ok((at, bytes)) = self.console.output.recv_timeout(PATIENCE) else {
                bail!(
                    "the console did not answer the key {key:?}; the screen:\n{}",
                    self.screen.screen().contents()
                );
            };
            self.screen.process(&bytes);
            samples.push(Sample {
                time: at.duration_since(begin),
                bytes: bytes.len() + self.settle(),
            });
        }
        Ok(samples)
    }

    fn close(mut self) -> Result<()> {
        self.console.child.kill()?;
        self.console.child.wait()?;
        Ok(())
    }
}
