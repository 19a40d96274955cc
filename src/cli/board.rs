//! `windlass board`: the candidates of develop, newest first.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

use clap::Args;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::{Output, World, table, words};
use crate::board::{Facts, Source};
use crate::domain::{Clean, CommitSha, Exit, ServiceName, age};
use crate::git::{Commit, GitError, GitRepository};

/// Candidates that are looked at at the same time.
const AT_ONCE: usize = 6;

/// Columns of the subject, at most.
const SUBJECT: usize = 48;

/// Arguments of `board`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass board --limit 50\n  \
         windlass board --json\n\
         Exits with 1 if something could not be determined; everything else is still printed.")]
pub struct BoardArgs {
    /// Show at most this many commits
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    service: &'a ServiceName,
    candidates: Vec<Candidate<'a>>,
}

/// A candidate as JSON.
#[derive(Serialize)]
pub(super) struct Candidate<'a> {
    commit: &'a CommitSha,
    author: &'a Clean,
    time: Timestamp,
    subject: &'a Clean,
    facts: &'a Facts,
}

impl<'a> Candidate<'a> {
    pub(super) const fn new(commit: &'a Commit, facts: &'a Facts) -> Self {
        Self {
            commit: &commit.sha,
            author: &commit.author,
            time: commit.time,
            subject: &commit.subject,
            facts,
        }
    }
}

/// Lists commits with all that is known of their images.
pub async fn run(args: &BoardArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let source = source(&world, repository(&world)?);
    let mut history = source.history()?;
    let mut commits = source.next_commits(&mut history, args.limit, args.limit)?;
    commits.truncate(args.limit);
    let now = Timestamp::now();
    let looking: Vec<_> = commits
        .iter()
        .map(|commit| source.facts(&commit.sha, now, &|_| ()))
        .collect();
    let facts: Vec<Facts> = stream::iter(looking).buffered(AT_ONCE).collect().await;
    let failures: BTreeSet<&str> = facts.iter().flat_map(Facts::failures).collect();
    if args.json {
        let candidates: Vec<_> = commits
            .iter()
            .zip(&facts)
            .map(|(commit, facts)| Candidate::new(commit, facts))
            .collect();
        io.document(&Document {
            service: world.service.name(),
            candidates,
        })?;
    } else {
        let heads = ["COMMIT", "AGE", "AUTHOR", "SUBJECT", "IMAGE", "SCAN", "WHERE"];
        let rows = commits.iter().zip(&facts).map(|(commit, facts)| {
            vec![
                commit.sha.short().to_owned(),
                age(now.as_second() - commit.time.as_second()),
                commit.author.to_string(),
                table::cut(commit.subject.as_str(), SUBJECT),
                words::brief(&facts.image, words::image(&facts.image)),
                words::brief(&facts.scan, words::scan(&facts.scan, now)),
                words::places(facts),
            ]
        });
        let rows: Vec<_> = std::iter::once(heads.map(str::to_owned).to_vec())
            .chain(rows)
            .collect();
        table::print(&rows, io.columns(), &mut io.out)?;
        for why in &failures {
            writeln!(io.out, "✗ failed: {why}")?;
        }
    }
    Ok(if failures.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// The repository, which the board cannot do without.
pub(super) fn repository(world: &World) -> Result<Arc<GitRepository>, Failure> {
    let none = || GitError::NoRepository(world.engine.config().folder().to_owned());
    Ok(world.repository.clone().ok_or_else(none)?)
}

/// The sources of the board.
pub(super) fn source(world: &World, repository: Arc<GitRepository>) -> Source {
    Source::new(world.service.clone(), repository)
}
