//! What a host says of the requests that it still grants: Docker Hub's `RateLimit-Remaining: 95;w=21600`, the fields of
//! the IETF's drafts, and `X-RateLimit-…` as others write them.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap};

/// From here on there is little left.
pub(super) const LOW: u64 = 10;
/// Numbers from here on are moments (seconds since 1970), smaller ones are durations: both are written.
const MOMENTS: u64 = 1_000_000_000;

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    /// Requests, or pulls, as the host counts them.
    pub(super) remaining: u64,
    /// After how long there are more, where the host says so.
    pub(super) reset: Option<Duration>,
}

impl Quota {
    /// Reads it; none where nothing is said.
    pub(super) fn of(headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let number = |name| leading(text(name)?);
        // `limit=100, remaining=50, reset=30` (draft 7) and `"default";r=50;t=30` (from draft 8 on).
        let combined = text("ratelimit").unwrap_or_default();
        let remaining = number("ratelimit-remaining")
            .or_else(|| number("x-ratelimit-remaining"))
            .or_else(|| parameter(combined, &["remaining", "r"]))?;
        let reset = number("ratelimit-reset")
            .or_else(|| number("x-ratelimit-reset"))
            .or_else(|| parameter(combined, &["reset", "t"]));
        Some(Self {
            remaining,
            reset: reset.map(|reset| duration(reset, headers, now)),
        })
    }

    /// After how long there are more, where nothing is left.
    pub(super) fn used_up(self) -> Option<Duration> {
        self.reset.filter(|reset| self.remaining == 0 && !reset.is_zero())
    }
}

/// The host's own time, which dates in its answers are compared with: its clock may be wrong, or ours.
pub(super) fn clock(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
        .map_or(now, |date| date.timestamp())
}

fn duration(number: u64, headers: &HeaderMap, now: Timestamp) -> Duration {
    let seconds = if number < MOMENTS {
        number
    } else {
        let its_now = u64::try_from(clock(headers, now).as_second()).unwrap_or(0);
        number.saturating_sub(its_now)
    };
    Duration::from_secs(seconds)
}

/// The number that a value begins with; what follows it, as `;w=21600`, is the window.
fn leading(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn parameter(text: &str, names: &[&str]) -> Option<u64> {
    text.split([',', ';']).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        names.contains(&name.trim()).then(|| leading(value)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> Option<Quota> {
        let headers = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Quota::of(&headers, "2026-11-23T10:00:00Z".parse().unwrap())
    }

    fn quota(remaining: u64, reset: Option<u64>) -> Quota {
        Quota {
            remaining,
            reset: reset.map(Duration::from_secs),
        }
    }

    #[test]
    fn reads_what_is_left_in_all_its_forms() {
        let hub = [
            ("ratelimit-limit", "100;w=21600"),
            ("ratelimit-remaining", "95;w=21600"),
        ];
        assert_eq!(read(&hub), Some(quota(95, None)));
        let early = [("ratelimit-remaining", "0"), ("ratelimit-reset", "30")];
        assert_eq!(read(&early), Some(quota(0, Some(30))));
        let seventh = [("ratelimit", "limit=100, remaining=50, reset=31")];
        assert_eq!(read(&seventh), Some(quota(50, Some(31))));
        let later = [("ratelimit", "\"default\";r=4;t=32")];
        assert_eq!(read(&later), Some(quota(4, Some(32))));
        assert_eq!(read(&[("x-ratelimit-remaining", "many")]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn a_moment_is_told_by_the_hosts_own_clock() {
        let moment = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795428033"),
        ];
        // 2026-11-23T10:00:33Z
        assert_eq!(read(&moment), Some(quota(0, Some(33))));
        let [remaining, reset] = moment;
        let slow = ("date", "Mon, 23 Nov 2026 09:59:53 GMT");
        assert_eq!(read(&[remaining, reset, slow]), Some(quota(0, Some(40))));
    }

    #[test]
    fn only_nothing_is_used_up() {
        assert_eq!(quota(0, Some(5)).used_up(), Some(Duration::from_secs(5)));
        assert_eq!(quota(1, Some(5)).used_up(), None);
        assert_eq!(quota(0, Some(0)).used_up(), None);
        assert_eq!(quota(0, None).used_up(), None);
    }
}
