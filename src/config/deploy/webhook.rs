//! A deployer that is a service, told over HTTP.

use jiff::SignedDuration;

use super::waiting::observe_for;
use crate::config::ConfigError;
use crate::config::section::Section;
use crate::domain::{DeployerSettings, WebhookSettings};

/// How long a deployment may take, unless it is said otherwise.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn read(table: &Section<'_>) -> Result<DeployerSettings, ConfigError> {
    let running = table.get("running").map(|value| value.parse()).transpose()?;
    if running.is_none()
        && let Some(value) = table.get("observe_for")
    {
        return Err(value.mistake("requires `running`: nothing else can observe what runs"));
    }
    Ok(DeployerSettings::Webhook(WebhookSettings {
        url: table.require("url")?.parse()?,
        secret_file: table.sensitive_path("secret_file")?,
        token_file: table.sensitive_path("token_file")?,
        requires_status: match table.get("status") {
            None => false,
            Some(value) => value.choice(&[("required", true), ("optional", false)])?,
        },
        timeout: table
            .get("timeout")
            .map_or(Ok(TIMEOUT), |value| value.duration())?,
        running,
        observe_for: observe_for(table)?,
    }))
}
