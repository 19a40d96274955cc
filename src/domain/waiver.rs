//! Waivers: findings that a person has accepted for a while, under version control.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{EnvironmentName, Finding, PackagePattern};

/// A finding that is accepted until a day, with a reason and somebody who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The vulnerability, by any of its names.
    pub id: String,
    /// The package; every one that has the vulnerability if none is named.
    pub package: Option<PackagePattern>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
    /// Where it holds; everywhere if none is named.
    pub environments: Vec<EnvironmentName>,
}

impl Waiver {
    /// Whether it speaks of `finding`, wherever and whenever.
    pub fn names(&self, finding: &Finding) -> bool {
        finding.is_called(&self.id)
            && self
                .package
                .as_ref()
                .is_none_or(|package| finding.purl.as_deref().is_some_and(|purl| package.matches(purl)))
    }

    /// Whether it holds in `environment`.
    pub fn holds_in(&self, environment: &EnvironmentName) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }

    /// Whether its last day is over at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        TimeZone::UTC.to_datetime(now).date() > self.expires
    }

    /// `CVE-2026-1 in pkg:apk/alpine/openssl`.
    pub fn title(&self) -> String {
        match &self.package {
            Some(package) => format!("{} in {package}", self.id),
            None => self.id.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FindingKind, Severity};

    fn waiver() -> Waiver {
        Waiver {
            id: "CVE-2026-1".into(),
            package: Some("pkg:apk/alpine/openssl".parse().unwrap()),
            reason: "not reachable".into(),
            owner: "ana".into(),
            expires: "2026-11-23".parse().unwrap(),
            environments: vec!["stage".parse().unwrap()],
        }
    }

    fn finding() -> Finding {
        Finding {
            kind: FindingKind::Vulnerability,
            id: "GHSA-1".into(),
            aliases: vec!["cve-2026-1".into()],
            severity: Severity::High,
            package: "openssl".into(),
            purl: Some("pkg:apk/alpine/openssl@3.1.1?arch=x86_64".into()),
            installed: "3.1.1".into(),
            fixed: None,
            title: String::new(),
            url: None,
        }
    }

    #[test]
    fn names_a_vulnerability_by_any_of_its_names_in_one_package() {
        assert!(waiver().names(&finding()));
        let elsewhere = Finding {
            purl: Some("pkg:apk/alpine/curl@8".into()),
            ..finding()
        };
        assert!(!waiver().names(&elsewhere));
        let anywhere = Waiver {
            package: None,
            ..waiver()
        };
        assert!(anywhere.names(&elsewhere));
        let unknown = Finding {
            purl: None,
            ..finding()
        };
        assert!(!waiver().names(&unknown), "nobody knows which package it is");
    }

    #[test]
    fn holds_through_its_last_day_in_utc_and_not_longer() {
        assert!(!waiver().is_expired("2026-11-23T23:59:59Z".parse().unwrap()));
        assert!(waiver().is_expired("2026-11-24T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn holds_only_where_it_is_said_to() {
        assert!(waiver().holds_in(&"stage".parse().unwrap()));
        assert!(!waiver().holds_in(&"prod".parse().unwrap()));
        let everywhere = Waiver {
            environments: Vec::new(),
            ..waiver()
        };
        assert!(everywhere.holds_in(&"prod".parse().unwrap()));
    }
}
