//! What is deployed and where, how that ended, and whose running digest is asked for.

use crate::domain::{
    CommitSha, DeployOutcome, Digest, EnvironmentName, ImageReference, ServiceName, Tag, WriteAccess,
};

/// What is deployed, and where.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The image at the environment's location, by digest.
    pub image: ImageReference,
    /// Its digest.
    pub digest: Digest,
    /// The candidate's immutable tag.
    pub tag: Option<Tag>,
    /// The commit it was built from.
    pub commit: Option<CommitSha>,
    /// The release or hotfix that it belongs to, `v1.4.0`.
    pub release: Option<String>,
    /// What was deployed before.
    pub previous: Option<Digest>,
    /// What is the same for the same deployment given again, and for no other.
    pub key: String,
    /// The permission to change what is deployed.
    pub access: WriteAccess,
}

impl Deployment {
    /// The variables by which programs know it; empty where nothing is known.
    pub fn variables(&self) -> [(&'static str, String); 8] {
        fn text(value: Option<&impl ToString>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        [
            ("WINDLASS_SERVICE", self.service.to_string()),
            ("WINDLASS_ENVIRONMENT", self.environment.to_string()),
            ("WINDLASS_IMAGE", self.image.to_string()),
            ("WINDLASS_DIGEST", self.digest.to_string()),
            ("WINDLASS_TAG", text(self.tag.as_ref())),
            ("WINDLASS_COMMIT", text(self.commit.as_ref())),
            ("WINDLASS_RELEASE", text(self.release.as_ref())),
            ("WINDLASS_PREVIOUS_DIGEST", text(self.previous.as_ref())),
        ]
    }

    /// Whose deployment it is.
    pub fn subject(&self) -> Subject {
        Subject {
            service: self.service.clone(),
            environment: self.environment.clone(),
        }
    }
}

/// How a deployment ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Deployed, or unchanged.
    pub outcome: DeployOutcome,
    /// What was done, in a few words.
    pub summary: String,
}

/// What of a deployer is ready, and what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployCheck {
    /// What it deploys with, in a few words.
    pub deploys: Result<String, String>,
    /// What it observes with, in a few words; none if nothing is configured to observe what runs.
    pub observes: Option<Result<String, String>>,
    /// What to do where it is not ready.
    pub hint: String,
}

/// Whose running digest is asked for.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
}

impl Subject {
    /// `text` with the name of the service where `{service}` is.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("{service}", self.service.as_str())
    }
}
