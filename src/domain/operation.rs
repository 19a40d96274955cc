//! What can be done, with everything in it pinned: a file for each operation, with its words.

mod approve;
mod approve_candidate;
mod attach_scan;
mod build;
mod check;
mod copy;
mod cut;
mod finish;
mod gc;
mod halt;
mod hotfix;
mod pin;
mod promote;
mod remove;
mod review;
mod rollback;
mod sign;
mod unlock;
mod words;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use approve::Approve;
pub use approve_candidate::ApproveCandidate;
pub use attach_scan::AttachScan;
pub use build::Build;
pub use check::Check;
pub use copy::{CopiedImage, Copy};
pub use cut::Cut;
pub use finish::{Ending, Finish, MergeMethod};
pub use gc::{Gc, KeptImage, RemovedImage};
pub use halt::{Halt, Resume};
pub use hotfix::Hotfix;
pub use pin::{Pin, Unpin};
pub use promote::Promote;
pub use remove::Remove;
pub use review::Review;
pub use rollback::Rollback;
pub use sign::Sign;
pub use unlock::Unlock;

use super::{Digest, EnvironmentName, WorkflowTarget};
use words::Words;

/// The table of all operations: each is a struct of its own, with its words.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What an operation does, with everything in it pinned.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Operation {
            $($(#[$doc])* $name($name),)*
        }

        impl Operation {
            /// One word for what is done: `promote`, `cut`.
            pub fn name(&self) -> String {
                let name = match self {
                    $(Self::$name(_) => stringify!($name),)*
                };
                name.to_ascii_lowercase()
            }

            fn words(&self) -> &dyn Words {
                match self {
                    $(Self::$name(operation) => operation,)*
                }
            }
        }

        $(impl From<$name> for Operation {
            fn from(operation: $name) -> Self {
                Self::$name(operation)
            }
        })*
    };
}

operations! {
    /// Cuts a release branch at a commit.
    Cut,
    /// Lifts a digest from one environment to another.
    Promote,
    /// Builds the image of a commit and pushes it to the environment that builds go to.
    Build,
    /// Signs a digest where it is.
    Sign,
    /// Ends a release or a hotfix: its commits into other branches, and its tag.
    Finish,
    /// Begins a hotfix at what an environment has deployed.
    Hotfix,
    /// Holds an environment at the digest that is deployed there.
    Pin,
    /// Lifts the pin of an environment.
    Unpin,
    /// Takes an environment back to a digest that ran there before, and holds it there.
    Rollback,
    /// Leaves the review that an exception owes with its digest.
    Review,
    /// Breaks a lock that somebody left at the remote.
    Unlock,
    /// Stops everything that would go to an environment.
    Halt,
    /// Lets promotions go to an environment again.
    Resume,
    /// Signs that a candidate may be promoted.
    ApproveCandidate,
    /// Deletes the images of an environment that nobody needs any more.
    Gc,
    /// Checks a Dockerfile and its image.
    Check,
    /// Copies images from registry to registry.
    Copy,
    /// Deletes a tag or a manifest.
    Remove,
    /// Attaches the reports of a scan to their image.
    AttachScan,
    /// Approves or rejects a deployment that waits on GitHub.
    Approve,
}

impl Operation {
    /// `cut release/v1.4.0-sha-2b2e927`, `promote to stage`, `sign …`: the title of the plan.
    pub fn title(&self) -> String {
        self.words().title()
    }

    /// What the person who confirms it does, in two or three words: `promote to stage`, `sign`.
    pub fn deed(&self) -> String {
        self.words().deed()
    }

    /// From where to where, in one line: `stage ▸ prod  prod.example.com/payment-svc`.
    pub fn way(&self) -> String {
        self.words().way()
    }

    /// What it is done to, line by line, each with a name of at most nine characters: the part of a plan that is shown
    /// between its title and its gates. What it replaces is told by [`Operation::replaces`].
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        self.words().facts()
    }

    /// What of it is confirmed: all but what changes while nothing of substance does.
    pub fn substance(&self) -> Cow<'_, Self> {
        match self {
            Self::Gc(gc) => Cow::Owned(Self::Gc(gc.substance())),
            _ => Cow::Borrowed(self),
        }
    }

    /// Whether there is surely nothing to do.
    pub const fn is_idle(&self) -> bool {
        matches!(self, Self::Gc(gc) if gc.images.is_empty())
    }

    /// The environment that it is done to, if it is one alone.
    pub fn environment(&self) -> Option<&EnvironmentName> {
        self.words().environment()
    }

    /// The workflow on GitHub that carries it out; none where it runs on the machine that asks for it.
    pub const fn runner(&self) -> Option<&WorkflowTarget> {
        match self {
            Self::Promote(promote) => promote.runner.as_ref(),
            _ => None,
        }
    }

    /// What is deployed where the operation deploys, if it is one that deploys; the inner one is none where nothing is known to
    /// run.
    pub fn replaces(&self) -> Option<Option<&Digest>> {
        let words = self.words();
        words.deploys().then(|| words.replaced())
    }
}
