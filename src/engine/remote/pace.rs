//! How often GitHub is asked: less and less while nothing moves, and never more than all followers together may.

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
    use std::time::Instant;

    use super::*;
    use crate::github::Spending;

    #[test]
    fn polling_slows_down_while_nothing_moves_and_is_never_faster_than_its_interval() {
        let mut pace = Pace::new(Duration::from_secs(2));
        let waits: Vec<_> = (0..8).map(|_| pace.next(false).as_millis()).collect();
        assert_eq!(waits, [2000, 3000, 4500, 6750, 10000, 10000, 10000, 10000]);
        assert_eq!(pace.next(true).as_millis(), 2000);
    }

    /// How many requests that count `followers` make in an hour, at times of their own: each answer has changed every time.
    fn requests_in_an_hour(followers: usize, each: usize) -> usize {
        let spending = Spending::default();
        let begin = Instant::now();
        let end = begin + Duration::from_hours(1);
        let mut all: Vec<_> = (0..followers)
            .map(|_| (begin, Pace::new(Duration::from_secs(3))))
            .collect();
        let mut count = 0;
        while let Some((at, pace)) = all
            .iter_mut()
            .min_by_key(|(at, _)| *at)
            .filter(|(at, _)| *at < end)
        {
            for _ in 0..each {
                spending.note(*at);
            }
            count += each;
            *at += pace.next(true).max(spending.breather(*at));
        }
        count
    }

    #[test]
    fn twenty_runs_that_move_all_the_time_cost_at_most_1500_requests_an_hour_and_one_is_not_slowed_down() {
        let twenty = requests_in_an_hour(20, 3);
        assert!((1000..=1500).contains(&twenty), "{twenty}");
        assert_eq!(requests_in_an_hour(1, 1), 1200);
    }
}
