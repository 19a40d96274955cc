//! `windlass show`: all that is known of one candidate, and what each gate says.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;

use super::args::Global;
use super::board::source;
use super::failure::Failure;
use super::{Output, World, plan, table, words};
use crate::board::Cell;
use crate::domain::{EnvironmentName, Exit, Gate, bytes};
use crate::engine::{Command, EngineError};

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A commit, an image tag, a digest or a release branch
    pub candidate: String,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What the gates of one environment say.
#[derive(serde::Serialize)]
struct Way {
    to: EnvironmentName,
    gates: Vec<Gate>,
    /// Why no plan could be made at all.
    error: Option<String>,
}

/// Shows the candidate.
pub async fn run(args: &ShowArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let source = source(&world)?;
    let engine = &world.engine;
    let named = engine.resolve(&args.candidate).await;
    let sha = if let Ok(commit) = named {
        commit.sha
    } else {
        // Not git's: then it is an image, and the image says its commit.
        let entrance = engine.config().graph.entrance();
        let candidate = engine
            .candidate(&world.service, &args.candidate, entrance)
            .await?;
        candidate.commit.ok_or_else(|| EngineError::NoCandidate {
            text: crate::domain::clean_line(&args.candidate),
            why: "its image does not say which commit it was built from".to_owned(),
        })?
    };
    let commit = engine.resolve(sha.as_str()).await?;
    let now = Timestamp::now();
    let facts = source.facts(&sha, now, &|_| ()).await;
    let ways = ways(&world, sha.as_str()).await;
    if args.json {
        let mut document = super::board::row_json(&commit, &facts);
        document["version"] = 1.into();
        document["gates"] = serde_json::to_value(&ways)?;
        serde_json::to_writer_pretty(&mut io.out, &document)?;
        writeln!(io.out)?;
        return Ok(Exit::Done);
    }
    writeln!(io.out, "{}  {}", commit.sha.short(), commit.subject)?;
    let mut rows = vec![
        vec!["  commit".to_owned(), commit.sha.to_string()],
        vec![
            "  author".to_owned(),
            format!("{}, {}", commit.author, commit.time),
        ],
        vec!["  image".to_owned(), words::image(&facts.image)],
    ];
    if let Cell::Ready(image) = &facts.image {
        rows.push(vec!["  digest".to_owned(), image.digest.to_string()]);
        let platforms = image
            .platforms
            .iter()
            .map(|(platform, size)| format!("{platform} {}", bytes(*size)));
        rows.push(vec![
            "  platforms".to_owned(),
            platforms.collect::<Vec<_>>().join(", "),
        ]);
    }
    rows.push(vec!["  scan".to_owned(), words::scan(&facts.scan, now)]);
    rows.push(vec!["  where".to_owned(), words::places(&facts)]);
    table::print(&rows, &mut io.out)?;
    for way in &ways {
        writeln!(io.out, "to {}", way.to)?;
        for gate in &way.gates {
            writeln!(
                io.out,
                "  {} {:<10} {}",
                plan::symbol(&gate.verdict),
                gate.name,
                gate.verdict.reason()
            )?;
        }
        if let Some(error) = &way.error {
            writeln!(io.out, "  ✗ {error}")?;
        }
    }
    Ok(Exit::Done)
}

/// Each promotion that could come, with its gates.
async fn ways(world: &World, candidate: &str) -> Vec<Way> {
    let mut ways = Vec::new();
    for environment in world
        .engine
        .config()
        .graph
        .all()
        .iter()
        .filter(|e| !e.from.is_empty())
    {
        let command = Command::Promote {
            service: world.service.clone(),
            candidate: candidate.to_owned(),
            to: environment.name.clone(),
            from: None,
        };
        let (gates, error) = match world.engine.plan(&command).await {
            Ok(plan) => (plan.gates, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        ways.push(Way {
            to: environment.name.clone(),
            gates,
            error,
        });
    }
    ways
}
