//! How often GitHub is asked: less and less while nothing moves.

use std::time::Duration;

/// How long is waited at most between two questions, in poll intervals.
const MAX_SLOWDOWN: u32 = 5;

/// How often GitHub is asked.
pub(super) struct Pace {
    interval: Duration,
    wait: Duration,
}

impl Pace {
    pub(super) const fn new(interval: Duration) -> Self {
        Self {
            interval,
            wait: interval,
        }
    }

    /// How long to wait now, after something moved or nothing did: never less than the interval.
    pub(super) fn next(&mut self, moved: bool) -> Duration {
        if moved {
            self.wait = self.interval;
        }
        let wait = self.wait;
        self.wait = (self.wait * 3 / 2).min(self.interval * MAX_SLOWDOWN);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_slows_down_while_nothing_moves_and_is_never_faster_than_its_interval() {
        let mut pace = Pace::new(Duration::from_secs(2));
        let waits: Vec<_> = (0..8).map(|_| pace.next(false).as_millis()).collect();
        assert_eq!(waits, [2000, 3000, 4500, 6750, 10000, 10000, 10000, 10000]);
        assert_eq!(pace.next(true).as_millis(), 2000);
    }
}
