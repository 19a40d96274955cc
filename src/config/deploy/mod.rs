//! The deployers of an environment: one table, or a list of tables that deploy one after the other. Each kind is one file here
//! and one row of [`KINDS`].

mod command;
mod gitops;
mod waiting;

use super::ConfigError;
use super::keys::{self, Keys};
use super::section::{Section, Value};
use crate::domain::DeployerSettings;

type Read = fn(&Section<'_>) -> Result<DeployerSettings, ConfigError>;

/// The kinds of deployer, each with its keys and what reads them.
const KINDS: &[(&str, Keys, Read)] = &[
    ("command", keys::DEPLOY_COMMAND, command::read),
    ("gitops", keys::DEPLOY_GITOPS, gitops::read),
];

pub(super) fn deployers(value: Value<'_>) -> Result<Vec<DeployerSettings>, ConfigError> {
    let list = value.one_or_many()?;
    list.iter().map(deployer).collect()
}

fn deployer(value: &Value<'_>) -> Result<DeployerSettings, ConfigError> {
    let Some(kind) = value.entry("kind")? else {
        return Err(value.mistake("requires `kind`"));
    };
    let word = kind.string()?;
    if let Some((_, keys, read)) = KINDS.iter().find(|(known, ..)| *known == word) {
        return read(&value.section(*keys)?);
    }
    let known = || KINDS.iter().map(|(known, ..)| *known);
    let hint = match keys::nearest(word, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("kinds: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(kind.advise(format_args!("unknown deployer kind `{word}`"), Some(hint)))
}
