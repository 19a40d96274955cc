//! A deployer that changes a service of Amazon ECS.

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::clean_line;

/// A service of Amazon ECS whose task definition gets the image. Names may hold `{service}` and `{environment}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcsSettings {
    /// The program of AWS: `aws` unless said otherwise.
    pub program: PathBuf,
    /// The cluster, by name or ARN.
    pub cluster: String,
    /// The service, by name or ARN.
    pub service_name: String,
    /// The container that runs the image.
    pub container: String,
    /// The region; that of the program if none is named.
    pub region: Option<String>,
    /// The profile of the program's own configuration.
    pub profile: Option<String>,
    /// Whether a deployment that is stopped or takes too long is rolled back.
    pub rollback: bool,
    /// How long the deployment may take.
    pub timeout: SignedDuration,
    /// How long a run waits until what was deployed is what runs.
    pub observe_for: SignedDuration,
}

/// What changes in ECS, as a plan pins it. The ARN has region, account, cluster and service in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcsTarget {
    /// The ARN of the service.
    pub service: String,
    /// The family of its task definition.
    pub family: String,
    /// The container that gets the image.
    pub container: String,
    /// Whether a deployment that is stopped or takes too long is rolled back.
    pub rollback: bool,
}

impl EcsTarget {
    /// What will be changed, in one line.
    pub fn words(&self) -> String {
        let back = if self.rollback {
            "; if it does not come up in time, roll back"
        } else {
            ""
        };
        format!(
            "set the image of container {} in task definition {} and update {}{back}",
            clean_line(&self.container),
            clean_line(&self.family),
            clean_line(&self.service)
        )
    }
}
