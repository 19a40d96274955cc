//! `windlass locks`: what is locked at the remote.

use std::io::Write as _;

use clap::Args;
use jiff::Timestamp;

use super::failure::Failure;
use super::global::Global;
use super::{Output, table, words, world::World};
use crate::domain::{Exit, LockNote, LockPart, LockStanding, ServiceName, age};
use crate::git::LockAt;

/// Arguments of `locks`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass locks")]
pub struct LocksArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(serde::Serialize)]
struct Document<'a> {
    locks: Vec<Entry<'a>>,
}

/// One lock; what is not known of an unknown owner is null, and so is the service of a lock that is for all of them.
#[derive(serde::Serialize)]
struct Entry<'a> {
    service: Option<&'a ServiceName>,
    scope: LockPart,
    owner: Option<&'a str>,
    host: Option<&'a str>,
    run: Option<&'a str>,
    purpose: Option<&'a str>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    state: &'static str,
}

/// Lists all locks, those of other services too.
pub async fn run(args: &LocksArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let world = World::open(global)?;
    let locks = world.engine.locks().await?;
    let now = Timestamp::now();
    if args.json {
        let locks = locks.iter().map(|found| Entry::new(found, now)).collect();
        io.document(&Document { locks })?;
    } else if locks.is_empty() {
        writeln!(io.out, "no locks on {}", world.engine.config().git.remote)?;
    } else {
        let rows: Vec<_> = locks.iter().map(|found| row(found, now)).collect();
        table::print(&rows, io.columns(), &mut io.out)?;
    }
    Ok(Exit::Done)
}

impl<'a> Entry<'a> {
    fn new(found: &'a LockAt, now: Timestamp) -> Self {
        let subject = &found.lock.subject;
        let note = found.lock.note.as_ref();
        Self {
            service: subject.service(),
            scope: subject.part(),
            owner: note.map(LockNote::owner),
            host: note.map(LockNote::host),
            run: note.map(LockNote::run),
            purpose: note.map(LockNote::purpose),
            since: note.map(LockNote::taken),
            until: note.map(LockNote::expires),
            state: match found.lock.standing(now) {
                LockStanding::Held => "held",
                LockStanding::Stale { .. } => "stale",
            },
        }
    }
}

fn row(found: &LockAt, now: Timestamp) -> Vec<String> {
    let subject = &found.lock.subject;
    let note = found.lock.note.as_ref();
    let state = match (found.lock.standing(now), note) {
        (LockStanding::Held, Some(_)) => "✓ held",
        (LockStanding::Held, None) => "? held",
        (LockStanding::Stale { .. }, _) => "~ stale",
    };
    let times = note.map_or_else(String::new, |note| {
        let since = words::ago(Some(note.taken()), now);
        let left = note.expires().duration_since(now).as_secs();
        if left >= 0 {
            format!("acquired {since}, expires in {}", age(left.max(60)))
        } else {
            format!(
                "acquired {since}, expired {}",
                words::ago(Some(note.expires()), now)
            )
        }
    });
    vec![
        subject
            .service()
            .map_or_else(|| "all services".to_owned(), ToString::to_string),
        subject.part().to_string(),
        state.to_owned(),
        found.lock.holder(),
        times,
        note.map_or_else(String::new, |note| note.purpose().to_owned()),
    ]
}
