//! Copying a digest, whole and unchanged, from one repository to another.
//!
//! Planning walks the closure at the source (index, children, referrers of each, transitively) and looks what the target
//! has. Running moves what is missing: blobs first, several at a time, streamed in constant memory with the digest
//! checked on the way; then manifests by digest, children before parents, referrers after their subjects; then every
//! manifest of the closure is seen to be there. No tag of an image is ever set here: whoever called does that last. The
//! only tags that a copy writes are those that registries find signatures by: the fallback index of a registry without
//! a referrers API, and cosign's old `.sig`, `.att` and `.sbom`.

mod blob;
mod closure;
mod cosign;
mod plan;
mod run;

pub use plan::{CopyPlan, PlannedBlob, PlannedManifest, plan};
pub use run::{CopyOutcome, CopyProgress, How, run};
