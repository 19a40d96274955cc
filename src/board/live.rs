//! The board as it fills: commits page by page, facts for the rows that someone looks at, the newest wish first.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::row::{EnvironmentNow, Facts};
use super::source::Source;
use crate::domain::CommitSha;
use crate::git::{Commit, GitError, History};

/// Candidates whose facts are asked for at the same time.
const AT_ONCE: usize = 6;

/// Something new for the board.
#[derive(Debug, Clone)]
pub enum BoardUpdate {
    /// The next commits of the branch.
    Commits {
        /// In the order of the history.
        commits: Vec<Commit>,
        /// Whether there are no more.
        at_end: bool,
    },
    /// The history could not be read.
    HistoryFailed(String),
    /// What is known of one commit's image now.
    Facts {
        /// Which.
        commit: CommitSha,
        /// All that is known.
        facts: Box<Facts>,
    },
    /// What runs in the environments.
    Environments {
        /// In the order of the graph.
        environments: Vec<EnvironmentNow>,
        /// When that was found out.
        at: Timestamp,
    },
}

/// A board that is being looked at. Dropped, it stops asking.
pub struct Board {
    source: Source,
    wishes: watch::Sender<Wishes>,
    updates: UnboundedSender<BoardUpdate>,
    history: Arc<tokio::sync::Mutex<Option<History>>>,
}

#[derive(Debug, Clone, Default)]
struct Wishes {
    /// The commits in sight, most wanted first.
    visible: Vec<CommitSha>,
    /// Counts refreshes: at a new one, all is asked again.
    generation: u64,
}

impl Board {
    /// Opens the board; nothing is read yet. Must be called within a tokio runtime.
    pub fn open(source: Source) -> (Self, UnboundedReceiver<BoardUpdate>) {
        let (updates, receiver) = unbounded_channel();
        let (wishes, orders) = watch::channel(Wishes::default());
        tokio::spawn(fulfil(source.clone(), orders, updates.clone()));
        (
            Self {
                source,
                wishes,
                updates,
                history: Arc::default(),
            },
            receiver,
        )
    }

    /// The sources.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Reads the next `count` commits; they come as an update.
    pub fn more(&self, count: usize) {
        let (source, updates, history) = (
            self.source.clone(),
            self.updates.clone(),
            Arc::clone(&self.history),
        );
        tokio::spawn(async move {
            let mut held = history.lock_owned().await;
            let reading = tokio::task::spawn_blocking(move || read(&source, &mut held, count)).await;
            let update = match reading {
                Ok(Ok((commits, at_end))) => BoardUpdate::Commits { commits, at_end },
                Ok(Err(error)) => BoardUpdate::HistoryFailed(error.to_string()),
                Err(error) => BoardUpdate::HistoryFailed(error.to_string()),
            };
            // Whoever closed the board does not want it any more.
            let _ = updates.send(update);
        });
    }

    /// Says which commits are in sight, most wanted first; what left the sight is not asked for any more.
    pub fn look_at(&self, visible: Vec<CommitSha>) {
        self.wishes.send_if_modified(|wishes| {
            let changed = wishes.visible != visible;
            wishes.visible = visible;
            changed
        });
    }

    /// Asks for everything in sight again.
    pub fn refresh(&self) {
        self.wishes.send_modify(|wishes| wishes.generation += 1);
    }
}

fn read(source: &Source, held: &mut Option<History>, count: usize) -> Result<(Vec<Commit>, bool), GitError> {
    if held.is_none() {
        let git = &source.config.git;
        *held = Some(source.repository.history(git.develop.as_str(), &git.remote)?);
    }
    let Some(history) = held else {
        return Ok((Vec::new(), true));
    };
    let commits = history.next_page(&source.repository, count)?;
    Ok((commits, history.is_at_end()))
}

/// Asks for what is wished, a few candidates at a time, until the board is dropped.
async fn fulfil(source: Source, mut orders: watch::Receiver<Wishes>, updates: UnboundedSender<BoardUpdate>) {
    let mut known: HashSet<CommitSha> = HashSet::new();
    let mut generation = None;
    let mut asking = FuturesUnordered::new();
    loop {
        let wishes = orders.borrow_and_update().clone();
        if generation != Some(wishes.generation) {
            generation = Some(wishes.generation);
            known.clear();
            tokio::spawn(environments(source.clone(), updates.clone()));
        }
        for commit in wishes.visible {
            if asking.len() >= AT_ONCE {
                break;
            }
            if known.insert(commit.clone()) {
                asking.push(facts(source.clone(), commit, updates.clone()));
            }
        }
        tokio::select! {
            changed = orders.changed() => if changed.is_err() { return },
            Some(()) = asking.next(), if !asking.is_empty() => {}
        }
    }
}

async fn facts(source: Source, commit: CommitSha, updates: UnboundedSender<BoardUpdate>) {
    let tell = |facts: &Facts| {
        let facts = Box::new(facts.clone());
        let _ = updates.send(BoardUpdate::Facts {
            commit: commit.clone(),
            facts,
        });
    };
    source.facts(&commit, Timestamp::now(), &tell).await;
}

async fn environments(source: Source, updates: UnboundedSender<BoardUpdate>) {
    let environments = source.environments().await;
    let _ = updates.send(BoardUpdate::Environments {
        environments,
        at: Timestamp::now(),
    });
}
