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
        /// Why it is cut although a gate stands against it; none if no gate is to be overridden.
        reason: Option<String>,
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
        /// Why it goes another way than the usual one: an older candidate than the release's head, or the hotfix path.
        reason: Option<String>,
        /// Whether it takes the path that the configuration allows hotfixes.
        hotfix: bool,
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
    /// End a release or a hotfix: merge it back and tag it.
    Finish {
        /// The service whose image the release carries.
        service: ServiceName,
        /// The branch of the release, or its version.
        release: String,
        /// The only branches that it goes into; all that it owes where none is named.
        into: Vec<String>,
    },
    /// Begin a hotfix at what an environment runs.
    Hotfix {
        /// The service.
        service: ServiceName,
        /// The environment; the one that releases are for if none is named.
        environment: Option<EnvironmentName>,
        /// The version; the next patch of what runs there if none is given.
        version: Option<String>,
    },
    /// Hold an environment at what runs there.
    Pin {
        /// The service.
        service: ServiceName,
        /// The environment.
        environment: EnvironmentName,
        /// Why.
        reason: String,
        /// Until when: a day such as 2026-12-31, or a duration such as 7d; until it is lifted if none is given.
        until: Option<String>,
    },
    /// Lift the pin of an environment.
    Unpin {
        /// The service.
        service: ServiceName,
        /// The environment.
        environment: EnvironmentName,
        /// Why.
        reason: String,
    },
    /// Take an environment back to what ran there before, and pin it.
    Rollback {
        /// The service.
        service: ServiceName,
        /// The environment.
        environment: EnvironmentName,
        /// A digest, a tag, a version, or the place in the list of what ran before; the last that was not rolled back from
        /// itself if none is given.
        to: Option<String>,
        /// Why.
        reason: String,
        /// How long it is pinned, as for a pin.
        until: Option<String>,
        /// Whether to go on in spite of findings.
        accept_findings: bool,
    },
    /// Leave the review that an exception owes.
    Review {
        /// The service.
        service: ServiceName,
        /// An environment, or a digest that came to one.
        of: String,
        /// What was found.
        note: String,
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
