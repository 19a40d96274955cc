//! `windlass board`: the candidates of develop, newest first.

use std::io::Write as _;
use std::sync::Arc;

use clap::Args;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;

use super::args::Global;
use super::failure::Failure;
use super::{Output, World, table, words};
use crate::board::{Facts, Source};
use crate::domain::{Exit, age};
use crate::git::{Commit, GitError};

/// Candidates that are looked at at the same time.
const AT_ONCE: usize = 6;

/// Arguments of `board`.
#[derive(Debug, Args)]
pub struct BoardArgs {
    /// At most this many commits
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Lists commits with all that is known of their images.
pub async fn run(args: &BoardArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let source = source(&world)?;
    let git = &world.engine.config().git;
    let Some(repository) = &world.repository else {
        return Ok(Exit::Failed);
    };
    let commits = repository
        .history(git.develop.as_str(), &git.remote)?
        .next_page(repository, args.limit)?;
    let now = Timestamp::now();
    let looking: Vec<_> = commits
        .iter()
        .map(|commit| source.facts(&commit.sha, now, &|_| ()))
        .collect();
    let facts: Vec<Facts> = stream::iter(looking).buffered(AT_ONCE).collect().await;
    if args.json {
        let rows: Vec<_> = commits
            .iter()
            .zip(&facts)
            .map(|(commit, facts)| row_json(commit, facts))
            .collect();
        let document = serde_json::json!({ "version": 1, "service": world.service, "candidates": rows });
        serde_json::to_writer_pretty(&mut io.out, &document)?;
        writeln!(io.out)?;
        return Ok(Exit::Done);
    }
    let heads = ["COMMIT", "AGE", "AUTHOR", "SUBJECT", "IMAGE", "SCAN", "WHERE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for (commit, facts) in commits.iter().zip(&facts) {
        rows.push(vec![
            commit.sha.short().to_owned(),
            age(now.as_second() - commit.time.as_second()),
            commit.author.to_string(),
            cut(commit.subject.as_str(), 48),
            words::image(&facts.image),
            words::scan(&facts.scan, now),
            words::places(facts),
        ]);
    }
    table::print(&rows, &mut io.out)?;
    Ok(Exit::Done)
}

/// The sources of the board; they need a repository.
pub(super) fn source(world: &World) -> Result<Source, Failure> {
    let repository = world
        .repository
        .clone()
        .ok_or_else(|| GitError::NoRepository(world.engine.config().folder().to_owned()))?;
    Ok(Source::new(
        Arc::clone(world.engine.shared_config()),
        repository,
        world.registries.clone(),
        world.service.clone(),
    ))
}

/// A candidate as JSON; the form is documented in docs/json.md.
pub(super) fn row_json(commit: &Commit, facts: &Facts) -> serde_json::Value {
    serde_json::json!({
        "commit": commit.sha,
        "author": commit.author,
        "time": commit.time,
        "subject": commit.subject,
        "facts": facts,
    })
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
