//! What a service is told of a deployment: `assets/schemas/deploy-request.v1.json`.

use serde::Serialize;
use url::Url;

use crate::deploy::deployment::Deployment;
use crate::deploy::error::DeployError;
use crate::domain::{Digest, clean_line};

/// The document that is posted.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    event: &'static str,
    service: String,
    environment: String,
    image: String,
    digest: String,
    tag: Option<String>,
    commit: Option<String>,
    release: Option<&'a str>,
    previous_digest: Option<String>,
    key: &'a str,
}

impl<'a> Document<'a> {
    pub(super) fn new(deployment: &'a Deployment, key: &'a str) -> Self {
        Self {
            event: "deploy",
            service: deployment.service.to_string(),
            environment: deployment.environment.to_string(),
            image: deployment.image.to_string(),
            digest: deployment.digest.to_string(),
            tag: deployment.tag.as_ref().map(ToString::to_string),
            commit: deployment.commit.as_ref().map(ToString::to_string),
            release: deployment.release.as_deref(),
            previous_digest: deployment.previous.as_ref().map(ToString::to_string),
            key,
        }
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, DeployError> {
        serde_json::to_vec(self).map_err(|error| DeployError::Unfit {
            target: self.environment.clone(),
            why: clean_line(&error.to_string()),
            hint: String::new(),
        })
    }
}

/// What is the same for the same deployment told again to the same address, and for no other.
pub(super) fn key(deployment: &Deployment, url: &Url) -> String {
    let text = format!("{}\n{url}\n{}", deployment.key, deployment.digest);
    Digest::of(text.as_bytes()).hex()[..32].to_owned()
}
