//! `windlass releases`: open releases and hotfixes, and what each of them still owes.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::{Output, World, table};
use crate::domain::{Debt, Exit, Release, ServiceName, count};
use crate::engine::{Depth, Releases};
use crate::report::{self, State, Status};

/// Arguments of `releases`.
#[derive(Debug, Args)]
#[command(
    after_help = "Merging what is in production back to main, develop and the open releases stays outstanding until the \
         fix is there: by ancestry, by its patch if it was cherry-picked or squashed, or by the same content.\n\
         With --check, exits with 3 while anything is outstanding.\n\
         \n\
         Examples:\n  \
         windlass releases\n  \
         windlass releases --all --json\n  \
         windlass releases --check"
)]
pub struct ReleasesArgs {
    /// Exit with 3 if anything is outstanding or could not be determined
    #[arg(long)]
    pub check: bool,
    /// Include finished releases, however old
    #[arg(long)]
    pub all: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    service: &'a ServiceName,
    outstanding: bool,
    older: usize,
    stale: Option<&'a str>,
    releases: &'a [Release],
}

/// Lists releases with what is outstanding.
pub async fn run(args: &ReleasesArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let depth = if args.all { Depth::All } else { Depth::Recent };
    let releases = world.engine.releases(&world.service, depth).await?;
    if args.json {
        io.document(&Document {
            service: world.service.name(),
            outstanding: releases.has_debt(),
            older: releases.older,
            stale: releases.stale.as_deref(),
            releases: &releases.list,
        })?;
    } else {
        print(&world, &releases, args.all, io)?;
    }
    // What could not be asked is no proof that nothing is owed.
    let open = releases.has_debt() || releases.stale.is_some();
    Ok(if args.check && open {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn print(world: &World, releases: &Releases, all: bool, io: &mut Output) -> Result<(), Failure> {
    if let Some(why) = &releases.stale {
        writeln!(io.out, "~ stale: as last fetched, because {why}")?;
    }
    let is_shown = |release: &&Release| all || release.is_at_work();
    let shown: Vec<_> = releases.list.iter().filter(is_shown).collect();
    if shown.is_empty() {
        writeln!(io.out, "✓ {} has no open releases or hotfixes", world.service)?;
    }
    for release in &shown {
        one(release, io)?;
    }
    let hidden = releases.list.len() - shown.len() + releases.older;
    if hidden > 0 {
        writeln!(io.out, "{} not shown; use --all", finished(hidden))?;
    }
    Ok(())
}

fn finished(hidden: usize) -> String {
    if hidden == 1 {
        "1 finished release is".to_owned()
    } else {
        format!("{hidden} finished releases are")
    }
}

fn one(release: &Release, io: &mut Output) -> Result<(), Failure> {
    writeln!(
        io.out,
        "{} {}  {}  {}",
        release.kind,
        release.name(),
        release.branch,
        report::release_state(release)
    )?;
    let mut rows = vec![vec![
        "  head".to_owned(),
        format!(
            "{}  {}{}",
            release.head.short(),
            release.subject,
            fixes(release.fixes)
        ),
    ]];
    rows.push(vec!["  candidate".to_owned(), candidate(release)]);
    if let Some(next) = report::begun(release) {
        rows.push(vec!["  next".to_owned(), next.to_string()]);
    }
    if let Some(trouble) = &release.trouble {
        rows.push(vec!["  name".to_owned(), format!("✗ {trouble}")]);
    }
    for debt in &release.debts {
        rows.push(vec![format!("  {}", debt.what.words()), task(debt)]);
    }
    Ok(table::print(&rows, None, &mut io.out)?)
}

fn fixes(fixes: usize) -> String {
    match fixes {
        0 => String::new(),
        n => format!(" ({} on the branch)", count(n, "commit")),
    }
}

/// Which candidate it is bound to, and where a commit of the branch is deployed.
fn candidate(release: &Release) -> String {
    let deployed = report::deployed(release).into_iter().map(|status| status.words);
    let parts: Vec<_> = std::iter::once(report::candidate(release).to_string())
        .chain(deployed)
        .collect();
    parts.join("; ")
}

/// A task in words: symbol, word and reason.
fn task(debt: &Debt) -> String {
    match report::task(debt) {
        // How it was done says that it is.
        done if done.state == State::Ok => Status::new(State::Ok, debt.state.why()).to_string(),
        status => format!("{status}: {}", debt.state.why()),
    }
}
