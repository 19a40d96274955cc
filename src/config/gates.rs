//! The gates of an environment: what windlass.toml requires before something is promoted there.

use jiff::SignedDuration;

use super::section::Section;
use super::value::Value;
use super::{ConfigError, keys};
use crate::domain::{Clean, Freeze, FreezeError, LeftOut, Limits, Rule, ScanPolicy, SoakPolicy, clean_line};

/// The longest time that candidates can be asked to soak, or to be old: beyond it, a slip of the unit is more likely than an intention.
const MAX_TIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// `gate.soak`: where candidates soak, and for how long.
pub(super) fn soak(value: &Value<'_>) -> Result<SoakPolicy, ConfigError> {
    let section = value.section(keys::SOAK)?;
    Ok(SoakPolicy {
        environment: section.require("in")?.parse()?,
        time: at_most_a_year(&section.require("time")?)?,
    })
}

/// `gate.age`: how old images have to be.
pub(super) fn age(value: &Value<'_>) -> Result<SignedDuration, ConfigError> {
    at_most_a_year(value)
}

pub(super) fn at_most_a_year(value: &Value<'_>) -> Result<SignedDuration, ConfigError> {
    let time = value.duration()?;
    if time > MAX_TIME {
        return Err(value.mistake(format_args!(
            "`{}` is longer than a year",
            clean_line(value.string()?)
        )));
    }
    Ok(time)
}

/// `gate.freeze`: when nothing is promoted.
pub(super) fn freezes(value: &Value<'_>) -> Result<Vec<Freeze>, ConfigError> {
    value.list()?.iter().map(freeze).collect()
}

fn freeze(value: &Value<'_>) -> Result<Freeze, ConfigError> {
    let section = value.section(keys::FREEZE)?;
    let (from, until) = (section.require("from")?, section.require("until")?);
    let zone = section.text("zone")?.unwrap_or_else(|| "UTC".to_owned());
    let name = Clean::line(section.require("name")?.plain()?);
    let freeze = Freeze::new(name, from.string()?, until.string()?, &zone);
    freeze.map_err(|error| {
        let place = match &error {
            FreezeError::Zone(_) => section.get("zone"),
            FreezeError::Begin(_) => Some(from),
            FreezeError::End(_) | FreezeError::Forms { .. } | FreezeError::Empty { .. } => Some(until),
        };
        let hint = Some(error.hint().to_owned());
        place.map_or_else(
            || section.mistake(error.to_string()),
            |place| place.advise(&error, hint),
        )
    })
}

/// `gate.scan`: the policy for scan reports.
pub(super) fn scan(value: &Value<'_>) -> Result<ScanPolicy, ConfigError> {
    let section = value.section(keys::SCAN)?;
    let span = |key| section.get(key).map(|value| value.duration()).transpose();
    let rule = |key| match section.get(key) {
        None => Ok(Rule::default()),
        Some(value) => value.choice(&[("refuse", Rule::Refuse), ("allow", Rule::Allow)]),
    };
    let fail_on = limits(&section.require("fail_on")?, keys::FAIL_ON)?;
    if fail_on == Limits::default() {
        let limits = section.require("fail_on")?.section(keys::FAIL_ON)?;
        return Err(limits.mistake("gate.scan.fail_on sets no limit, so no report could ever fail"));
    }
    let others = |key, keys| section.get(key).map(|value| limits(&value, keys)).transpose();
    let fail_on_misconfigurations = others("fail_on_misconfigurations", keys::FAIL_ON_MISCONFIGURATIONS)?;
    let fail_on_licences = others("fail_on_licences", keys::FAIL_ON_LICENCES)?;
    Ok(ScanPolicy {
        fail_on,
        fail_on_secrets: others("fail_on_secrets", keys::FAIL_ON_SECRETS)?,
        fail_on_misconfigurations: fail_on_misconfigurations.unwrap_or_default(),
        fail_on_licences: fail_on_licences.unwrap_or_default(),
        fixable_only: section.flag("fixable_only")?,
        max_age: span("max_age")?,
        max_database_age: span("max_database_age")?,
        exploited: section.path("exploited")?,
        end_of_life: rule("end_of_life")?,
        no_packages: rule("no_packages")?,
        filtered: rule("filtered")?,
        leave_out: left_out(&section)?,
        at_admission: section.flag("at_admission")?,
        signed_by: section.path("signed_by")?,
    })
}

/// How many findings of each severity are accepted.
fn limits(value: &Value<'_>, keys: keys::Keys) -> Result<Limits, ConfigError> {
    let limits = value.section(keys)?;
    let limit = |key| limits.get(key).map(|value| value.number()).transpose();
    Ok(Limits {
        critical: limit("critical")?,
        high: limit("high")?,
        medium: limit("medium")?,
        low: limit("low")?,
        unknown: limit("unknown")?,
    })
}

fn left_out(section: &Section<'_>) -> Result<Vec<LeftOut>, ConfigError> {
    let list = section
        .get("leave_out")
        .map_or(Ok(Vec::new()), |value| value.list())?;
    let one = |value: &Value<'_>| {
        let section = value.section(keys::LEAVE_OUT)?;
        Ok(LeftOut {
            platform: section.require("platform")?.parse()?,
            reason: section.require("reason")?.text()?,
        })
    };
    list.iter().map(one).collect()
}
