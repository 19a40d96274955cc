//! The end of a release or a hotfix: its commits into main and back into develop and the open releases, and its tag; all
//! of it at the remote, at once or not at all.
//!
//! The tag names the commit that the image was built from, which is what production has deployed: never the merge, which nothing
//! was built from.

mod find;
mod gates;
mod plan;
mod requests;
mod steps;
mod targets;

pub(in crate::engine) use find::find;
pub use plan::FinishRequest;
pub(in crate::engine) use targets::Merging;
