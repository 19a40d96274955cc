//! What an approval says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Clean, Digest, EnvironmentName, RoleName, ServiceName};

/// What is approved: one promotion of one digest, under these rules and on this evidence. Where any of it is another, it is another
/// promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalSubject {
    /// The service.
    pub service: ServiceName,
    /// The image.
    pub digest: Digest,
    /// The environment that it is promoted from.
    pub from: EnvironmentName,
    /// The environment that it is promoted to.
    pub to: EnvironmentName,
    /// The SHA-256 of what the gates of that environment require.
    pub policy: Digest,
    /// The scan reports that are attached to the image, and the record of how it came where it is, in order.
    pub evidence: Vec<Digest>,
}

/// The predicate, as it is signed. One with a field that is not known here may have a condition that is not known here: it is not
/// understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The service.
    pub service: ServiceName,
    /// The image.
    pub digest: Digest,
    /// The environment that it is promoted from.
    pub from: EnvironmentName,
    /// The environment that it is promoted to.
    pub to: EnvironmentName,
    /// As what it is approved, if not only as somebody.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// The SHA-256 of what the gates of the environment required.
    pub policy: Digest,
    /// The scan reports that were attached to the image, and the record of how it came where it is.
    pub evidence: Vec<Digest>,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clean>,
    /// Who, as the machine knows them: user and host. Who they are follows from the key alone.
    pub by: Clean,
    /// When.
    pub at: Timestamp,
    /// From when on it does not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl Approval {
    /// The type of the predicate.
    pub const TYPE: &'static str = "https://windlass.dev/approval/v1";

    /// The approval of `subject` by somebody at a time, to the second.
    pub fn new(
        subject: ApprovalSubject,
        (role, reason): (Option<RoleName>, Option<Clean>),
        by: Clean,
        at: Timestamp,
        expires: Option<Timestamp>,
    ) -> Self {
        let second = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
        Self {
            service: subject.service,
            digest: subject.digest,
            from: subject.from,
            to: subject.to,
            role,
            policy: subject.policy,
            evidence: subject.evidence,
            reason,
            by,
            at: second(at),
            expires: expires.map(second),
        }
    }
}
