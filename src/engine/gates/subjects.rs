//! What gates are asked about.

use jiff::Timestamp;

use super::moment::Moment;
use crate::build::{BuildError, Builder};
use crate::config::GitSettings;
use crate::domain::{
    BranchName, CommitSha, Digest, Environment, EnvironmentName, ExceptionRecord, HeldLock, PinRecord,
    Platform, Release, Tag, Verdict,
};
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::operations::finish::Merging;
use crate::engine::operations::promote::PromotionPath;
use crate::engine::present::Present;
use crate::engine::remote_state::{Line, Upstream};
use crate::project::Service;
use crate::registry::Reader;

/// A candidate in `source`, which is to go to `target`.
pub(in crate::engine) struct CandidateQuestion<'a> {
    pub(super) engine: &'a Engine,
    pub(super) candidate: &'a Candidate,
    pub(super) source: &'a Environment,
    pub(super) target: Option<&'a Environment>,
    pub(super) moment: Moment,
}

/// The promotion of a candidate on a path.
pub(in crate::engine) struct PromotionQuestion<'a> {
    pub(super) engine: &'a Engine,
    pub(super) candidate: &'a Candidate,
    pub(super) path: &'a PromotionPath<'a>,
}

/// A branch that is about to be made, of a release or of a hotfix.
pub(in crate::engine) struct BranchQuestion<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) upstream: &'a Upstream,
    pub(in crate::engine) git: &'a GitSettings,
    pub(in crate::engine) commit: &'a CommitSha,
    pub(in crate::engine) branch: &'a BranchName,
    /// The image of a release that is cut.
    pub(in crate::engine) image: Option<Result<&'a Candidate, &'a EngineError>>,
    /// What a hotfix is based on.
    pub(in crate::engine) base: Option<HotfixBase<'a>>,
}

/// What an environment has when a hotfix of it is started.
pub(in crate::engine) struct HotfixBase<'a> {
    pub(in crate::engine) environment: &'a EnvironmentName,
    pub(in crate::engine) present: &'a Present,
}

/// The build of the commit that is checked out.
pub(in crate::engine) struct BuildQuestion<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) commit: &'a CommitSha,
    /// The files that differ from it.
    pub(in crate::engine) changes: &'a [String],
    /// Whether these are built too.
    pub(in crate::engine) with_changes: bool,
    /// Whether it can be built for its release, where it is one.
    pub(in crate::engine) release: Option<&'a Verdict>,
    /// The image that has its tag already, with its platforms.
    pub(in crate::engine) image: Option<&'a (Digest, Vec<Platform>)>,
    /// What builds; none where nothing is left to build.
    pub(in crate::engine) builder: Option<&'a Result<Builder, BuildError>>,
}

/// What is checked out when a build runs, beside what was when it was planned.
pub(in crate::engine) struct CheckoutQuestion<'a> {
    pub(in crate::engine) planned: &'a CommitSha,
    pub(in crate::engine) found: Option<&'a CommitSha>,
    /// The tag that was planned and the one that there would be now; none where it is not one of a commit.
    pub(in crate::engine) tags: Option<(&'a Tag, Option<&'a Tag>)>,
}

/// A release or a hotfix that is finished.
pub(in crate::engine) struct ReleaseQuestion<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) upstream: &'a Upstream,
    pub(in crate::engine) line: &'a Line,
    pub(in crate::engine) release: &'a Release,
}

/// A branch that a release is merged into.
pub(in crate::engine) struct MergeQuestion<'a> {
    pub(in crate::engine) engine: &'a Engine,
    /// The branch of the release.
    pub(in crate::engine) from: &'a BranchName,
    pub(in crate::engine) into: &'a BranchName,
    /// What the merge comes to.
    pub(in crate::engine) merging: &'a Merging,
}

/// What an environment has.
pub(in crate::engine) struct PresentQuestion<'a> {
    pub(in crate::engine) environment: &'a EnvironmentName,
    pub(in crate::engine) present: &'a Present,
}

/// The pins of an environment that is pinned, or let go.
pub(in crate::engine) struct PinQuestion<'a> {
    pub(in crate::engine) environment: &'a EnvironmentName,
    pub(in crate::engine) records: &'a [PinRecord],
    pub(in crate::engine) now: Timestamp,
}

/// A digest in the environment that it could be deployed to again.
pub(in crate::engine) struct DigestQuestion<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) service: &'a Service,
    pub(in crate::engine) environment: &'a Environment,
    pub(in crate::engine) reader: &'a Reader,
    pub(in crate::engine) digest: &'a Digest,
}

/// An earlier deployment that an environment goes back to.
pub(in crate::engine) struct EarlierQuestion<'a> {
    pub(in crate::engine) version: Option<&'a str>,
    pub(in crate::engine) deployed: Timestamp,
    pub(in crate::engine) rolled_back: Option<Timestamp>,
    /// Whether it is what is deployed there now.
    pub(in crate::engine) is_back: bool,
    pub(in crate::engine) note: Option<&'a str>,
}

/// The exceptions that a review is of.
pub(in crate::engine) struct ReviewQuestion<'a> {
    pub(in crate::engine) exceptions: &'a [ExceptionRecord],
}

/// A lock that is broken.
pub(in crate::engine) struct LockQuestion<'a> {
    pub(in crate::engine) lock: &'a HeldLock,
    /// Whether even a lock that has not expired is broken.
    pub(in crate::engine) held: bool,
}

/// What decides which images are still needed.
pub(in crate::engine) struct StateQuestion<'a> {
    /// What of it could not be read, each with the reason.
    pub(in crate::engine) unread: &'a [String],
}
