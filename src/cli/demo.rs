//! `windlass demo`: the sample world, in the console or played through without one.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::args::Global;
use super::failure::Failure;
use super::world::access;
use super::{ConsoleRequest, Outcome, Output, plan, report, signals};
use crate::demo::{World, WorldOptions};
use crate::domain::{Exit, Plan};
use crate::engine::{Command, Engine, Secrets};
use crate::sign::{self, PublicKey};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the world in this folder, so that other tools can look at it; found there again the next time
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Play the journey without a terminal: cut, promote to stage and prod, sign, verify
    #[arg(long)]
    pub headless: bool,
}

/// Builds the world and opens the console on it, plays the journey, or only keeps it up for other tools.
pub async fn run(args: DemoArgs, global: &Global, io: &mut Output) -> Result<Outcome, Failure> {
    let access = access(&Global {
        read_only: false,
        ..global.clone()
    })?;
    writeln!(io.err, "building the sample world …")?;
    let options = WorldOptions {
        folder: args.dir,
        now: jiff::Timestamp::now(),
    };
    let world = World::open(options, access).await?;
    if args.headless {
        return Ok(Outcome::Ended(journey(&world, global, io).await?));
    }
    let opened = super::World::of(world.engine()?, global)?;
    let pipeline = world.pipeline()?;
    if io.out_is_terminal && io.in_is_terminal {
        return Ok(Outcome::Console(Box::new(ConsoleRequest {
            world: opened,
            read_only: global.read_only,
            ascii: global.ascii,
            sample: Some((world, pipeline)),
        })));
    }
    serve(&world, io).await?;
    Ok(Outcome::Ended(Exit::Done))
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
    writeln!(
        io.out,
        "pipeline    builds what is pushed to develop, to releases and to hotfixes of {}",
        world.origin().display()
    )?;
    writeln!(
        io.out,
        "no terminal here: the world stays up until this is ended (Ctrl-C)"
    )?;
    io.out.flush()?;
    let ended = CancellationToken::new();
    let listening = signals::cancel_on_signal(ended.clone());
    ended.cancelled().await;
    listening.abort();
    Ok(())
}

/// The whole way of one candidate, each step as the commands would show it.
async fn journey(world: &World, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let engine = world.engine()?;
    let service = super::World::of(Arc::clone(&engine), global)?.service;
    let commit = engine.resolve("develop").await?.sha;
    writeln!(io.out, "The newest commit of develop is {}.", commit.short())?;
    let promote = |to: &str| -> Result<Command, Failure> {
        let to = to
            .parse()
            .map_err(|error: crate::domain::NameError| Failure::usage(error.to_string(), ""))?;
        Ok(Command::Promote {
            service: service.clone(),
            candidate: commit.to_string(),
            to,
            from: None,
            reason: None,
            hotfix: false,
        })
    };
    let cut = Command::Cut {
        service: service.clone(),
        commit: commit.to_string(),
        version: None,
        sprint: None,
    };
    let mut digest = None;
    for (title, command) in [
        ("Cut the release", cut),
        ("Promote to stage", promote("stage")?),
        ("Promote to prod, and sign", promote("prod")?),
    ] {
        writeln!(io.out, "\n── {title} ──")?;
        let planned = engine.plan(&command).await?;
        digest.clone_from(&planned.digest);
        let exit = carry_out(&engine, planned, global, io).await?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    let Some(digest) = digest else {
        return Ok(Exit::Failed);
    };
    writeln!(io.out, "\n── Verify, by public key ──")?;
    let key = PublicKey::load(&world.folder().join("keys/cosign.pub"))?;
    let places = engine.places(&service, &digest).await?;
    if let Some(prod) = places.last() {
        let reader = engine.registries().reader(&prod.image.repository);
        sign::verify(&reader, &digest, &key).await?;
        writeln!(io.out, "✓ {} is signed", prod.image)?;
    }
    writeln!(io.out, "\n── One digest, everywhere ──")?;
    for place in &places {
        writeln!(io.out, "{:<6} {}", place.environment, place.digest)?;
    }
    let same = places.len() == engine.config().graph.all().len();
    Ok(if same { Exit::Done } else { Exit::Failed })
}

async fn carry_out(
    engine: &Arc<Engine>,
    planned: Plan,
    global: &Global,
    io: &mut Output,
) -> Result<Exit, Failure> {
    plan::print(&planned, &mut io.out)?;
    writeln!(io.out)?;
    let access = access(&Global {
        read_only: false,
        ..global.clone()
    })?;
    let run = engine.start(planned, access, Secrets::default())?;
    report::follow_plainly(run, io).await
}
