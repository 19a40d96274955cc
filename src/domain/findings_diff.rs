//! The vulnerabilities of two images, compared.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::{Cause, Change, Delta, GateRecord, RecordedFinding, count};

/// What scans found in one image and not in the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingsDiff {
    /// What only the second image has, gravest first.
    pub introduced: Vec<Change>,
    /// What only the first image has, gravest first.
    pub fixed: Vec<Change>,
    /// How many both have, be it in another version of the package.
    pub same: usize,
    /// The date of the oldest database that the first was scanned with, if it is known.
    pub database_from: Option<Timestamp>,
    /// The same of the second.
    pub database_to: Option<Timestamp>,
}

impl FindingsDiff {
    /// What differs from `old` to `new`. A finding is its name and its package: one that another version of the package
    /// still has is neither fixed nor introduced.
    pub fn between(old: &GateRecord, new: &GateRecord) -> Self {
        let Delta {
            new: introduced,
            fixed,
        } = Delta::between(old, new);
        let keys =
            |record: &GateRecord| -> BTreeSet<(String, String)> { record.findings.iter().map(key).collect() };
        let (before, after) = (keys(old), keys(new));
        Self {
            introduced: only(introduced, &before),
            fixed: only(fixed, &after),
            same: before.intersection(&after).count(),
            database_from: old.database,
            database_to: new.database,
        }
    }

    /// Whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.introduced.is_empty() && self.fixed.is_empty()
    }

    /// `2 CVEs fixed`, `1 introduced`; nothing where nothing differs.
    pub fn counts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        if !self.fixed.is_empty() {
            parts.push(format!("{} fixed", count(self.fixed.len(), "CVE")));
        }
        match (self.introduced.len(), parts.is_empty()) {
            (0, _) => {}
            (n, true) => parts.push(format!("{} introduced", count(n, "CVE"))),
            (n, false) => parts.push(format!("{n} introduced")),
        }
        parts
    }
}

fn key(finding: &RecordedFinding) -> (String, String) {
    (finding.id.clone(), finding.package.clone())
}

/// The changes whose finding the other side does not have at all, each once, in whatever versions it is.
fn only(changes: Vec<Change>, other: &BTreeSet<(String, String)>) -> Vec<Change> {
    let mut seen = BTreeSet::new();
    let of_rules = |change: &Change| change.cause == Cause::Policy;
    changes
        .into_iter()
        .filter(|change| {
            let key = key(&change.finding);
            !of_rules(change) && !other.contains(&key) && seen.insert(key)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Digest, Severity, Verdict};

    fn record(image: &str, findings: &[(&str, &str, &str)]) -> GateRecord {
        GateRecord {
            digest: Digest::of(image.as_bytes()),
            environment: "stage".parse().unwrap(),
            at: "2026-11-23T12:00:00Z".parse().unwrap(),
            verdict: Verdict::Allowed("clean".into()),
            database: None,
            findings: findings
                .iter()
                .map(|(id, package, installed)| RecordedFinding {
                    severity: Severity::High,
                    id: (*id).into(),
                    package: (*package).into(),
                    installed: (*installed).into(),
                    counts: true,
                    suppressed: None,
                })
                .collect(),
            packages: None,
        }
    }

    fn ids(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.finding.id.as_str()).collect()
    }

    #[test]
    fn what_another_version_still_has_is_not_fixed() {
        let old = record("a", &[("CVE-1", "zlib", "1"), ("CVE-2", "curl", "1")]);
        let new = record(
            "b",
            &[
                ("CVE-1", "zlib", "2"),
                ("CVE-3", "curl", "2"),
                ("CVE-3", "curl", "3"),
            ],
        );
        let diff = FindingsDiff::between(&old, &new);
        assert_eq!(ids(&diff.introduced), ["CVE-3"]);
        assert_eq!(ids(&diff.fixed), ["CVE-2"]);
        assert_eq!(diff.same, 1);
        assert_eq!(diff.counts(), ["1 CVE fixed", "1 introduced"]);
        let back = FindingsDiff::between(&new, &old);
        assert_eq!(ids(&back.introduced), ["CVE-2"]);
        assert_eq!(ids(&back.fixed), ["CVE-3"]);
        assert!(FindingsDiff::between(&old, &old).is_empty());
    }
}
