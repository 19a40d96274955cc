//! The write side: command → plan → run → events.
//!
//! Planning reads only; it pins digests, asks every gate and counts what the run will cost. A run needs
//! [`WriteAccess`](crate::domain::WriteAccess), keeps a journal and tells everything in events. The console and the
//! command line both stand on this room and see the same plans with the same hashes.

mod admission_scan;
mod approval_error;
mod approvals;
mod attempts;
mod audit;
mod candidate;
mod chain;
mod changes;
mod core;
mod deployments;
mod diff;
mod error;
mod exception;
mod gates;
mod github;
mod halt_error;
mod halts;
mod history;
mod notes;
mod notify;
mod operations;
mod present;
mod recent_scan;
mod records;
mod released;
mod releases;
mod remote;
mod remote_state;
mod revision;
mod run;
mod scan;
mod trusted;
mod verifiers;

pub(crate) use self::core::TagState;
pub use self::core::{Engine, must_be_trusted};
pub use approval_error::ApprovalError;
pub use approvals::ApprovalStatus;
pub use candidate::Candidate;
pub use chain::CheckedChain;
pub use changes::record_change;
pub use error::EngineError;
pub use github::github_of;
pub use halt_error::HaltError;
pub use halts::HaltStatus;
pub use history::HistoryEntry;
pub use notify::notify_of;
pub use operations::Request;
pub use operations::approve::ApproveRequest;
pub use operations::build::{BuildRequest, builder_of};
pub use operations::check::{CheckEvent, CheckOptions, CheckOutcome, CheckReport, CheckStep, Checked};
pub use operations::cut::CutRequest;
pub use operations::finish::FinishRequest;
pub use operations::gc::GcRequest;
pub use operations::halt::{HaltRequest, ResumeRequest};
pub use operations::hotfix::HotfixRequest;
pub use operations::pin::{PinRequest, UnpinRequest};
pub use operations::promote::PromoteRequest;
pub use operations::review::ReviewRequest;
pub use operations::rollback::{Earlier, Past, RollbackRequest};
pub use operations::sign::{SignRequest, SignSubject, invocation, load_key};
pub use operations::unlock::UnlockRequest;
pub use releases::{Depth, Releases};
pub use remote::{
    DeploymentReview, Ending, FollowOptions, Followed, LogLength, RemoteEnd, RemoteRun, RemoteRuns,
    ReviewRefused, WaitingRun, follow, read,
};
pub use run::event::{Event, EventKind, Level, Place, RunId, StepOutcome, Unit};
pub use run::journal::{Journal, JournalError, Journals, Retention};
pub use run::lock::LockError;
pub use run::{RecordedRun, Run, Secrets};
pub use scan::Examined;
pub use trusted::trusted_signer;
pub use verifiers::{Prediction, Preflight};
