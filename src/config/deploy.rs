//! The deployers of an environment: one table, or a list of tables that deploy one after the other.

use jiff::SignedDuration;

use super::section::{Section, Value};
use super::{ConfigError, keys, values};
use crate::domain::{CommandSettings, DeployerSettings, ProgramLine};

/// How long a run waits until what was deployed runs, unless it is said otherwise.
const OBSERVE_FOR: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn deployers(value: Value<'_>) -> Result<Vec<DeployerSettings>, ConfigError> {
    let list = value.one_or_many()?;
    list.iter().map(deployer).collect()
}

fn deployer(value: &Value<'_>) -> Result<DeployerSettings, ConfigError> {
    let table = value.section(keys::DEPLOY)?;
    let kind = table.require("kind")?;
    let word = kind.string()?;
    match keys::DEPLOY_KINDS.iter().find(|(known, _)| *known == word) {
        Some(("command", true)) => command(&table).map(DeployerSettings::Command),
        Some(_) => Err(kind.advise(
            format_args!("`{word}` is not supported yet"),
            Some("use `command`, which runs your own program".to_owned()),
        )),
        None => Err(kind.advise(
            format_args!("unknown deployer kind `{word}`"),
            keys::nearest(word, keys::DEPLOY_KINDS.iter().map(|(known, _)| *known))
                .or(Some("command"))
                .map(|near| format!("did you mean `{near}`?")),
        )),
    }
}

fn command(table: &Section<'_>) -> Result<CommandSettings, ConfigError> {
    let observe_for = table
        .get("observe_for")
        .map(|value| values::duration(&value))
        .transpose()?;
    let running = table
        .get("running")
        .map(|value| program_line(&value))
        .transpose()?;
    if observe_for.is_some() && running.is_none() {
        return Err(table
            .require("observe_for")?
            .mistake("requires `running`: nothing else can observe what runs"));
    }
    Ok(CommandSettings {
        program: table.require("program")?.text()?,
        args: table.strings("args")?,
        env: table
            .get("env")
            .map_or(Ok(Vec::new()), |value| value.list())?
            .iter()
            .map(Value::parse)
            .collect::<Result<_, _>>()?,
        running,
        observe_for: observe_for.unwrap_or(OBSERVE_FOR),
    })
}

/// A program with its arguments, as a list: nothing is given to a shell.
fn program_line(value: &Value<'_>) -> Result<ProgramLine, ConfigError> {
    let words = value
        .list()?
        .iter()
        .map(Value::text)
        .collect::<Result<Vec<_>, _>>()?;
    let mut words = words.into_iter();
    let program = words
        .next()
        .filter(|program| !program.is_empty())
        .ok_or_else(|| value.mistake("names no program"))?;
    Ok(ProgramLine {
        program,
        args: words.collect(),
    })
}
