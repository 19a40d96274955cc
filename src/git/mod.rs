//! Local git by libgit2; fetch and push by the `git` program, so that ssh configuration, keys and helpers work as they do
//! for the user. The working tree, the index and the current branch are never touched.

mod ancestry;
mod branches;
mod commit;
mod conflict;
mod error;
mod graph;
mod history;
mod import;
mod last_release;
mod lock_refs;
mod merge;
mod merge_tree;
mod merged;
mod mirror;
mod patch;
mod paths;
mod program;
mod promised;
mod push;
mod range;
mod release_lines;
mod releases;
mod remote;
mod remote_refs;
mod repository;
mod reverts;
mod tags;
#[cfg(test)]
mod tests;
mod trusted;
mod worktree;

pub use ancestry::{Fix, Question, Reach};
pub use branches::{BranchAt, BranchState};
pub use commit::Commit;
pub use conflict::{Conflict, ConflictKind};
pub use error::GitError;
pub use history::History;
pub use import::{Pushed, import, push_into};
pub use lock_refs::LockAt;
pub use merge::Merge;
pub use mirror::MIRROR_REMOTE;
pub(crate) use promised::Fetched;
pub use push::{ObjectId, PushOutcome, RefUpdate};
pub use range::{Change, FileChange, FileChangeKind, Files};
pub use release_lines::{Names, ReleaseLine};
pub use remote::Remote;
pub use remote_refs::{RemoteView, TagAt};
pub use repository::GitRepository;
pub use worktree::same_address;
