//! The summary of a verification, as SLSA has it (<https://slsa.dev/spec/v1.0/verification_summary>): that an image was held to what
//! an environment requires, for whoever trusts who says so and needs no more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clean, Digest, EnvironmentName, Repository, ServiceName};

/// Who verifies. Consumers accept it from the key of the environment alone.
const VERIFIER: &str = "https://windlass.dev/verifier/v1";
/// Nothing is said of how the image was built: that is for the provenance that its builder leaves.
const NO_CLAIM: &str = "SLSA_BUILD_LEVEL_0";
const FAILED: &str = "FAILED";

/// The predicate, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerificationSummary {
    /// Who verified.
    pub verifier: Verifier,
    /// When.
    pub time_verified: Timestamp,
    /// The image, where it is to be fetched from, as a package URL.
    pub resource_uri: Clean,
    /// What it was held to.
    pub policy: Policy,
    /// Whether it is as that requires.
    pub verification_result: VerificationResult,
    /// What is said of how it was built.
    pub verified_levels: Vec<Clean>,
    /// The version of the specification.
    pub slsa_version: Clean,
}

/// Who verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    /// The program.
    pub id: Clean,
    /// Its version, by its name.
    pub version: BTreeMap<String, Clean>,
}

/// What an image was held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whose rules.
    pub uri: Clean,
    /// What they were, as approvals name them too.
    pub digest: BTreeMap<String, String>,
}

/// Whether an image is as a policy requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VerificationResult {
    /// It is.
    Passed,
    /// It is not, and went on by an exception.
    Failed,
}

impl VerificationSummary {
    /// The type of the predicate.
    pub const TYPE: &'static str = "https://slsa.dev/verification_summary/v1";

    /// Of `digest` in `repository`, held to the rules of an environment. What went on by an exception has not passed them.
    pub fn new(
        digest: &Digest,
        repository: &Repository,
        (service, environment, rules): (&ServiceName, &EnvironmentName, &Digest),
        result: VerificationResult,
        at: Timestamp,
    ) -> Self {
        let level = match result {
            VerificationResult::Passed => NO_CLAIM,
            VerificationResult::Failed => FAILED,
        };
        Self {
            verifier: Verifier {
                id: Clean::line(VERIFIER),
                version: BTreeMap::from([("windlass".to_owned(), Clean::line(env!("CARGO_PKG_VERSION")))]),
            },
            time_verified: Timestamp::from_second(at.as_second()).unwrap_or(at),
            resource_uri: Clean::line(&purl(digest, repository)),
            policy: Policy {
                uri: Clean::line(&format!("urn:windlass:rules:{service}:{environment}")),
                digest: BTreeMap::from([(rules.algorithm().name().to_owned(), rules.hex().to_owned())]),
            },
            verification_result: result,
            verified_levels: vec![Clean::line(level)],
            slsa_version: Clean::line("1.0"),
        }
    }
}

/// The package URL of an image
/// (<https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md>).
fn purl(digest: &Digest, repository: &Repository) -> String {
    let place = repository.to_string();
    let name = place.rsplit('/').next().unwrap_or(&place).to_ascii_lowercase();
    format!(
        "pkg:oci/{name}@{}%3A{}?repository_url={}",
        digest.algorithm().name(),
        digest.hex(),
        place.replace(':', "%3A")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(result: VerificationResult) -> serde_json::Value {
        let at = "2026-11-27T12:00:00.5Z".parse().unwrap();
        let (service, prod) = ("payment-svc".parse().unwrap(), "prod".parse().unwrap());
        let repository = "prod.example.com:5000/team/payment-svc".parse().unwrap();
        let rules = Digest::of(b"rules");
        let summary = VerificationSummary::new(
            &Digest::of(b"image"),
            &repository,
            (&service, &prod, &rules),
            result,
            at,
        );
        serde_json::to_value(summary).unwrap()
    }

    #[test]
    fn a_summary_has_every_field_that_the_specification_requires() {
        let said = summary(VerificationResult::Passed);
        assert_eq!(said["verifier"]["id"], VERIFIER);
        assert_eq!(said["timeVerified"], "2026-11-27T12:00:00Z");
        let digest = Digest::of(b"image");
        assert_eq!(
            said["resourceUri"],
            format!(
                "pkg:oci/payment-svc@sha256%3A{}?repository_url=prod.example.com%3A5000/team/payment-svc",
                digest.hex()
            )
        );
        assert_eq!(said["policy"]["uri"], "urn:windlass:rules:payment-svc:prod");
        assert_eq!(said["policy"]["digest"]["sha256"], Digest::of(b"rules").hex());
        assert_eq!(said["verificationResult"], "PASSED");
        assert_eq!(said["verifiedLevels"], serde_json::json!(["SLSA_BUILD_LEVEL_0"]));
        assert_eq!(said["slsaVersion"], "1.0");
    }

    #[test]
    fn what_went_on_by_an_exception_has_failed() {
        let said = summary(VerificationResult::Failed);
        assert_eq!(said["verificationResult"], "FAILED");
        assert_eq!(said["verifiedLevels"], serde_json::json!(["FAILED"]));
    }
}
