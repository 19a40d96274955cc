//! That somebody tried to change what an environment runs, and was refused or failed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, CommitSha, Digest, EnvironmentName, Gate, GateKind, RecordedOperation, ServiceName};

/// The predicate, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRecord {
    /// `promote` or `rollback`.
    pub operation: RecordedOperation,
    /// The service.
    pub service: ServiceName,
    /// The image.
    pub digest: Digest,
    /// The environment that was to run it.
    pub environment: EnvironmentName,
    /// The environment that it was to come from; none for a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EnvironmentName>,
    /// The commit that it was built from, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitSha>,
    /// The hash of the plan.
    pub plan: Clean,
    /// The run, as its journal names it.
    pub run: Clean,
    /// Who: user and host.
    pub by: Clean,
    /// Why it was asked for, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clean>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why, in words.
    pub why: Clean,
    /// The gates that refused it, with what they said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// When.
    pub timestamp: Timestamp,
}

/// How an attempt ended that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptOutcome {
    /// A gate refused it.
    Refused,
    /// It failed.
    Failed,
}

impl AttemptRecord {
    /// The type of the predicate.
    pub const TYPE: &'static str = "https://windlass.dev/attempt/v1";

    /// Whether `other` is another attempt of the same person at the same, which ended in the same way.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let kinds =
            |record: &Self| -> Vec<GateKind> { record.gates.iter().map(|gate| gate.kind.clone()).collect() };
        self.operation == other.operation
            && self.digest == other.digest
            && self.environment == other.environment
            && self.by == other.by
            && self.outcome == other.outcome
            && kinds(self) == kinds(other)
    }
}
