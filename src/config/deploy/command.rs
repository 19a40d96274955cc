//! A deployer that is a program.

use super::waiting::observe_for;
use crate::config::ConfigError;
use crate::config::section::Section;
use crate::config::value::Value;
use crate::domain::{CommandSettings, DeployerSettings, ProgramLine};

pub(super) fn read(table: &Section<'_>) -> Result<DeployerSettings, ConfigError> {
    let running = table
        .get("running")
        .map(|value| program_line(&value))
        .transpose()?;
    if running.is_none()
        && let Some(value) = table.get("observe_for")
    {
        return Err(value.mistake("requires `running`: nothing else can observe what runs"));
    }
    Ok(DeployerSettings::Command(CommandSettings {
        program: table.require("program")?.text()?,
        args: table.strings("args")?,
        env: table.parsed("env")?,
        running,
        observe_for: observe_for(table)?,
    }))
}

/// A program with its arguments, as a list: nothing is given to a shell.
pub(super) fn program_line(value: &Value<'_>) -> Result<ProgramLine, ConfigError> {
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
