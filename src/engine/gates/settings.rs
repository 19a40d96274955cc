//! The settings by which gates apply.

use crate::config::{CheckRule, EnvironmentSettings};
use crate::domain::Environment;
use crate::engine::Engine;
use crate::engine::error::EngineError;

/// The settings by which gates apply.
pub(in crate::engine) struct Settings<'a> {
    /// Of the environment that the candidate is in.
    pub(super) source: &'a EnvironmentSettings,
    /// Of the environment that it is to go to; none where there is no next one.
    pub(super) target: Option<&'a EnvironmentSettings>,
    /// Whether the source is the environment that builds push to.
    pub(super) source_receives_builds: bool,
    /// Whether the target is the environment that releases are for.
    pub(super) is_production: bool,
    /// Whether the hotfix path is taken.
    pub(super) is_hotfix: bool,
    /// Whether the checks of GitHub count.
    pub(super) checks: CheckRule,
}

impl<'a> Settings<'a> {
    /// Of a candidate in `source` that is to go to `target`; or of what is done in `source` alone.
    pub(super) fn new(
        engine: &'a Engine,
        source: &'a Environment,
        target: Option<&'a Environment>,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            source: engine.settings(&source.name)?,
            target: target.map(|target| engine.settings(&target.name)).transpose()?,
            source_receives_builds: source.from.is_empty(),
            is_production: target.is_some_and(|target| target.name == engine.production().name),
            is_hotfix: false,
            checks: engine.config().github.checks,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config::{SignatureSettings, VerifySettings};
    use crate::domain::{
        ApprovalPolicy, Clean, CommandSettings, DeployerSettings, Freeze, ScanPolicy, SoakPolicy,
    };

    /// Settings that ask for every gate.
    pub(in crate::engine::gates) fn every_setting() -> EnvironmentSettings {
        EnvironmentSettings {
            scan: Some(ScanPolicy::default()),
            verify: Some(VerifySettings::Key("key.pub".into())),
            deploy: vec![DeployerSettings::Command(CommandSettings {
                program: "deploy".to_owned(),
                args: Vec::new(),
                env: Vec::new(),
                running: None,
                observe_for: jiff::SignedDuration::from_mins(5),
            })],
            soak: Some(SoakPolicy {
                environment: "stage".parse().unwrap(),
                time: jiff::SignedDuration::from_hours(24),
            }),
            min_age: Some(jiff::SignedDuration::from_hours(24)),
            approvals: Some(ApprovalPolicy {
                required: 1,
                roles: std::collections::BTreeMap::new(),
                exclude_author: false,
                exclude_promoter: false,
                max_age: None,
                trusted: Vec::new(),
            }),
            freezes: vec![Freeze::new(Clean::line("night"), "22:00", "06:00", "UTC").unwrap()],
            signatures: SignatureSettings {
                verifiers: vec!["cosign 3".parse().unwrap()],
                ..SignatureSettings::default()
            },
            ..EnvironmentSettings::default()
        }
    }

    pub(in crate::engine::gates) fn settings_of(all: &EnvironmentSettings) -> Settings<'_> {
        Settings {
            source: all,
            target: Some(all),
            source_receives_builds: false,
            is_production: true,
            is_hotfix: true,
            checks: CheckRule::Required,
        }
    }
}
