//! The promotion record: what a digest came to an environment by. It has the fields of the predicate of Kubernetes' image
//! promoter (<https://github.com/kubernetes-sigs/promo-tools/blob/main/docs/promotion-predicate.md>), with the same meaning, and
//! under `windlass` what that one does not have: gates, plan, run, and the record before it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, CommitSha, Digest, EnvironmentName, Gate, Repository, RoleName, ServiceName, Tag};

/// What promoted: `promoter` and `builderId`.
const PROMOTER: &str = concat!("windlass@", env!("CARGO_PKG_VERSION"));

/// The predicate, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PromotionRecord {
    /// Where it was copied from, by digest; none for a build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src_ref: Option<Clean>,
    /// Where it was copied to, without the digest.
    pub dst_ref: Clean,
    /// The image.
    pub digest: Digest,
    /// When.
    pub timestamp: Timestamp,
    /// Who wrote it, with the version.
    pub builder_id: Clean,
    /// The tags that it was given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Clean>,
    /// The image where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Resource>,
    /// The image where it went.
    pub destination: Resource,
    /// The program.
    pub promoter: Promoter,
    /// The job, where it ran in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// What only windlass says.
    pub windlass: RecordDetails,
}

/// An in-toto `ResourceDescriptor`, as far as it is used here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name: a repository.
    pub name: Clean,
    /// Its digests by algorithm, in hexadecimal characters.
    pub digest: BTreeMap<String, String>,
}

/// The program that promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoter {
    /// Its version.
    pub version: Clean,
}

/// The job of a CI system that promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its name.
    pub name: Clean,
    /// Which run of it.
    pub build_id: Clean,
}

/// What only windlass says of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordDetails {
    /// `build`, `promote` or `rollback`.
    pub operation: RecordedOperation,
    /// The service.
    pub service: ServiceName,
    /// The environment that it came to.
    pub environment: EnvironmentName,
    /// The environment that it came from; none for a build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EnvironmentName>,
    /// The commit that it was built from, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitSha>,
    /// The hash of the plan that was carried out.
    pub plan: Clean,
    /// The run, as its journal names it.
    pub run: Clean,
    /// Who: user and host.
    pub by: Clean,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Clean>,
    /// Whether it took the hotfix path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hotfix: bool,
    /// Every gate, with its verdict at the moment of the run.
    pub gates: Vec<Gate>,
    /// What was deployed there before, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_digest: Option<Digest>,
    /// The scan reports that the gates went by, by their digests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Digest>,
    /// The approvals that counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<RecordedApproval>,
    /// The statement before this one in the chain from build to production, by the SHA-256 of what was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Digest>,
}

/// An approval that counted for a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedApproval {
    /// Who.
    pub by: Clean,
    /// As what, if not only as somebody.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// The key, as bundles name it: base64 of the SHA-256 of its DER form.
    pub key: Clean,
    /// The statement, by the SHA-256 of what was signed.
    pub statement: Digest,
    /// When.
    pub at: Timestamp,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedOperation {
    /// An image was built and pushed.
    Build,
    /// It was lifted from one environment to another.
    Promote,
    /// An environment was taken back to it: it comes from that very environment.
    Rollback,
}

impl PromotionRecord {
    /// The type of the predicate.
    pub const TYPE: &'static str = "https://k8s.io/promo-tools/promotion/v1";

    /// The record of `digest` at `destination`.
    pub fn new(
        digest: &Digest,
        source: Option<&Repository>,
        destination: &Repository,
        tags: &[Tag],
        at: Timestamp,
        details: RecordDetails,
    ) -> Self {
        let resource = |repository: &Repository| Resource {
            name: Clean::line(&repository.to_string()),
            digest: BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())]),
        };
        Self {
            src_ref: source.map(|source| Clean::line(&source.at(digest.clone()).to_string())),
            dst_ref: Clean::line(&destination.to_string()),
            digest: digest.clone(),
            timestamp: Timestamp::from_second(at.as_second()).unwrap_or(at),
            builder_id: Clean::line(PROMOTER),
            tags: tags.iter().map(|tag| Clean::line(tag.as_str())).collect(),
            source: source.map(resource),
            destination: resource(destination),
            promoter: Promoter {
                version: Clean::line(env!("CARGO_PKG_VERSION")),
            },
            job: None,
            windlass: details,
        }
    }

    /// `promote to prod by ana@desk on 2026-11-27 09:12 UTC, run 7f3a9c21, 7 gates`.
    pub fn words(&self) -> String {
        let details = &self.windlass;
        let what = match details.operation {
            RecordedOperation::Build => "built".to_owned(),
            RecordedOperation::Rollback => "taken back to".to_owned(),
            RecordedOperation::Promote => match &details.from {
                Some(from) => format!("promoted from {from}"),
                None => "promoted".to_owned(),
            },
        };
        format!(
            "{what} by {} on {}, {}",
            details.by,
            self.timestamp.strftime("%Y-%m-%d %H:%M UTC"),
            super::count(details.gates.len(), "gate"),
        )
    }
}
