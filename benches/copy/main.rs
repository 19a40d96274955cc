//! How `windlass copy` does beside crane, regctl, oras, skopeo and regsync: requests, time, throughput and memory, each
//! on the same registries in the same run. It prints tables of ratios beside the targets and never fails on a figure:
//! figures depend on the machine and on what else it does. It needs Go and skopeo; the tools are those of
//! `tests/interop/tools`, which it builds first.
//!
//! ```text
//! cargo bench --bench copy                                     all but the huge image, about five minutes
//! cargo bench --bench copy -- --only large --repetitions 5     one part; parts: small, delay, large, set
//! cargo bench --bench copy -- --only large --huge              also 16 layers of 1 GiB, made up on the way
//! ```
//!
//! The registries are two processes of distribution, which keep what they get in the folder for temporary files
//! (`TMPDIR`); requests are counted by a proxy before each. Where time or memory is measured there is no proxy, save
//! for the delay.

mod ground;
mod image;
mod large;
mod process;
mod set;
mod small;
mod synthetic;
mod table;
mod tools;

#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "it counts and delays here; that it also goes wrong is for the tests"
)]
#[path = "../../tests/support/proxy.rs"]
mod proxy;

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Parser;
use color_eyre::eyre::bail;
use tokio::signal::unix::{SignalKind, signal};

use self::ground::Ground;
use self::table::Table;

type Result<T> = color_eyre::Result<T>;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Requests for a small image of two platforms.
    Small,
    /// Its time, where each request takes 100 ms longer.
    Delay,
    /// Throughput and memory for large layers.
    Large,
    /// A hundred images that share layers.
    Set,
}

#[derive(Parser)]
struct Arguments {
    /// The parts to measure; all unless given.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each is measured; the tools take turns.
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
    /// Also copy 16 layers of 1 GiB, and look at the memory.
    #[arg(long)]
    huge: bool,
    /// Another windlass than the one of this build.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_windlass"))]
    windlass: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut end = signal(SignalKind::terminate())?;
    // Dropped, it stops the registries and removes what they have kept.
    tokio::select! {
        measured = measure(arguments) => measured,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = end.recv() => bail!("ended"),
    }
}

async fn measure(arguments: Arguments) -> Result<()> {
    // The first to install one wins; there is only this one.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let ground = Ground::new(arguments.windlass, arguments.repetitions).await?;
    let mut out = io::stdout();
    writeln!(out, "{}", ground.describe()?)?;
    for part in [Part::Small, Part::Delay, Part::Large, Part::Set] {
        if !arguments.only.is_empty() && !arguments.only.contains(&part) {
            continue;
        }
        let tables: Vec<Table> = match part {
            Part::Small => vec![small::requests(&ground).await?],
            Part::Delay => vec![small::delayed(&ground).await?],
            Part::Large => large::layers(&ground, arguments.huge).await?,
            Part::Set => set::images(&ground).await?,
        };
        for table in tables {
            writeln!(out, "{table}")?;
        }
    }
    Ok(())
}
