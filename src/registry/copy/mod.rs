//! Copying a digest, whole and unchanged, from one repository to another.
//!
//! Planning walks the closure at the source (index, children, referrers of each, transitively) and looks what the target
//! has. Running moves what is missing: blobs first, several at a time, streamed in constant memory with the digest
//! checked on the way; then manifests by digest, children before parents, referrers after their subjects. No tag is
//! ever set here: whoever called does that last, when all else is proved.

mod blob;
mod plan;
mod run;

pub use plan::{CopyPlan, PlannedBlob, PlannedManifest, plan};
pub use run::{CopyOutcome, CopyProgress, How, run};
