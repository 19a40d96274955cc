//! Soaking: for how long a candidate must have been deployed to an environment before it goes on.

use jiff::{SignedDuration, Timestamp};

use super::{Deployed, Digest, EnvironmentName, Verdict, span};

/// What an environment asks of the candidates that are promoted to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoakPolicy {
    /// Where they soak.
    pub environment: EnvironmentName,
    /// For how long, without a break.
    pub time: SignedDuration,
}

/// The last time that a digest was deployed without a break: deploying it again goes on with it, deploying another digest
/// ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period<'a> {
    start: Timestamp,
    /// What was deployed next; none where nothing was.
    end: Option<&'a Deployed>,
    /// Whether what was deployed next is what was deployed before: the environment was taken back.
    was_taken_back: bool,
}

impl<'a> Period<'a> {
    /// In `history`, which has the newest first; none where the digest is not in it.
    fn last(digest: &Digest, history: &'a [Deployed]) -> Option<Self> {
        let newest = history.iter().position(|deployed| deployed.digest == *digest)?;
        let own = history[newest..].iter();
        let length = own.take_while(|deployed| deployed.digest == *digest).count();
        let end = newest.checked_sub(1).map(|next| &history[next]);
        let before = history.get(newest + length);
        Some(Self {
            start: history[newest + length - 1].at,
            end,
            was_taken_back: end.is_some_and(|end| before.is_some_and(|before| before.digest == end.digest)),
        })
    }
}

impl SoakPolicy {
    /// Whether `digest` has soaked long enough by `now`, by the deployments to the environment that succeeded, newest first.
    /// What counts is the last time that it was deployed without a break, even if another digest has replaced it since, unless
    /// the environment was then taken back to what was deployed there before.
    pub fn verdict(&self, digest: &Digest, history: &[Deployed], now: Timestamp) -> Verdict {
        let (place, required) = (&self.environment, span(self.time));
        let Some(period) = Period::last(digest, history) else {
            return Verdict::Refused(format!(
                "{} was never deployed to {place}; it has to soak there for {required}",
                digest.short()
            ));
        };
        let soaked = period.end.map_or(now, |end| end.at).duration_since(period.start);
        match period.end {
            Some(end) if period.was_taken_back => Verdict::Refused(format!(
                "{place} was taken back from it on {}: it has to be deployed there again, for {required}",
                minute(end.at)
            )),
            _ if soaked >= self.time => Verdict::Allowed(format!(
                "soaked in {place} for {} ({required} required)",
                span(soaked)
            )),
            Some(end) => Verdict::Refused(format!(
                "soaked in {place} for {} only, until {} replaced it; {required} required: deploy it there again",
                span(soaked),
                end.digest.short()
            )),
            None => match period.start.checked_add(self.time) {
                Ok(opens) => Verdict::Refused(format!(
                    "soaks in {place} until {} ({} left)",
                    minute(opens),
                    span(opens.duration_since(now))
                )),
                Err(_) => Verdict::Unknown(format!(
                    "the deployment to {place} at {} is out of range",
                    period.start
                )),
            },
        }
    }
}

fn minute(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%d %H:%M UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn digest(name: char) -> Digest {
        Digest::of(name.to_string().as_bytes())
    }

    /// `[('b', 9), ('a', 2)]`: b was deployed at nine o'clock, after a at two.
    fn verdict(history: &[(char, i64)], now: i64) -> String {
        let history: Vec<_> = history
            .iter()
            .map(|(name, hour)| Deployed {
                at: Timestamp::from_second(hour * HOUR).unwrap(),
                digest: digest(*name),
            })
            .collect();
        let policy = SoakPolicy {
            environment: "stage".parse().unwrap(),
            time: SignedDuration::from_hours(24),
        };
        let now = Timestamp::from_second(now * HOUR).unwrap();
        let verdict = policy.verdict(&digest('a'), &history, now);
        format!("{}: {}", verdict.word(), verdict.reason())
    }

    #[test]
    fn a_candidate_soaks_from_its_deployment_until_the_time_is_over() {
        assert_eq!(
            verdict(&[('a', 9)], 20),
            "refused: soaks in stage until 1970-01-02 09:00 UTC (13 h left)"
        );
        assert_eq!(
            verdict(&[('a', 9)], 33),
            "allowed: soaked in stage for 24 h (24 h required)"
        );
        let never = verdict(&[('b', 9)], 99);
        assert!(
            never.starts_with("refused: ") && never.contains("was never deployed to stage"),
            "{never}"
        );
    }

    #[test]
    fn deploying_it_again_goes_on_with_the_same_time() {
        let again = verdict(&[('a', 30), ('a', 20), ('a', 9), ('b', 1)], 33);
        assert_eq!(again, "allowed: soaked in stage for 24 h (24 h required)");
    }

    #[test]
    fn another_digest_ends_the_time_and_only_the_last_time_counts() {
        let replaced = verdict(&[('b', 12), ('a', 9)], 99);
        assert!(
            replaced.starts_with("refused: soaked in stage for 3 h only, until "),
            "{replaced}"
        );
        assert_eq!(
            verdict(&[('a', 50), ('b', 40), ('a', 1)], 60),
            "refused: soaks in stage until 1970-01-04 02:00 UTC (14 h left)"
        );
        let soaked_before = verdict(&[('b', 40), ('a', 1)], 60);
        assert_eq!(soaked_before, "allowed: soaked in stage for 39 h (24 h required)");
    }

    #[test]
    fn what_an_environment_was_taken_back_from_has_not_soaked() {
        let rolled_back = verdict(&[('b', 40), ('a', 9), ('b', 1)], 60);
        assert_eq!(
            rolled_back,
            "refused: stage was taken back from it on 1970-01-02 16:00 UTC: it has to be deployed there again, for 24 h"
        );
    }

    #[test]
    fn a_clock_that_runs_ahead_opens_nothing() {
        assert_eq!(
            verdict(&[('a', 90)], 20),
            "refused: soaks in stage until 1970-01-05 18:00 UTC (3 d 22 h left)"
        );
    }
}
