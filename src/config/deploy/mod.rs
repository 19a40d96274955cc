//! The deployers of an environment: one table, or a list of tables that deploy one after the other. Each kind is one file here
//! and one row of [`KINDS`].

mod command;
mod ecs;
mod gitops;
mod kind;
mod kubernetes;
mod probe;
mod waiting;
mod webhook;

use self::kind::of_kind;
use super::ConfigError;
use super::keys::{self, Keys};
use super::section::Section;
use super::value::Value;
use crate::domain::DeployerSettings;

pub(super) use probe::probes;

type Read = fn(&Section<'_>) -> Result<DeployerSettings, ConfigError>;

/// The kinds of deployer, each with its keys and what reads them.
const KINDS: &[(&str, Keys, Read)] = &[
    ("command", keys::DEPLOY_COMMAND, command::read),
    ("gitops", keys::DEPLOY_GITOPS, gitops::read),
    ("ecs", keys::DEPLOY_ECS, ecs::read),
    ("webhook", keys::DEPLOY_WEBHOOK, webhook::read),
    ("kubernetes", keys::DEPLOY_KUBERNETES, kubernetes::read),
];

pub(super) fn deployers(value: Value<'_>) -> Result<Vec<DeployerSettings>, ConfigError> {
    let list = value.one_or_many()?;
    list.iter().map(deployer).collect()
}

fn deployer(value: &Value<'_>) -> Result<DeployerSettings, ConfigError> {
    let (table, read) = of_kind(value, "deployer", KINDS)?;
    read(&table)
}
