//! When to try again, and after how long.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

use super::error::RegistryError;
use super::quota::Quota;
use crate::http::retry_after;

/// How often something that is safe to repeat is tried in all.
pub(super) const ATTEMPTS: u32 = 5;
/// How often in all where the host only keeps silent: each time is as long as its patience.
const ATTEMPTS_AT_SILENCE: u32 = 3;
/// The longest wait that a host is granted; one that asks for more has failed.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

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
    match (status, comes_back(status, headers, Timestamp::now())) {
        (429 | 503, Some(wait)) if wait > LONGEST_WAIT => None,
        (429 | 503, Some(wait)) => Some(Wait::Asked(wait)),
        (429 | 500 | 502 | 503 | 504, _) => Some(Wait::Unsaid),
        _ => None,
    }
}

/// When to come back: as the answer asks, or else when there is quota again.
pub(super) fn comes_back(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let quota = || Quota::of(headers, now)?.used_up();
    retry_after(headers, now).or_else(|| if status == 429 { quota() } else { None })
}

/// How long a host may be silent once it has `size` bytes: it may hash them all before it answers, at this speed at
/// least.
pub(super) fn patience(idle: Duration, size: u64) -> Duration {
    const BYTES_PER_SECOND: u64 = 20_000_000;
    idle + Duration::from_millis(size / (BYTES_PER_SECOND / 1000))
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
        // It was reached a moment ago: it starts again.
        RegistryError::Broken { .. } | RegistryError::Slow { .. } | RegistryError::Unreachable { .. } => true,
        RegistryError::Status { status, .. } | RegistryError::Elsewhere { status, .. } => {
            matches!(*status, 408 | 429 | 500 | 502 | 503 | 504)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header;

    use super::*;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        headers
    }

    #[test]
    fn a_host_that_has_got_gigabytes_is_given_time_to_hash_them() {
        let idle = Duration::from_secs(30);
        assert_eq!(patience(idle, 0), idle);
        assert_eq!(patience(idle, 10_000_000_000), Duration::from_secs(530));
    }

    #[test]
    fn a_quota_that_is_used_up_says_when_to_come_back() {
        let mut headers = HeaderMap::new();
        headers.insert("ratelimit-remaining", "0".parse().unwrap());
        headers.insert("ratelimit-reset", "20".parse().unwrap());
        assert_eq!(
            wait_for(429, &headers),
            Some(Wait::Asked(Duration::from_secs(20)))
        );
        assert_eq!(wait_for(503, &headers), Some(Wait::Unsaid), "another reason");
        headers.insert("ratelimit-reset", "7200".parse().unwrap());
        assert_eq!(wait_for(429, &headers), None);
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
