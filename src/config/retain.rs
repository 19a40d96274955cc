//! `retain` of an environment: what `windlass gc` leaves there.

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::section::Section;
use super::value::Value;
use super::{ConfigError, keys};
use crate::domain::Retention;

/// More images than anybody keeps by number; beyond it, a slip is more likely than an intention.
const MAX_IMAGES: usize = 100_000;

/// The rule of an environment, if it has one. Without a number of builds or a time everything that was not deployed lately
/// would go, so one of them is required; in a protected environment the time.
pub(super) fn retention(section: &Section<'_>) -> Result<Option<Retention>, ConfigError> {
    let Some(value) = section.get("retain") else {
        return Ok(None);
    };
    let rule = value.section(keys::RETAIN)?;
    let retention = Retention {
        builds: rule.get("builds").map(|value| number(&value)).transpose()?,
        age: rule.get("for").map(|value| time(&value)).transpose()?,
        deployments: rule
            .get("deployments")
            .map_or(Ok(Retention::DEPLOYMENTS), |value| number(&value))?,
    };
    if section.flag("protected")? && retention.age.is_none() {
        return Err(value.advise(
            "requires `for` in a protected environment",
            Some("say how long its images are kept, such as `for = \"7y\"`".to_owned()),
        ));
    }
    if retention.builds.is_none() && retention.age.is_none() {
        return Err(value.mistake("requires `builds` or `for`"));
    }
    Ok(Some(retention))
}

fn number(value: &Value<'_>) -> Result<usize, ConfigError> {
    match value.number()? {
        0 => Err(value.mistake("must be at least 1")),
        n if n > MAX_IMAGES => Err(value.mistake(format_args!("is more than {MAX_IMAGES}"))),
        n => Ok(n),
    }
}

/// `30d`, `7y`: months and years count with all the days that they can have, so that nothing goes too early.
fn time(value: &Value<'_>) -> Result<SignedDuration, ConfigError> {
    let text = value.string()?;
    let whole = text.parse::<Span>().ok().and_then(|span| {
        let days = i64::from(span.get_years()) * 366 + i64::from(span.get_months()) * 31;
        let rest = span.try_years(0).ok()?.try_months(0).ok()?;
        let rest = rest.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        rest.checked_add(SignedDuration::from_hours(days.checked_mul(24)?))
    });
    match whole {
        Some(time) if time.is_positive() => Ok(time),
        _ => Err(value.advise(
            format_args!("`{}` is not a valid duration", crate::domain::clean_line(text)),
            Some("use a form such as `30d`, `18mo` or `7y`".to_owned()),
        )),
    }
}
