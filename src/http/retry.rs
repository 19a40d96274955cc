//! When a request is sent again, and after how long.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap};

/// The longest wait that a host is granted; one that asks for more has failed.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How often a request is sent in all, and how long it is waited before the second time; the wait doubles.
#[derive(Debug, Clone, Copy)]
pub struct Attempts {
    /// How often in all.
    pub most: u32,
    /// The wait before the second time.
    pub first_wait: Duration,
}

impl Attempts {
    /// Once.
    pub const ONCE: Self = Self {
        most: 1,
        first_wait: Duration::ZERO,
    };
    /// Five times in about eight seconds.
    pub const SEVERAL: Self = Self {
        most: 5,
        first_wait: Duration::from_millis(500),
    };

    /// The wait after the attempt of this number, with chance, so that many clients do not come back at once.
    pub(super) fn wait_after(self, attempt: u32) -> Duration {
        let base = self.first_wait * 2_u32.pow(attempt.clamp(1, 6) - 1);
        base.mul_f64(0.5 + rand::random::<f64>())
    }
}

/// Whether an answer says that the same request may succeed later.
pub(super) const fn is_passing(status: u16) -> bool {
    status == 429 || status >= 500
}

/// The wait that an answer asks for, within what a host is granted; an error if it asks for more.
pub(super) fn asked(headers: &HeaderMap, now: Timestamp) -> Result<Option<Duration>, Duration> {
    match retry_after(headers, now) {
        Some(wait) if wait > LONGEST_WAIT => Err(wait),
        wait => Ok(wait),
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), which is compared with the host's own clock.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let date = |text| jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp());
    let after = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let its_now = text(header::DATE).and_then(date).unwrap_or(now);
    let seconds = date(after)?.as_second() - its_now.as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}
