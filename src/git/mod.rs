//! Local git by libgit2; fetch and push by the `git` program, so that ssh configuration, keys and helpers work as they do
//! for the user. The working tree, the index and the current branch are never touched.

mod arrival;
mod between;
mod branches;
mod commit;
mod conflict;
mod error;
mod graph;
mod history;
mod import;
mod lines;
mod lock_refs;
mod merge;
mod merge_tree;
mod past;
mod patch;
mod program;
mod promised;
mod push;
mod reach;
mod releases;
mod remote;
mod repository;
mod tags;
#[cfg(test)]
mod tests;
mod touch;
mod trusted;
mod undone;
mod view;
mod worktree;

pub use between::{Change, FileChange, FileChangeKind, Files};
pub use branches::{BranchAt, BranchState};
pub use commit::Commit;
pub use conflict::{Conflict, ConflictKind};
pub use error::GitError;
pub use history::History;
pub use import::{Pushed, import, push_into};
pub use lines::{Names, ReleaseLine};
pub use lock_refs::LockAt;
pub use merge::Merge;
pub(crate) use promised::Fetched;
pub use push::{ObjectId, PushOutcome, RefUpdate};
pub use reach::{Fix, Question, Reach};
pub use remote::Remote;
pub use repository::GitRepository;
pub use view::{RemoteView, TagAt};
