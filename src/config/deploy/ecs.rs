//! A deployer that changes a service of Amazon ECS.

use jiff::SignedDuration;

use super::waiting::observe_for;
use crate::config::ConfigError;
use crate::config::section::Section;
use crate::domain::{DeployerSettings, EcsSettings};

/// How long a deployment may take, unless it is said otherwise: ECS itself drains old tasks for minutes.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(20);

pub(super) fn read(table: &Section<'_>) -> Result<DeployerSettings, ConfigError> {
    let name = |key: &str| {
        let value = table.require(key)?;
        let text = value.text()?;
        // It is an argument of a program, and must not be taken for an option.
        if text.starts_with('-') {
            return Err(value.mistake("must not begin with `-`"));
        }
        Ok(text)
    };
    let optional = |key: &str| table.get(key).map(|_| name(key)).transpose();
    Ok(DeployerSettings::Ecs(EcsSettings {
        program: table
            .get("program")
            .map_or_else(|| Ok("aws".into()), |value| value.program())?,
        cluster: name("cluster")?,
        service_name: name("service_name")?,
        container: name("container")?,
        region: optional("region")?,
        profile: optional("profile")?,
        rollback: table.flag("rollback")?,
        timeout: table
            .get("timeout")
            .map_or(Ok(TIMEOUT), |value| value.duration())?,
        observe_for: observe_for(table)?,
    }))
}
