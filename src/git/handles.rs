//! Handles of one repository: libgit2's may be used by one thread at a time, so that each read takes one of its own.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::trusted;

/// Reads that go on at the same time; each handle keeps objects that it has read.
const MAX_HANDLES: usize = 4;

/// The handles, opened as they are needed and used again.
pub(super) struct Handles {
    /// What every further handle is opened by.
    place: Place,
    idle: Mutex<Idle>,
    freed: Condvar,
}

/// Where a repository is opened.
enum Place {
    /// At its own folder.
    Own(PathBuf),
    /// By a second entrance, with the working tree that belongs to it.
    Entrance(PathBuf, Option<PathBuf>),
}

struct Idle {
    handles: Vec<git2::Repository>,
    /// How many there are, idle or not.
    open: usize,
}

impl Handles {
    /// The first handle, and as many others as reads ask for at the same time; `entrance` is the folder of a second
    /// entrance, where it was opened by one.
    pub(super) fn new(first: git2::Repository, entrance: Option<&Path>) -> Self {
        let place = match entrance {
            Some(folder) => Place::Entrance(folder.to_owned(), first.workdir().map(Path::to_owned)),
            None => Place::Own(first.path().to_owned()),
        };
        Self {
            place,
            idle: Mutex::new(Idle {
                handles: vec![first],
                open: 1,
            }),
            freed: Condvar::new(),
        }
    }

    /// Does `work` with a handle that nobody else uses meanwhile.
    pub(super) fn with<T>(&self, work: impl FnOnce(&git2::Repository) -> T) -> T {
        let mut taken = Taken {
            handles: self,
            git: None,
        };
        work(taken.git.insert(self.take()))
    }

    fn take(&self) -> git2::Repository {
        let mut idle = self.idle();
        loop {
            if let Some(git) = idle.handles.pop() {
                return git;
            }
            if idle.open < MAX_HANDLES {
                idle.open += 1;
                drop(idle);
                if let Ok(git) = self.place.open() {
                    return git;
                }
                // The first handle is still there: without another one, reads wait for each other.
                idle = self.idle();
                idle.open -= 1;
                if !idle.handles.is_empty() {
                    continue;
                }
            }
            idle = self.freed.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handle that is given back when nobody uses it any more, in whatever way that ends.
struct Taken<'h> {
    handles: &'h Handles,
    git: Option<git2::Repository>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(git) = self.git.take() {
            self.handles.idle().handles.push(git);
            self.handles.freed.notify_one();
        }
    }
}

impl Place {
    fn open(&self) -> Result<git2::Repository, git2::Error> {
        match self {
            Self::Own(place) => git2::Repository::open(place),
            Self::Entrance(folder, top) => {
                let git = trusted::open_bare(folder)?;
                if let Some(top) = top {
                    git.set_workdir(top, false)?;
                }
                Ok(git)
            }
        }
    }
}
