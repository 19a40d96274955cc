//! What asking again and again may cost: GitHub takes 5,000 requests an hour from a token, for everything that uses it, and does
//! not count those whose answer has not changed.
//! <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a request that counts has to be paid off: 1,200 an hour.
const PRICE: Duration = Duration::from_secs(3);
/// How many requests may come before the first of them is paid off.
const BURST: u32 = 100;

/// How much was asked of late.
#[derive(Debug, Default)]
pub struct Spending {
    /// When all requests so far are paid off.
    paid_at: Mutex<Option<Instant>>,
}

impl Spending {
    /// A request that counts was made at `now`.
    pub fn note(&self, now: Instant) {
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        *paid_at = Some(paid_at.map_or(now, |paid_at| paid_at.max(now)) + PRICE);
    }

    /// How long whoever only looks again should wait from `now` on.
    pub fn breather(&self, now: Instant) -> Duration {
        let paid_at = *self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        paid_at.map_or(Duration::ZERO, |paid_at| {
            paid_at
                .saturating_duration_since(now)
                .saturating_sub(PRICE * BURST)
        })
    }
}
