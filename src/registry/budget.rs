//! How many requests a host is sent at once: as many as it bears. Halved when it says that they are too many, and grown
//! slowly while it does not (additive increase, multiplicative decrease, as TCP does it).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Enough to keep a link busy, few enough for a registry's patience.
const BEGIN: usize = 16;
/// The most places of a host whose configuration says nothing.
const MOST: usize = 32;

/// How many places there are, and why; without the waiting.
#[derive(Debug)]
struct Level {
    places: usize,
    most: usize,
    /// Places that were taken away while somebody held them: not given out again when they come back.
    owed: usize,
    /// Good answers since the number last changed.
    good: usize,
    /// When it was last halved.
    halved: Option<Instant>,
}

impl Level {
    fn new(concurrency: Option<usize>) -> Self {
        let most = concurrency.unwrap_or(MOST).max(1);
        Self {
            places: most.min(concurrency.unwrap_or(BEGIN).max(1)),
            most,
            owed: 0,
            good: 0,
            halved: None,
        }
    }

    /// What was sent before the last halving says nothing about the number since then. So a burst of refusals counts
    /// once.
    fn is_stale(&self, sent: Instant) -> bool {
        self.halved.is_some_and(|halved| sent <= halved)
    }

    /// Takes a good answer in. Whether there is one more place to give out.
    fn good(&mut self, sent: Instant) -> bool {
        if self.is_stale(sent) || self.places == self.most {
            return false;
        }
        self.good += 1;
        if self.good < self.places {
            return false;
        }
        self.good = 0;
        self.places += 1;
        if self.owed > 0 {
            // Somebody still holds it.
            self.owed -= 1;
            return false;
        }
        true
    }

    /// Takes in that the host had too much to do. How many places are to be taken away.
    fn busy(&mut self, sent: Instant, now: Instant) -> usize {
        if self.is_stale(sent) {
            return 0;
        }
        let fewer = self.places / 2;
        self.places -= fewer;
        self.good = 0;
        self.halved = Some(now);
        fewer
    }
}

/// The places of one host.
pub(super) struct Budget {
    /// Has a permit for every place that nobody holds.
    free: Arc<Semaphore>,
    level: Mutex<Level>,
}

/// A place among the requests under way; given back when it is dropped.
pub(super) struct Place {
    budget: Arc<Budget>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// Begins with as many places as the configuration allows, or with some.
    pub(super) fn new(concurrency: Option<usize>) -> Arc<Self> {
        let level = Level::new(concurrency);
        Arc::new(Self {
            free: Arc::new(Semaphore::new(level.places)),
            level: Mutex::new(level),
        })
    }

    fn level(&self) -> MutexGuard<'_, Level> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place, in turn.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        match Arc::clone(&self.free).acquire_owned().await {
            Ok(permit) => Place {
                budget: Arc::clone(self),
                permit: Some(permit),
            },
            // It is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// The host has done what was asked for, by a request of that time.
    pub(super) fn good(&self, sent: Instant) {
        let mut level = self.level();
        if level.good(sent) {
            self.free.add_permits(1);
        }
    }

    /// The host had too much to do, says the answer to a request of that time. How many places are left, if they became
    /// fewer.
    pub(super) fn busy(&self, sent: Instant) -> Option<usize> {
        let mut level = self.level();
        let fewer = level.busy(sent, Instant::now());
        level.owed += fewer - self.free.forget_permits(fewer);
        (fewer > 0).then_some(level.places)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut level = self.budget.level();
        if level.owed > 0
            && let Some(permit) = self.permit.take()
        {
            level.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn places(level: &mut Level, good: usize, sent: Instant) -> usize {
        for _ in 0..good {
            level.good(sent);
        }
        level.places
    }

    #[test]
    fn begins_with_what_is_configured_or_with_some() {
        assert_eq!(Level::new(None).places, 16);
        assert_eq!(Level::new(Some(3)).places, 3);
        assert_eq!(Level::new(Some(0)).places, 1);
    }

    #[test]
    fn a_burst_of_refusals_halves_once_and_never_below_one() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut level = Level::new(Some(5));
        assert_eq!(level.busy(after(0), after(2)), 2);
        assert_eq!(level.busy(after(1), after(3)), 0, "sent before the halving");
        assert_eq!(level.places, 3);
        for second in 3..9 {
            level.busy(after(second), after(second));
        }
        assert_eq!(level.places, 1);
    }

    #[test]
    fn grows_by_one_after_as_many_good_answers_as_there_are_places_up_to_the_most() {
        let start = Instant::now();
        let mut level = Level::new(None);
        assert_eq!(places(&mut level, 15, start), 16);
        assert_eq!(places(&mut level, 1, start), 17);
        assert_eq!(places(&mut level, 10_000, start), 32);
        let mut configured = Level::new(Some(4));
        assert_eq!(
            places(&mut configured, 10_000, start),
            4,
            "never more than configured"
        );
        let now = start + Duration::from_secs(1);
        assert_eq!(configured.busy(start, now), 2);
        assert_eq!(places(&mut configured, 100, start), 2, "sent before the halving");
        assert_eq!(places(&mut configured, 2, now + Duration::from_secs(1)), 3);
    }

    #[tokio::test]
    async fn places_that_are_held_while_they_are_taken_away_are_not_given_out_again() {
        let budget = Budget::new(Some(4));
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(budget.take().await);
        }
        assert_eq!(
            budget.busy(Instant::now()),
            Some(2),
            "the free one and one that is held"
        );
        held.pop();
        assert_eq!(budget.free.available_permits(), 0, "two are held");
        held.pop();
        assert_eq!(budget.free.available_permits(), 1);
        held.pop();
        assert_eq!(budget.free.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_budget_that_recovers_while_its_places_are_held_has_no_more_than_it_says() {
        let budget = Budget::new(Some(2));
        let (one, two) = (budget.take().await, budget.take().await);
        assert_eq!(budget.busy(Instant::now()), Some(1));
        budget.good(Instant::now() + Duration::from_secs(1));
        drop((one, two));
        assert_eq!(budget.free.available_permits(), 2);
    }
}
