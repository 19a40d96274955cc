//! `windlass demo`: the sample world, in the console or played through without one.

mod journey;
mod service;

pub use service::{ServiceArgs, run as service};

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::global::Global;
use super::world::access_to_state;
use super::{ConsoleRequest, Outcome, Output};
use crate::config::{Config, FILE_NAME, Trust, TrustStore};
use crate::demo::{World, WorldOptions};
use crate::domain::{Exit, WriteAccess};
use crate::program::cancel_on_signal;
use crate::state;

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass demo\n  \
         windlass demo --dir ./demo\n  \
         windlass demo --headless")]
pub struct DemoArgs {
    /// Keep the demo in this folder and reuse it the next time
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Play the release flow without a terminal: a release with a fix, stage, prod, a hotfix and a rollback
    #[arg(long)]
    pub headless: bool,
}

/// Builds the world and opens the console on it, plays the journey, or only keeps it up for other tools.
pub async fn run(args: DemoArgs, global: &Global, io: &mut Output) -> Result<Outcome, Failure> {
    let access = access_to_state(&Global {
        read_only: false,
        ..global.clone()
    })?;
    // The journey begins at the beginning, wherever the last one left the world.
    if let Some(folder) = args.dir.as_ref().filter(|_| args.headless)
        && World::discard(folder, access)?
    {
        writeln!(
            io.err,
            "the demo in {} was already played: starting afresh",
            folder.display()
        )?;
    }
    writeln!(io.err, "setting up the demo …")?;
    let keeps = args.dir.is_some();
    let now = jiff::Timestamp::now();
    let options = WorldOptions {
        folder: args.dir,
        now,
    };
    let mut world = World::open(options, access).await?;
    let program = std::env::current_exe()?;
    world.run_services(&program).await?;
    // The journey is played without anybody who could approve something.
    if !args.headless {
        world.start_forge(&program).await?;
    }
    if keeps {
        trust_own_file(&world, access)?;
    }
    if args.headless {
        return Ok(Outcome::Ended(journey::play(&world, global, io).await?));
    }
    let opened = super::World::of(world.engine()?, global)?;
    let pipeline = world.pipeline()?;
    let fleet = world.fleet(&opened.engine, now).await?;
    if io.out_is_terminal && io.in_is_terminal {
        return Ok(Outcome::Console(Box::new(ConsoleRequest {
            fleet: Some(("demo".to_owned(), fleet)),
            service: Some((opened.engine, opened.service)),
            read_only: global.read_only,
            ascii: global.ascii,
            sample: Some((world, pipeline)),
        })));
    }
    serve(&world, io).await?;
    Ok(Outcome::Ended(Exit::Done))
}

/// The configuration of a world that is kept was written a moment ago by this very program: whoever goes on in its folder
/// need not be asked about it.
fn trust_own_file(world: &World, access: WriteAccess) -> Result<(), Failure> {
    let config = Config::open(&world.repository().join(FILE_NAME), None, &Trust::default())?;
    let store = TrustStore::in_state(&state::folder_of_user());
    store.add(
        &config.path,
        config.withheld.hash(),
        jiff::Timestamp::now(),
        access,
    )?;
    Ok(())
}

/// Keeps the world up until a signal comes.
async fn serve(world: &World, io: &mut Output) -> Result<(), Failure> {
    writeln!(io.out, "repository  {}", world.repository().display())?;
    writeln!(
        io.out,
        "registries  {} (dev, stage)  {} (prod)",
        world.shared_host(),
        world.production_host()
    )?;
    if let Some(api) = world.forge_api() {
        writeln!(
            io.out,
            "forge       {api} (prod runs there, once it is approved: windlass approve --github RUN --env prod)"
        )?;
    }
    for serving in world.services().await {
        writeln!(
            io.out,
            "{:<10}  {} runs at http://127.0.0.1:{}",
            serving.environment.as_str(),
            serving.digest.short(),
            serving.port
        )?;
    }
    writeln!(
        io.out,
        "pipeline    builds what is pushed to develop, release and hotfix branches of {}",
        world.origin().display()
    )?;
    writeln!(
        io.out,
        "no terminal: the demo keeps running until it is stopped (Ctrl-C)"
    )?;
    io.out.flush()?;
    let ended = CancellationToken::new();
    let _handling = cancel_on_signal(&ended);
    ended.cancelled().await;
    Ok(())
}
