//! Until when something holds, as people say it: a last day, or for how long.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A term as it was given. It is kept so, because a moment worked out from `7d` would be another one each second, and a
/// plan with it never the same twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Through this day, in UTC.
    Day(Date),
    /// For so long from the moment at which it begins.
    Lasting {
        /// As it was written: `7d`.
        text: String,
        /// The same in seconds; a day has 24 hours.
        duration: SignedDuration,
    },
}

/// Why a text is no term.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a date such as 2026-12-31 nor a duration such as 7d or 12h")]
pub struct TermError(String);

impl Term {
    /// The moment at which a day begins, in UTC; whatever no calendar reaches has always begun.
    pub fn begin_of(day: Date) -> Timestamp {
        let begin = TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
        begin.unwrap_or(Timestamp::MIN)
    }

    /// The moment at which it is over, if it begins at `begin`.
    pub fn end(&self, begin: Timestamp) -> Timestamp {
        let end = match self {
            Self::Day(day) => day
                .tomorrow()
                .and_then(|next| TimeZone::UTC.to_timestamp(next.to_datetime(jiff::civil::Time::midnight()))),
            Self::Lasting { duration, .. } => begin.checked_add(*duration),
        };
        // Whatever no calendar reaches is as good as for ever.
        end.unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        let text = text.trim();
        // Read and written again, because other forms of a date are read as well.
        if let Ok(day) = text.parse::<Date>()
            && day.to_string() == text
        {
            return Ok(Self::Day(day));
        }
        let wrong = || TermError(super::clean_line(text).chars().take(80).collect());
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
        let span: Span = text.parse().map_err(|_| wrong())?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
        match duration {
            Ok(duration) if is_plain && duration.is_positive() => Ok(Self::Lasting {
                text: text.to_owned(),
                duration,
            }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Lasting { text, .. } => f.write_str(text),
        }
    }
}

super::serde_as_text!(Term);

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> String {
        let begin = "2026-11-23T12:00:00Z".parse().unwrap();
        text.parse::<Term>().unwrap().end(begin).to_string()
    }

    #[test]
    fn a_day_holds_to_its_end_and_a_duration_from_the_moment_it_begins() {
        assert_eq!(end("2026-12-31"), "2027-01-01T00:00:00Z");
        assert_eq!(end("7d"), "2026-11-30T12:00:00Z");
        assert_eq!(end("90m"), "2026-11-23T13:30:00Z");
        assert_eq!("7d".parse::<Term>().unwrap().to_string(), "7d");
    }

    #[test]
    fn what_is_no_term_says_what_one_looks_like() {
        for bad in [
            "",
            "soon",
            "-7d",
            "0d",
            "1 month",
            "20261231",
            "2026-13-01",
            "7d\u{1b}[31m",
        ] {
            let error = bad.parse::<Term>().unwrap_err().to_string();
            assert!(error.contains("2026-12-31"), "{bad:?}: {error}");
        }
    }
}
