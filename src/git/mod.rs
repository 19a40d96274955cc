//! Local git by libgit2; fetch and push by the `git` program, so that ssh configuration, keys and helpers work as they do
//! for the user. The working tree, the index and the current branch are never touched.

mod branches;
mod commit;
mod error;
mod history;
mod import;
mod lines;
mod past;
mod program;
mod push;
mod releases;
mod remote;
mod repository;
#[cfg(test)]
mod tests;
mod view;
mod worktree;

pub use branches::{BranchAt, BranchState};
pub use commit::Commit;
pub use error::GitError;
pub use history::History;
pub use import::import;
pub use lines::{Names, ReleaseLine};
pub use push::{ObjectId, PushOutcome, RefUpdate};
pub use remote::Remote;
pub use repository::GitRepository;
pub use view::{RemoteView, TagAt};
