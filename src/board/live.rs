//! The board as it fills: commits page by page, facts for the rows that someone looks at, the newest wish first.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

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
    /// What is deployed to the environments.
    Environments {
        /// In the order of the graph.
        environments: Vec<EnvironmentNow>,
        /// When that was found out.
        at: Timestamp,
        /// Whether they were asked alone, and nothing else is newer.
        alone: bool,
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
    /// Counts looks at the environments alone.
    looks: u64,
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
        let told = updates.clone();
        tokio::spawn(async move {
            let mut held = history.lock_owned().await;
            let reading = tokio::task::spawn_blocking(move || {
                let update = match read(&source, &mut held, count) {
                    Ok((commits, at_end)) => BoardUpdate::Commits { commits, at_end },
                    Err(error) => BoardUpdate::HistoryFailed(error.to_string()),
                };
                // Told while the history is held, so that pages come in order. Whoever closed the board does not want
                // it any more.
                let _ = told.send(update);
            });
            if let Err(error) = reading.await {
                let _ = updates.send(BoardUpdate::HistoryFailed(error.to_string()));
            }
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

    /// Asks again what is deployed to the environments and runs there, and for nothing else.
    pub fn look_at_environments(&self) {
        self.wishes.send_modify(|wishes| wishes.looks += 1);
    }

    /// Asks for everything in sight again.
    pub fn refresh(&self) {
        self.wishes.send_modify(|wishes| wishes.generation += 1);
    }
}

fn read(source: &Source, held: &mut Option<History>, count: usize) -> Result<(Vec<Commit>, bool), GitError> {
    let history = match held {
        Some(history) => history,
        None => held.insert(source.history()?),
    };
    // Of a service among many, a page may have nothing.
    let commits = source.next_commits(history, count, 1)?;
    Ok((commits, history.is_at_end()))
}

/// Asks for what is wished, a few candidates at a time, until the board is dropped.
async fn fulfil(source: Source, mut orders: watch::Receiver<Wishes>, updates: UnboundedSender<BoardUpdate>) {
    // The refresh in which each commit was last answered.
    let mut answered: HashMap<CommitSha, u64> = HashMap::new();
    let mut asking: Vec<(CommitSha, AbortHandle)> = Vec::new();
    let mut tasks = JoinSet::new();
    let (mut generation, mut looks) = (None, 0);
    loop {
        let wishes = orders.borrow_and_update().clone();
        if generation != Some(wishes.generation) {
            generation = Some(wishes.generation);
            // Older questions end here, and their answers with them.
            asking.clear();
            tasks = JoinSet::new();
            tasks.spawn(environments(source.clone(), updates.clone(), false));
            looks = wishes.looks;
        }
        if looks != wishes.looks {
            looks = wishes.looks;
            tasks.spawn(environments(source.clone(), updates.clone(), true));
        }
        asking.retain(|(commit, task)| {
            let wanted = wishes.visible.contains(commit);
            if !wanted {
                task.abort();
            }
            wanted
        });
        for commit in wishes.visible {
            if asking.len() >= AT_ONCE {
                break;
            }
            let last = answered.get(&commit).copied();
            if last == Some(wishes.generation) || asking.iter().any(|(known, _)| *known == commit) {
                continue;
            }
            let question = facts(source.clone(), commit.clone(), updates.clone(), last.is_some());
            asking.push((commit, tasks.spawn(question)));
        }
        tokio::select! {
            changed = orders.changed() => if changed.is_err() { return },
            Some(done) = tasks.join_next() => if let Ok(Some(commit)) = done {
                asking.retain(|(known, _)| *known != commit);
                answered.insert(commit, wishes.generation);
            },
        }
    }
}

/// Finds out the facts of `commit`, and tells them as they come; where there are older ones they stay in sight until
/// the new ones are whole.
async fn facts(
    source: Source,
    commit: CommitSha,
    updates: UnboundedSender<BoardUpdate>,
    again: bool,
) -> Option<CommitSha> {
    let tell = |facts: &Facts| {
        // Whoever closed the board does not want it any more.
        let _ = updates.send(BoardUpdate::Facts {
            commit: commit.clone(),
            facts: Box::new(facts.clone()),
        });
    };
    let tell_now = |facts: &Facts| {
        if !again {
            tell(facts);
        }
    };
    let whole = source.facts(&commit, Timestamp::now(), &tell_now).await;
    if again {
        tell(&whole);
    }
    Some(commit)
}

async fn environments(
    source: Source,
    updates: UnboundedSender<BoardUpdate>,
    alone: bool,
) -> Option<CommitSha> {
    let environments = source.environments().await;
    let _ = updates.send(BoardUpdate::Environments {
        environments,
        at: Timestamp::now(),
        alone,
    });
    None
}
