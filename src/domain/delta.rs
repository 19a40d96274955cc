//! What changed between two judgements: what is new, what is gone, and whether the image, the scanner's database or the
//! rules made the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Digest, EnvironmentName, Judgement, Package, ScanEvidence, Severity, Verdict, first};

/// A judgement as it is kept: enough to compare it with another one later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecord {
    /// The image that was judged.
    pub digest: Digest,
    /// The environment whose rules were asked.
    pub environment: EnvironmentName,
    /// When.
    pub at: Timestamp,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The date of the oldest database among the reports, if all say it.
    pub database: Option<Timestamp>,
    /// Every finding.
    pub findings: Vec<RecordedFinding>,
    /// Every package that the scanner saw, if the reports list them.
    pub packages: Option<BTreeSet<Package>>,
}

/// A finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordedFinding {
    /// How grave.
    pub severity: Severity,
    /// Its name.
    pub id: String,
    /// The package.
    pub package: String,
    /// The version of the package.
    pub installed: String,
    /// Whether it counted.
    pub counts: bool,
    /// Who decided that it does not, in words, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
}

impl RecordedFinding {
    fn key(&self) -> (&str, &str, &str) {
        (&self.id, &self.package, &self.installed)
    }

    fn of(&self) -> Package {
        Package {
            name: self.package.clone(),
            version: self.installed.clone(),
        }
    }
}

impl fmt::Display for RecordedFinding {
    /// `CVE-2026-1 in openssl 3.1.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} {}", self.id, self.package, self.installed)
    }
}

impl GateRecord {
    /// The record of `judgement` on `evidence`.
    pub fn of(
        judgement: &Judgement,
        evidence: &ScanEvidence,
        environment: &EnvironmentName,
        at: Timestamp,
    ) -> Self {
        let findings = judgement.findings.iter().map(|judged| RecordedFinding {
            severity: judged.finding.severity,
            id: judged.finding.id.clone(),
            package: judged.finding.package.clone(),
            installed: judged.finding.installed.clone(),
            counts: judged.counts(),
            suppressed: judged.suppression().map(super::Suppression::words),
        });
        Self {
            digest: evidence.digest.clone(),
            environment: environment.clone(),
            at,
            verdict: judgement.verdict.clone(),
            database: evidence.database(),
            findings: findings.collect(),
            packages: evidence.packages(),
        }
    }
}

/// What made a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The package is another one, or in another version.
    Image,
    /// The package is the same: the scanner knows more, or less, of it now.
    Database,
    /// The finding is the same: limits, waivers or VEX documents make something else of it.
    Policy,
    /// The image or the database: the reports do not list the packages, so nobody can tell.
    Unclear,
}

impl Cause {
    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Image => "from the image",
            Self::Database => "from the scanner's database",
            Self::Policy => "from the policy",
            Self::Unclear => "from the image or the scanner's database",
        }
    }
}

/// A finding that is on one side only, or means something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The finding.
    #[serde(flatten)]
    pub finding: RecordedFinding,
    /// What made the difference.
    pub cause: Cause,
}

/// What changed from one judgement to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Findings that the earlier one did not have, or did not count.
    pub new: Vec<Change>,
    /// Findings that the later one does not have, or does not count.
    pub fixed: Vec<Change>,
}

impl Delta {
    /// What changed from `old` to `new`, gravest first.
    pub fn between(old: &GateRecord, new: &GateRecord) -> Self {
        Self {
            new: differences(old, new),
            fixed: differences(new, old),
        }
    }

    /// Whether nothing changed.
    pub const fn is_empty(&self) -> bool {
        self.new.is_empty() && self.fixed.is_empty()
    }
}

/// The findings of `there` that `here` does not have, or that count there and not here.
fn differences(here: &GateRecord, there: &GateRecord) -> Vec<Change> {
    let known: BTreeMap<_, _> = here
        .findings
        .iter()
        .map(|finding| (finding.key(), finding))
        .collect();
    let mut changes: Vec<_> = there
        .findings
        .iter()
        .filter_map(|finding| {
            let cause = match known.get(&finding.key()) {
                Some(same) if finding.counts && !same.counts => Cause::Policy,
                Some(_) => return None,
                None => cause(finding, here, there),
            };
            Some(Change {
                finding: finding.clone(),
                cause,
            })
        })
        .collect();
    changes.sort_by(|one, other| {
        let key = |change: &Change| (!change.finding.counts, change.finding.severity);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.finding.cmp(&other.finding))
    });
    changes
}

/// Why `here` does not have `finding`.
fn cause(finding: &RecordedFinding, here: &GateRecord, there: &GateRecord) -> Cause {
    if here.digest == there.digest {
        return Cause::Database;
    }
    match &here.packages {
        Some(packages) if packages.contains(&finding.of()) => Cause::Database,
        Some(_) => Cause::Image,
        None => Cause::Unclear,
    }
}

impl fmt::Display for Delta {
    /// `1 new by the scanner's database (CVE-2026-1 in openssl 3.1.1); 2 gone by the image (…)`, or `nothing changed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changed");
        }
        let mut words = in_words(&self.new, "new", "newly counted");
        words.append(&mut in_words(&self.fixed, "gone", "no longer counted"));
        f.write_str(&words.join("; "))
    }
}

/// How many findings of one cause are named.
const EXAMPLES: usize = 3;

/// One phrase for each cause: `appeared` where the finding is on one side only, `meant` where the rules see it otherwise.
fn in_words(changes: &[Change], appeared: &str, meant: &str) -> Vec<String> {
    let mut by_cause: BTreeMap<Cause, Vec<&RecordedFinding>> = BTreeMap::new();
    for change in changes {
        by_cause.entry(change.cause).or_default().push(&change.finding);
    }
    let words = by_cause.into_iter().map(|(cause, findings)| {
        let what = if cause == Cause::Policy { meant } else { appeared };
        format!(
            "{} {what} {} ({})",
            findings.len(),
            cause.words(),
            first(findings.iter(), EXAMPLES)
        )
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(id: &str, package: &str, counts: bool) -> RecordedFinding {
        RecordedFinding {
            severity: Severity::High,
            id: id.into(),
            package: package.into(),
            installed: "1".into(),
            counts,
            suppressed: None,
        }
    }

    fn record(image: &str, findings: Vec<RecordedFinding>, packages: Option<&[&str]>) -> GateRecord {
        GateRecord {
            digest: Digest::of(image.as_bytes()),
            environment: "stage".parse().unwrap(),
            at: "2026-11-23T12:00:00Z".parse().unwrap(),
            verdict: Verdict::Allowed("clean".into()),
            database: None,
            findings,
            packages: packages.map(|names| {
                names
                    .iter()
                    .map(|name| Package {
                        name: (*name).into(),
                        version: "1".into(),
                    })
                    .collect()
            }),
        }
    }

    #[test]
    fn one_image_at_two_times_differs_by_the_database() {
        let old = record("a", vec![], Some(&["openssl"]));
        let new = record("a", vec![finding("CVE-1", "openssl", true)], Some(&["openssl"]));
        assert_eq!(
            Delta::between(&old, &new).to_string(),
            "1 new from the scanner's database (CVE-1 in openssl 1)"
        );
        assert_eq!(
            Delta::between(&new, &old).to_string(),
            "1 gone from the scanner's database (CVE-1 in openssl 1)"
        );
        assert_eq!(Delta::between(&old, &old).to_string(), "nothing changed");
    }

    #[test]
    fn another_image_differs_by_its_packages_or_by_what_is_known_of_them() {
        let old = record(
            "a",
            vec![finding("CVE-1", "zlib", true)],
            Some(&["openssl", "zlib"]),
        );
        let found = vec![finding("CVE-2", "openssl", true), finding("CVE-3", "curl", true)];
        let new = record("b", found, Some(&["openssl", "curl"]));
        assert_eq!(
            Delta::between(&old, &new).to_string(),
            "1 new from the image (CVE-3 in curl 1); 1 new from the scanner's database (CVE-2 in openssl 1); 1 gone from the image (CVE-1 in zlib 1)"
        );
    }

    #[test]
    fn without_lists_of_packages_the_cause_is_not_guessed() {
        let old = record("a", vec![], None);
        let new = record("b", vec![finding("CVE-1", "openssl", true)], None);
        assert_eq!(Delta::between(&old, &new).new[0].cause, Cause::Unclear);
    }

    #[test]
    fn a_finding_that_only_means_something_else_now_differs_by_the_rules() {
        let waived = record("a", vec![finding("CVE-1", "openssl", false)], None);
        let counted = record("a", vec![finding("CVE-1", "openssl", true)], None);
        assert_eq!(
            Delta::between(&waived, &counted).to_string(),
            "1 newly counted from the policy (CVE-1 in openssl 1)"
        );
        let back = Delta::between(&counted, &waived);
        assert_eq!(
            back.to_string(),
            "1 no longer counted from the policy (CVE-1 in openssl 1)"
        );
    }
}
