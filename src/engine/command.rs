//! What a person or a job asks for. A command names things as people do; the plan made from it pins them.

use crate::domain::{EnvironmentName, ImageReference, LockPart, ServiceName};

/// A request for an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Cut a release branch.
    Cut {
        /// The service whose image the release carries.
        service: ServiceName,
        /// The commit, in any form that git resolves.
        commit: String,
        /// The version; proposed from tags and commits if none is given.
        version: Option<String>,
        /// The number of the sprint, where release branches are called after it; one more than the last if none is given.
        sprint: Option<String>,
    },
    /// Promote a candidate.
    Promote {
        /// The service.
        service: ServiceName,
        /// A commit, an image tag, a digest or a release branch.
        candidate: String,
        /// Where to.
        to: EnvironmentName,
        /// Where from, for an environment with several sources.
        from: Option<EnvironmentName>,
    },
    /// Build the image of the commit that is checked out, for the environment that builds go to.
    Build {
        /// The service.
        service: ServiceName,
        /// Whether uncommitted changes are built too; the image then gets no tag of a commit.
        dirty: bool,
        /// The branch that this is a build of, where HEAD is on none; it decides where releases are built anew.
        branch: Option<String>,
    },
    /// Sign an image where it is, with the key of the environment that its repository belongs to.
    Sign {
        /// The service.
        service: ServiceName,
        /// The image; a tag is resolved once.
        image: ImageReference,
    },
    /// Break a lock that somebody left at the remote.
    Unlock {
        /// The service.
        service: ServiceName,
        /// What of it is locked.
        part: LockPart,
        /// Why.
        reason: String,
        /// Whether even a lock whose time is not over is taken from its owner.
        held: bool,
    },
}
