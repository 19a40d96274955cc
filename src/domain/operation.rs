//! What can be done, with everything in it pinned.

mod words;

use serde::{Deserialize, Serialize};

use super::{
    BranchName, Clean, CommitSha, Digest, EnvironmentName, ExceptionRecord, ImageReference, LockPart,
    PinRecord, Platform, Term,
};

/// What an operation does, with everything in it pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Operation {
    /// Cuts a release branch at a commit.
    Cut {
        /// The new branch.
        branch: String,
        /// The remote that it is pushed to.
        remote: String,
        /// Why, where a gate is overridden.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Clean>,
    },
    /// Lifts a digest from one environment to another.
    Promote {
        /// Where it comes from.
        from: EnvironmentName,
        /// Where it goes.
        to: EnvironmentName,
        /// The digest at its source.
        source: ImageReference,
        /// The immutable tag that it gets at the target, last.
        target: ImageReference,
        /// What runs in the target now, if that is known.
        replaces: Option<Digest>,
        /// Why it goes another way than the usual one, where somebody said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Clean>,
        /// Whether it takes the path that the configuration allows hotfixes.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hotfix: bool,
    },
    /// Builds the image of a commit and pushes it to the environment that builds go to.
    Build {
        /// The environment.
        to: EnvironmentName,
        /// The tag that it gets, last: the immutable one of the commit, or one of a dirty tree.
        target: ImageReference,
        /// The platforms that are built; none where the image is there already.
        platforms: Vec<Platform>,
        /// Whether `latest` follows.
        latest: bool,
        /// The release branch that the image is built anew for, if it is for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<BranchName>,
    },
    /// Signs a digest where it is.
    Sign {
        /// What is signed.
        image: ImageReference,
    },
    /// Ends a release or a hotfix: its commits into other branches, and its tag.
    Finish {
        /// Its branch.
        branch: BranchName,
        /// The remote where it all happens.
        remote: String,
        /// The tag that its head gets, where it has a version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tag: Option<String>,
        /// The branches that it goes into.
        into: Vec<Ending>,
    },
    /// Begins a hotfix at what an environment runs.
    Hotfix {
        /// The new branch.
        branch: BranchName,
        /// The remote that it is pushed to.
        remote: String,
        /// The environment.
        environment: EnvironmentName,
        /// What runs there.
        image: ImageReference,
    },
    /// Holds an environment at the digest that runs there.
    Pin {
        /// The environment.
        environment: EnvironmentName,
        /// What it is held at, by digest.
        image: ImageReference,
        /// Why.
        reason: Clean,
        /// Until when, as it was given; until someone lifts the pin if nothing was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Term>,
    },
    /// Lifts the pin of an environment.
    Unpin {
        /// The environment.
        environment: EnvironmentName,
        /// What it is held at, by digest.
        image: ImageReference,
        /// Why it is lifted.
        reason: Clean,
        /// The pin that is lifted.
        pin: Box<PinRecord>,
    },
    /// Takes an environment back to a digest that ran there before, and holds it there.
    Rollback {
        /// The environment.
        environment: EnvironmentName,
        /// What it is taken back to, by digest.
        image: ImageReference,
        /// What runs there now, if that is known.
        replaces: Option<Digest>,
        /// What it is taken back from, if that is known: what runs now, or ran until the rollback was begun.
        from: Option<Digest>,
        /// Why.
        reason: Clean,
        /// How long it is held, as it was given; until someone lifts the pin if nothing was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Term>,
        /// Whether it goes on in spite of findings.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        accept_findings: bool,
    },
    /// Leaves the review that an exception owes with its digest.
    Review {
        /// The environment that the digest came to.
        environment: EnvironmentName,
        /// The digest, where it came to.
        image: ImageReference,
        /// What was found.
        note: Clean,
        /// The exceptions that are reviewed, oldest first.
        exceptions: Vec<ExceptionRecord>,
    },
    /// Breaks a lock that somebody left at the remote.
    Unlock {
        /// What of the service is locked.
        part: LockPart,
        /// The remote.
        remote: String,
        /// The object that is the lock: another one is not broken.
        lock: String,
        /// Whose lock it is: `ana@desk, run 1f9a2b3c`.
        holder: String,
        /// Whether it is taken from its holder even before its time is over.
        #[serde(rename = "force")]
        held: bool,
        /// Why.
        reason: String,
    },
}

/// A branch that a release ends in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// The branch.
    pub branch: BranchName,
    /// Where it was when the plan was made.
    #[serde(rename = "head")]
    pub at: CommitSha,
    /// How the release gets into it.
    #[serde(rename = "method")]
    pub way: MergeMethod,
}

/// How a release gets into a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MergeMethod {
    /// By a merge commit that is pushed.
    Merge,
    /// By a pull request, because the rules of the remote ask for one.
    PullRequest,
    /// It is there.
    #[serde(rename = "already-merged")]
    Already,
}
