//! Runs of workflows: begun, listed and followed, and their deployments approved.

mod approvals;
mod dispatch;
mod jobs;
mod live;
mod runs;

pub use approvals::{PendingDeployment, Review, Reviewer};
pub use dispatch::{Dispatch, Dispatched};
pub use jobs::{Job, JobStep};
pub(super) use live::is_live;
pub use live::{LiveJob, LiveOutput, LiveText};
pub use runs::{Conclusion, Progress, WorkflowRun};

/// What a token needs to read runs.
const READS: &str = "actions: read (classic: repo)";
/// What a token needs to begin runs, or to approve what waits in them.
const WRITES: &str = "actions: write (classic: repo)";
