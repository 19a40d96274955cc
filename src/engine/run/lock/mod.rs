//! One run at a time on one part of a service: among the runs of this machine by a file, which is taken first; among
//! machines by a ref of the remote.

mod local;
mod remote;

use std::path::PathBuf;

use jiff::Timestamp;

pub(in crate::engine) use local::Lock;
pub(in crate::engine) use remote::Lease;

use crate::domain::{Exit, HeldLock, LockStanding, LockSubject};
use crate::git::GitError;

/// Why a lock could not be had, kept or broken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run of this machine holds it.
    #[error("{subject} is locked by another run: {owner}")]
    Held {
        /// What is locked: `payment-svc in prod`.
        subject: String,
        /// What the holder wrote about itself.
        owner: String,
    },
    /// The disk said no.
    #[error("could not acquire the lock {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody's run holds it on the remote, or left it there.
    #[error("{} is locked on {remote}: {}", .lock.subject, .lock.words(*.now))]
    Taken {
        /// The remote.
        remote: String,
        /// The lock.
        lock: Box<HeldLock>,
        /// When it was looked at.
        now: Timestamp,
    },
    /// The remote does not take it.
    #[error("could not lock {subject} on {remote}: {source}")]
    NotTaken {
        /// What was to be locked.
        subject: LockSubject,
        /// The remote.
        remote: String,
        /// Why.
        source: GitError,
    },
    /// It was broken while the run was under way.
    #[error("this run lost the lock on {subject}: someone broke it on {remote}")]
    Lost {
        /// What was locked.
        subject: LockSubject,
        /// The remote.
        remote: String,
    },
    /// There is nothing to break.
    #[error("{subject} is not locked on {remote}")]
    NotLocked {
        /// What was to be unlocked.
        subject: LockSubject,
        /// The remote.
        remote: String,
    },
    /// The lock is another one than that of the plan.
    #[error("{} was locked again on {remote} after the plan was made: {}", .lock.subject, .lock.words(*.now))]
    Another {
        /// The remote.
        remote: String,
        /// The lock that is there now.
        lock: Box<HeldLock>,
        /// When it was looked at.
        now: Timestamp,
    },
    /// A lock is broken for a reason or not at all.
    #[error("a reason is required to break the lock on {0}")]
    NoReason(LockSubject),
}

impl LockError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Held { .. } | Self::Taken { .. } | Self::Lost { .. } | Self::Another { .. } => {
                Exit::Conflict
            }
            Self::NotLocked { .. } => Exit::NotFound,
            Self::NoReason(_) => Exit::Usage,
            Self::NotTaken { source, .. } => source.exit(),
            Self::Io { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Held { .. } => "wait for that run to end; this run changed nothing",
            Self::Io { .. } => "make the state folder (XDG_STATE_HOME) writable",
            Self::Taken { lock, now, .. } => return Some(way_out(lock, *now)),
            Self::NotTaken {
                source: GitError::Rejected { .. } | GitError::NotAuthorised { .. },
                ..
            } => {
                "allow pushes to refs/windlass/* there (in a workflow: `contents: write`), or set `lock = false` \
                 in [git] if something else serialises runs, such as a GitHub concurrency group"
            }
            Self::NotTaken { source, .. } => return source.hint(),
            Self::Lost { .. } => {
                "find out who broke it and why (`windlass locks`, `windlass runs` on their machine) before running \
                 the same command again"
            }
            Self::NotLocked { .. } => "run `windlass locks` to list the locks",
            Self::Another { .. } => "check again: the owner may still be running",
            Self::NoReason(_) => "give one with --reason; it is kept in the journal",
        };
        Some(text.to_owned())
    }
}

/// What to do about somebody else's lock.
fn way_out(lock: &HeldLock, now: Timestamp) -> String {
    let part = lock.subject.part();
    match (lock.standing(now), &lock.note) {
        (LockStanding::Stale { .. }, _) => format!(
            "if that run is dead, break its lock with `windlass unlock {part} --reason …`, then run the same \
             command again; this run changed nothing"
        ),
        (LockStanding::Held, Some(_)) => format!(
            "wait for that run to end; this run changed nothing. If the run is known to be dead, break its \
             lock with `windlass unlock {part} --held --reason …`"
        ),
        (LockStanding::Held, None) => format!(
            "find out who created it; break it with `windlass unlock {part} --held --reason …`. This run \
             changed nothing"
        ),
    }
}
