//! The checks after a deployment: `[[environment.after]]`.

use jiff::SignedDuration;

use super::command::program_line;
use super::kind::of_kind;
use crate::config::ConfigError;
use crate::config::keys::{self, Keys};
use crate::config::section::Section;
use crate::config::value::Value;
use crate::domain::{ProbeKind, ProbeSettings, Repetition};

/// How often in a row, how often and how long, unless it is said otherwise.
const SUCCESSES: u32 = 3;
const EVERY: SignedDuration = SignedDuration::from_secs(5);
const TIMEOUT: SignedDuration = SignedDuration::from_mins(2);
/// How long a program may take, unless it is said otherwise.
const COMMAND_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);

type Read = fn(&Section<'_>) -> Result<ProbeKind, ConfigError>;

const KINDS: &[(&str, Keys, Read)] = &[
    ("http", keys::AFTER_HTTP, http),
    ("command", keys::AFTER_COMMAND, command),
    ("prometheus", keys::AFTER_PROMETHEUS, prometheus),
];

pub(in crate::config) fn probes(value: Value<'_>) -> Result<Vec<ProbeSettings>, ConfigError> {
    value.one_or_many()?.iter().map(probe).collect()
}

fn probe(value: &Value<'_>) -> Result<ProbeSettings, ConfigError> {
    let (table, read) = of_kind(value, "check", KINDS)?;
    let kind = read(&table)?;
    let time = |key, usual| table.get(key).map_or(Ok(usual), |value| value.duration());
    let repetition = if matches!(kind, ProbeKind::Command { .. }) {
        Repetition {
            successes: 1,
            every: EVERY,
            timeout: time("timeout", COMMAND_TIMEOUT)?,
        }
    } else {
        Repetition {
            successes: table.positive("successes")?.unwrap_or(SUCCESSES),
            every: time("every", EVERY)?,
            timeout: time("timeout", TIMEOUT)?,
        }
    };
    if repetition.every.as_secs_f64() * f64::from(repetition.successes - 1)
        >= repetition.timeout.as_secs_f64()
    {
        return Err(table.mistake(format!(
            "{} successes in a row take longer than `timeout`",
            repetition.successes
        )));
    }
    Ok(ProbeSettings {
        kind,
        repetition,
        rollback: table.flag("rollback")?,
    })
}

fn http(table: &Section<'_>) -> Result<ProbeKind, ConfigError> {
    const OK: u16 = 200;
    Ok(ProbeKind::Http {
        url: table.require("url")?.parse()?,
        status: match table.get("status") {
            None => OK,
            Some(value) => value
                .number()
                .ok()
                .filter(|status| (100..600).contains(status))
                .ok_or_else(|| value.mistake("is not a status of HTTP"))?,
        },
        contains: table.text("contains")?,
    })
}

fn command(table: &Section<'_>) -> Result<ProbeKind, ConfigError> {
    Ok(ProbeKind::Command {
        command: program_line(&table.require("command")?)?,
        env: table.parsed("env")?,
    })
}

fn prometheus(table: &Section<'_>) -> Result<ProbeKind, ConfigError> {
    Ok(ProbeKind::Prometheus {
        url: table.require("url")?.parse()?,
        query: table.require("query")?.text()?,
        expect: table.require("expect")?.parse()?,
    })
}
