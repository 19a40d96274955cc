//! When to try again, and after how long.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap};

use super::error::RegistryError;

/// How often something that is safe to repeat is tried in all.
pub(super) const ATTEMPTS: u32 = 5;
/// How often in all where the host only keeps silent: each time is as long as its patience.
const ATTEMPTS_AT_SILENCE: u32 = 3;
/// The longest wait that a host is granted; one that asks for more has failed.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The wait before another attempt: doubling from 100 ms, with chance, so that many clients do not come back at once.
pub(super) fn backoff(attempt: u32) -> Duration {
    let base = Duration::from_millis(100) * 2_u32.pow(attempt.clamp(1, 6) - 1);
    base.mul_f64(0.5 + rand::random::<f64>())
}

/// How long an overloaded or broken host is left alone before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// As long as it asked for: everyone waits.
    Asked(Duration),
    /// It did not say.
    Unsaid,
}

/// What an answer says about coming back; none for one that stands.
pub(super) fn wait_for(status: u16, headers: &HeaderMap) -> Option<Wait> {
    match (status, retry_after(headers, Timestamp::now())) {
        (429 | 503, Some(wait)) if wait > LONGEST_WAIT => None,
        (429 | 503, Some(wait)) => Some(Wait::Asked(wait)),
        (429 | 500 | 502 | 503 | 504, _) => Some(Wait::Unsaid),
        _ => None,
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = u64::try_from(date.as_second() - now.as_second()).unwrap_or(0);
    Some(Duration::from_secs(seconds))
}

/// Whether a request that failed so at this attempt, and is safe to repeat, is sent again.
pub(super) const fn is_worth_another(error: &RegistryError, attempt: u32) -> bool {
    match error {
        RegistryError::Broken { .. } => attempt < ATTEMPTS,
        RegistryError::Slow { .. } => attempt < ATTEMPTS_AT_SILENCE,
        _ => false,
    }
}

/// Whether an upload that failed so may succeed when it is begun anew.
pub(super) const fn is_passing(error: &RegistryError) -> bool {
    match error {
        RegistryError::Broken { .. } | RegistryError::Slow { .. } => true,
        RegistryError::Status { status, .. } => matches!(*status, 408 | 429 | 500 | 502 | 503 | 504),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        headers
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let read = |text: &str| retry_after(&headers(text), now);
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            read("Mon, 23 Nov 2026 10:00:09 GMT"),
            Some(Duration::from_secs(9))
        );
        assert_eq!(read("Mon, 23 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn a_host_that_asks_for_an_hour_has_failed_now() {
        assert_eq!(
            wait_for(429, &headers("2")),
            Some(Wait::Asked(Duration::from_secs(2)))
        );
        assert_eq!(wait_for(429, &headers("3600")), None);
        assert_eq!(wait_for(503, &HeaderMap::new()), Some(Wait::Unsaid));
        assert_eq!(wait_for(404, &headers("2")), None);
    }
}
