//! The rule for scan reports: evidence in, verdict out.

use jiff::{SignedDuration, Timestamp};

use super::{Counts, Digest, Finding, Platform, Severity, Verdict, age};

/// What an environment asks of scan reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanPolicy {
    /// How many findings of each severity are still accepted; no limit where none is written.
    pub fail_on: Limits,
    /// Whether only findings that have a fix count.
    pub fixable_only: bool,
    /// How old the report may be; any age if none is written.
    pub max_age: Option<SignedDuration>,
}

/// The highest accepted number of findings of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Of severity critical.
    pub critical: Option<u64>,
    /// Of severity high.
    pub high: Option<u64>,
    /// Of severity medium.
    pub medium: Option<u64>,
    /// Of severity low.
    pub low: Option<u64>,
    /// Of a severity that the scanner does not know.
    pub unknown: Option<u64>,
}

impl Limits {
    const fn get(&self, severity: Severity) -> Option<u64> {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Unknown => self.unknown,
        }
    }
}

/// What is known of an image's vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanEvidence {
    /// The image or index that is judged.
    pub digest: Digest,
    /// The platforms that it has; empty for an image without any.
    pub platforms: Vec<Platform>,
    /// The newest report of each platform, or one of the whole.
    pub reports: Vec<ScanReport>,
}

/// One report of one scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanReport {
    /// The digest that it says it is of: the index, or one platform's manifest.
    pub of: Digest,
    /// The digests that count as this image: the index itself and its platforms' manifests.
    pub is_of_image: bool,
    /// The platform, if the report says which.
    pub platform: Option<Platform>,
    /// When it was made, if that is known.
    pub made: Option<Timestamp>,
    /// What it found.
    pub findings: Vec<Finding>,
}

impl ScanPolicy {
    /// Judges `evidence` at the time `now`. What is not known is not assumed.
    pub fn judge(&self, evidence: &ScanEvidence, now: Timestamp) -> Verdict {
        if evidence.reports.is_empty() {
            return Verdict::Unknown(
                "no scan report is attached to this digest: scan it and attach the report".to_owned(),
            );
        }
        if let Some(stray) = evidence.reports.iter().find(|report| !report.is_of_image) {
            return Verdict::Unknown(format!(
                "the attached report is of another digest, {}",
                stray.of.short()
            ));
        }
        if let Some(missing) = uncovered(evidence) {
            return Verdict::Unknown(format!("no scan report covers {missing}"));
        }
        let mut oldest = None;
        for report in &evidence.reports {
            let Some(made) = report.made else {
                return Verdict::Unknown("the report does not say when it was made".to_owned());
            };
            oldest = Some(oldest.map_or(made, |known: Timestamp| known.min(made)));
        }
        let seconds = oldest.map_or(0, |made| now.as_second() - made.as_second());
        let how_old = if seconds < 60 {
            "just made".to_owned()
        } else {
            format!("{} old", age(seconds))
        };
        if let Some(limit) = self.max_age
            && seconds > limit.as_secs()
        {
            let limit = in_hours(limit);
            return Verdict::Refused(format!(
                "the report is {how_old}, and at most {limit} is allowed: scan again"
            ));
        }
        self.within_limits(evidence, &how_old)
    }

    fn within_limits(&self, evidence: &ScanEvidence, how_old: &str) -> Verdict {
        let counted = |finding: &&Finding| !self.fixable_only || finding.fixed.is_some();
        let findings = || unique(evidence).into_iter().filter(counted);
        let counts = Counts::of(findings());
        let fix = if self.fixable_only { " with a fix" } else { "" };
        let over: Vec<String> = Severity::ALL
            .into_iter()
            .filter_map(|severity| {
                let limit = self.fail_on.get(severity)?;
                let count = counts.get(severity);
                if count <= limit {
                    return None;
                }
                let examples: Vec<_> = findings()
                    .filter(|f| f.severity == severity)
                    .take(3)
                    .map(in_words)
                    .collect();
                let more = if count > 3 {
                    format!(" and {} more", count - 3)
                } else {
                    String::new()
                };
                Some(format!(
                    "{count} {severity}{fix}, {limit} allowed: {}{more}",
                    examples.join(", ")
                ))
            })
            .collect();
        if over.is_empty() {
            let all = Counts::of(unique(evidence));
            let words = if all.worst().is_none() {
                "clean".to_owned()
            } else {
                format!("{all}, within the limits")
            };
            Verdict::Allowed(format!("{words}, {how_old}"))
        } else {
            Verdict::Refused(over.join("; "))
        }
    }
}

/// The first platform that no report speaks of. A report that names no platform is of the whole only where
/// the image has one platform.
fn uncovered(evidence: &ScanEvidence) -> Option<Platform> {
    let covers = |platform: &Platform| {
        evidence.reports.iter().any(|report| match &report.platform {
            Some(of) => of.os == platform.os && of.architecture == platform.architecture,
            None => evidence.platforms.len() <= 1,
        })
    };
    evidence
        .platforms
        .iter()
        .find(|platform| !covers(platform))
        .cloned()
}

/// A limit as people configure it: `24h`, `7d`.
fn in_hours(limit: SignedDuration) -> String {
    match limit.as_secs() {
        s if s >= 2 * 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s => format!("{}m", s / 60),
    }
}

/// One finding in several platforms counts once.
fn unique(evidence: &ScanEvidence) -> Vec<&Finding> {
    let mut seen = std::collections::BTreeSet::new();
    evidence
        .reports
        .iter()
        .flat_map(|report| &report.findings)
        .filter(|f| seen.insert((f.id.as_str(), f.package.as_str(), f.installed.as_str())))
        .collect()
}

fn in_words(finding: &Finding) -> String {
    let fixed = finding
        .fixed
        .as_ref()
        .map_or_else(|| "no fix yet".to_owned(), |v| format!("fixed in {v}"));
    format!(
        "{} in {} {} ({fixed})",
        finding.id, finding.package, finding.installed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn finding(severity: Severity, fixed: bool) -> Finding {
        Finding {
            id: "CVE-2026-1".into(),
            severity,
            package: "openssl".into(),
            installed: "3.1.1".into(),
            fixed: fixed.then(|| "3.1.2".into()),
            title: String::new(),
            url: None,
        }
    }

    fn evidence(findings: Vec<Finding>) -> ScanEvidence {
        let platform: Platform = "linux/amd64".parse().unwrap();
        ScanEvidence {
            digest: Digest::of(b"image"),
            platforms: vec![platform.clone()],
            reports: vec![ScanReport {
                of: Digest::of(b"image"),
                is_of_image: true,
                platform: Some(platform),
                made: Some("2026-11-23T09:00:00Z".parse().unwrap()),
                findings,
            }],
        }
    }

    fn policy() -> ScanPolicy {
        ScanPolicy {
            fail_on: Limits {
                critical: Some(0),
                high: Some(0),
                ..Limits::default()
            },
            fixable_only: true,
            max_age: Some(SignedDuration::from_hours(24)),
        }
    }

    #[test]
    fn a_clean_report_of_today_is_allowed() {
        assert_eq!(
            policy().judge(&evidence(vec![]), now()),
            Verdict::Allowed("clean, 3h old".into())
        );
    }

    #[test]
    fn a_refusal_names_the_finding_and_its_fix() {
        let verdict = policy().judge(&evidence(vec![finding(Severity::Critical, true)]), now());
        assert_eq!(
            verdict,
            Verdict::Refused(
                "1 critical with a fix, 0 allowed: CVE-2026-1 in openssl 3.1.1 (fixed in 3.1.2)".into()
            )
        );
        assert!(
            policy()
                .judge(&evidence(vec![finding(Severity::Critical, false)]), now())
                .allows()
        );
        let strict = ScanPolicy {
            fixable_only: false,
            ..policy()
        };
        assert!(
            !strict
                .judge(&evidence(vec![finding(Severity::Critical, false)]), now())
                .allows()
        );
    }

    #[test]
    fn one_finding_on_two_platforms_counts_once() {
        let mut both = evidence(vec![finding(Severity::High, true)]);
        both.reports.push(both.reports[0].clone());
        let one_is_fine = ScanPolicy {
            fail_on: Limits {
                high: Some(1),
                ..Limits::default()
            },
            ..policy()
        };
        assert!(one_is_fine.judge(&both, now()).allows());
    }

    #[test]
    fn what_is_not_known_is_not_assumed() {
        let mut none = evidence(vec![]);
        none.reports.clear();
        assert_eq!(policy().judge(&none, now()).word(), "unknown");

        let mut stray = evidence(vec![]);
        stray.reports[0].is_of_image = false;
        assert_eq!(policy().judge(&stray, now()).word(), "unknown");

        let mut half = evidence(vec![]);
        half.platforms.push("linux/arm64".parse().unwrap());
        let verdict = policy().judge(&half, now());
        assert_eq!(
            verdict,
            Verdict::Unknown("no scan report covers linux/arm64".into())
        );

        let mut undated = evidence(vec![]);
        undated.reports[0].made = None;
        assert_eq!(policy().judge(&undated, now()).word(), "unknown");
    }

    #[test]
    fn a_stale_report_is_refused_with_its_age() {
        let mut old = evidence(vec![]);
        old.reports[0].made = Some("2026-11-20T09:00:00Z".parse().unwrap());
        let verdict = policy().judge(&old, now());
        assert_eq!(
            verdict,
            Verdict::Refused("the report is 3d old, and at most 24h is allowed: scan again".into())
        );
    }
}
