//! Copying a digest, whole and unchanged, from one repository to another.
//!
//! Planning walks the closure at the source (index, children, referrers of each, transitively) and looks what the target
//! has. Running moves what is missing: blobs, several at a time, streamed in constant memory with the digest checked on the
//! way; a manifest by digest as soon as all that it names is there; referrers after their subjects; the tag, if one was
//! asked for, last of all. Besides it a copy writes only the tags that registries find signatures by: the fallback index of
//! a registry without a referrers API, and cosign's old `.sig`, `.att` and `.sbom`.
//!
//! Few requests: whether a blob is there is asked by the request that opens its upload, a manifest that was taken is not
//! asked for again, and what is known of a host is not found out twice. Whatever breaks goes on from where it was: a
//! download by a range, an upload from the offset that the registry confirms, also in another process.

mod blob_job;
mod blob_pool;
mod blob_run;
mod checkpoint;
mod closure;
pub(super) mod cosign;
mod options;
mod plan;
mod platforms;
mod progress;
mod run;
mod schedule;
mod transfer;

pub use options::{CopyOptions, Look, ReferrerChoice};
pub use plan::{BlobState, CopyPlan, PlannedBlob, PlannedManifest, PlannedTag, plan};
pub use progress::{CopyProgress, How};
pub use run::{CopyOutcome, run};
