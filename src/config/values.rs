//! Values that several sections have.

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::ConfigError;
use super::section::Value;

/// `24h`, `90m`, `7 days`: a day has 24 hours, and months and years are no durations.
pub(super) fn duration(value: &Value<'_>) -> Result<SignedDuration, ConfigError> {
    let text = value.string()?;
    let span: Result<Span, _> = text.parse();
    let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    match duration {
        Ok(duration) if duration.is_positive() => Ok(duration),
        _ => Err(value.advise(
            format_args!("`{text}` is not a valid duration"),
            Some("use a form such as `24h`, `90m` or `7d`".to_owned()),
        )),
    }
}
