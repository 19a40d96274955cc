//! A deployer that is a service, told over HTTP.

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::{Endpoint, clean_line};

/// A service that is told what to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where the document is posted to.
    pub url: Endpoint,
    /// The file with the secret that signs the document; it is not signed without one.
    pub secret_file: Option<PathBuf>,
    /// The file with the bearer token of every request; none is sent without one.
    pub token_file: Option<PathBuf>,
    /// Whether the service has to say how the deployment ends. If not, one that only accepts the document has deployed.
    pub requires_status: bool,
    /// How long the deployment may take.
    pub timeout: SignedDuration,
    /// The address that says what runs; none if nothing can observe it.
    pub running: Option<Endpoint>,
    /// How long a run waits until what was deployed is what runs.
    pub observe_for: SignedDuration,
}

/// What a webhook changes, as a plan pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTarget {
    /// The address that is told.
    pub url: String,
    /// Whether the document is signed.
    pub signed: bool,
    /// The address that says what runs; none if nothing can observe it.
    pub running: Option<String>,
}

impl WebhookTarget {
    /// What will be done, in one line.
    pub fn words(&self) -> String {
        let signed = if self.signed { "signed" } else { "unsigned" };
        let observed = self.running.as_ref().map_or_else(
            || "what runs is not observed".to_owned(),
            |running| format!("then observe it at {}", clean_line(running)),
        );
        format!("POST to {} ({signed}), {observed}", clean_line(&self.url))
    }
}
