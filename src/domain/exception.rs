//! Exceptions: promotions and rollbacks that went a shortened way, and the reviews that they owe.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, Digest, EnvironmentName};

/// In which way the usual one was left. The gravest come first: an exception with several is called by the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExceptionKind {
    /// A hotfix took the path that the configuration allows it.
    Hotfix,
    /// An emergency rollback went on in spite of findings.
    Findings,
    /// A candidate was promoted that lacks a fix which ran there.
    #[serde(rename = "reverts-fix", alias = "undoes-fix")]
    UndoesFix,
    /// An older candidate was promoted than the one that ran there.
    Downgrade,
    /// A candidate was promoted without the approvals that are required.
    NotApproved,
    /// A candidate was promoted that its source environment never deployed.
    NotDeployed,
    /// A candidate was promoted that had not been deployed elsewhere for long enough.
    NotSoaked,
    /// A candidate was promoted that had been built too short a time ago.
    TooYoung,
    /// A candidate was promoted while promotions were frozen.
    Frozen,
    /// An older candidate of a release was promoted than the one that is bound to its head.
    OlderCandidate,
    /// A release was cut of a commit that is not on develop.
    OffDevelop,
    /// A release was cut with a version below the last one.
    LowVersion,
}

impl ExceptionKind {
    /// Whether somebody has to look at it afterwards.
    pub const fn owes_review(self) -> bool {
        match self {
            Self::Hotfix
            | Self::Findings
            | Self::UndoesFix
            | Self::Downgrade
            | Self::NotApproved
            | Self::NotDeployed
            | Self::NotSoaked
            | Self::TooYoung
            | Self::Frozen => true,
            // Nothing has reached an environment by a cut, and the reason is recorded.
            Self::OlderCandidate | Self::OffDevelop | Self::LowVersion => false,
        }
    }

    /// What it was, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hotfix => "through the hotfix path",
            Self::Findings => "despite its findings",
            Self::OlderCandidate => "older than the head of its release",
            Self::UndoesFix => "without a fix that was deployed there",
            Self::Downgrade => "older than what was deployed there",
            Self::NotApproved => "without the approvals that are required",
            Self::NotDeployed => "not deployed in its source environment",
            Self::NotSoaked => "before it had soaked for long enough",
            Self::TooYoung => "before it was old enough",
            Self::Frozen => "during a freeze",
            Self::OffDevelop => "cut from a commit that is not on develop",
            Self::LowVersion => "cut with a version below the last release",
        }
    }
}

/// That a digest came to an environment by way of an exception. It is attached to the digest, in the environment's own
/// repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionRecord {
    /// What was promoted, or rolled back to.
    pub digest: Digest,
    /// The environment. A copy of the digest carries its referrers along: the record says nothing of where it went.
    pub environment: EnvironmentName,
    /// In which way.
    pub kind: ExceptionKind,
    /// The gates that would have stopped it, each with what it said.
    #[serde(rename = "skipped_gates", alias = "skipped")]
    pub skipped: Vec<Clean>,
    /// The environments that it did not come through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "skipped_environments", alias = "passed_over")]
    pub passed_over: Vec<EnvironmentName>,
    /// Why.
    pub reason: Clean,
    /// Who did it: user and host.
    pub by: Clean,
    /// When.
    pub at: Timestamp,
}

impl ExceptionRecord {
    /// `by the hotfix path, past stage, scan (2 critical), by ana@desk on 2026-11-23: …`
    pub fn words(&self) -> String {
        let past: Vec<_> = self
            .passed_over
            .iter()
            .map(EnvironmentName::as_str)
            .chain(self.skipped.iter().map(Clean::as_str))
            .collect();
        let past = if past.is_empty() {
            String::new()
        } else {
            format!(", bypassing {}", past.join(", "))
        };
        format!(
            "{}{past}, by {} on {}: {}",
            self.kind.words(),
            self.by,
            self.at.strftime("%Y-%m-%d"),
            self.reason
        )
    }

    /// Whether `other` says the same, whenever it was said: a run that is given again leaves nothing new.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.environment == other.environment
            && self.kind == other.kind
            && self.reason == other.reason
    }
}

/// That somebody looked at an exception afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRecord {
    /// What was looked at.
    pub digest: Digest,
    /// The environment that it came to.
    pub environment: EnvironmentName,
    /// What they found.
    pub note: Clean,
    /// Who: user and host.
    pub by: Clean,
    /// When.
    pub at: Timestamp,
}

/// That a deployment of a digest did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentFailure {
    /// What was deployed.
    pub digest: Digest,
    /// Where.
    pub environment: EnvironmentName,
    /// How it ended.
    pub outcome: FailedOutcome,
    /// Why, in one line: `the deploy command ended with exit code 7`.
    #[serde(rename = "reason", alias = "why")]
    pub why: Clean,
    /// Who: user and host.
    pub by: Clean,
    /// When.
    pub at: Timestamp,
}

/// How a deployment ended that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedOutcome {
    /// By itself.
    Failed,
    /// By a person or a signal.
    Stopped,
    /// By the platform, which went back to what it had before.
    RolledBack,
    /// Nobody knows: what runs could not be observed.
    Unknown,
}

impl FailedOutcome {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Stopped => "was stopped",
            Self::RolledBack => "was rolled back by its platform",
            Self::Unknown => "has an unknown outcome",
        }
    }
}

/// The exceptions that still owe a review, oldest first. A review is of all exceptions of its digest in its environment
/// up to its own moment; one that was made before cannot have seen what came after it.
pub fn owed_reviews<'a>(
    exceptions: &'a [ExceptionRecord],
    reviews: &[ReviewRecord],
) -> Vec<&'a ExceptionRecord> {
    let is_reviewed = |exception: &ExceptionRecord| {
        reviews.iter().any(|review| {
            review.digest == exception.digest
                && review.environment == exception.environment
                && review.at >= exception.at
        })
    };
    let mut owed: Vec<_> = exceptions
        .iter()
        .filter(|exception| exception.kind.owes_review() && !is_reviewed(exception))
        .collect();
    owed.sort_by_key(|exception| exception.at);
    owed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(image: &str, environment: &str, at: i64) -> ExceptionRecord {
        ExceptionRecord {
            digest: Digest::of(image.as_bytes()),
            environment: environment.parse().unwrap(),
            kind: ExceptionKind::Hotfix,
            skipped: vec![Clean::line("scan (2 critical)")],
            passed_over: vec!["stage".parse().unwrap()],
            reason: Clean::line("payouts fail"),
            by: Clean::line("ana@desk"),
            at: Timestamp::from_second(at).unwrap(),
        }
    }

    fn review(image: &str, environment: &str, at: i64) -> ReviewRecord {
        ReviewRecord {
            digest: Digest::of(image.as_bytes()),
            environment: environment.parse().unwrap(),
            note: Clean::line("fine"),
            by: Clean::line("omar@desk"),
            at: Timestamp::from_second(at).unwrap(),
        }
    }

    #[test]
    fn records_that_were_left_before_their_keys_were_renamed_are_read() {
        let digest = Digest::of(b"image");
        let old = format!(
            r#"{{"digest":"{digest}","environment":"prod","kind":"undoes-fix","skipped":["fixes: refused"],
            "passed_over":["stage"],"reason":"payouts fail","by":"ana@desk","at":"1970-01-01T00:00:10Z"}}"#
        );
        let exception: ExceptionRecord = serde_json::from_str(&old).unwrap();
        assert_eq!(exception.kind, ExceptionKind::UndoesFix);
        assert_eq!(exception.skipped, [Clean::line("fixes: refused")]);
        let stage: EnvironmentName = "stage".parse().unwrap();
        assert_eq!(exception.passed_over, [stage]);
        assert_eq!(owed(&[exception], &[]), [10], "its review is due still");
        let old = format!(
            r#"{{"digest":"{digest}","environment":"stage","outcome":"failed","why":"exit code 7","by":"ana@desk",
            "at":"1970-01-01T00:00:10Z"}}"#
        );
        let failure: DeploymentFailure = serde_json::from_str(&old).unwrap();
        assert_eq!(failure.why, Clean::line("exit code 7"));
    }

    fn owed(exceptions: &[ExceptionRecord], reviews: &[ReviewRecord]) -> Vec<i64> {
        let owed = owed_reviews(exceptions, reviews);
        owed.iter().map(|exception| exception.at.as_second()).collect()
    }

    #[test]
    fn an_exception_is_owed_until_its_own_digest_is_reviewed_in_its_own_environment() {
        let exceptions = [exception("a", "prod", 20), exception("a", "prod", 10)];
        assert_eq!(owed(&exceptions, &[]), [10, 20]);
        let beside = [
            review("b", "prod", 30),
            review("a", "stage", 30),
            review("a", "prod", 9),
        ];
        assert_eq!(owed(&exceptions, &beside), [10, 20]);
        assert_eq!(owed(&exceptions, &[review("a", "prod", 10)]), [20]);
        assert_eq!(owed(&exceptions, &[review("a", "prod", 20)]), [0_i64; 0]);
    }

    #[test]
    fn a_reason_is_enough_for_an_older_candidate() {
        let older = ExceptionRecord {
            kind: ExceptionKind::OlderCandidate,
            ..exception("a", "stage", 10)
        };
        assert!(owed_reviews(&[older], &[]).is_empty());
    }

    #[test]
    fn an_exception_tells_what_it_passed_over() {
        assert_eq!(
            exception("a", "prod", 0).words(),
            "through the hotfix path, bypassing stage, scan (2 critical), by ana@desk on 1970-01-01: payouts fail"
        );
    }
}
