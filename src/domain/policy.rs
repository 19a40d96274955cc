//! The rule for scan reports: evidence in, verdict out.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{Counts, Digest, Finding, Platform, Severity, Verdict, age, count};

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
    /// What attached reports that are not of this image say they are of. They prove nothing, and explain much.
    pub strays: Vec<Digest>,
}

/// One report of one scan of the image that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanReport {
    /// The platform, if it is known which.
    pub platform: Option<Platform>,
    /// When it was made, if that is known.
    pub made: Option<Timestamp>,
    /// What it found.
    pub findings: Vec<Finding>,
}

/// How far a report's time may lie ahead of the clock here, in seconds: clocks differ.
const CLOCK_SKEW: i64 = 5 * 60;
/// How many findings of a severity a refusal names.
const EXAMPLES: usize = 3;

impl ScanPolicy {
    /// Judges `evidence` at the time `now`. What is not known is not assumed, and every reason is given, not only the
    /// first.
    pub fn judge(&self, evidence: &ScanEvidence, now: Timestamp) -> Verdict {
        let mut doubts = uncovered(evidence);
        let how_old = self.how_old(evidence, now).unwrap_or_else(|doubt| {
            doubts.push(doubt);
            String::new()
        });
        let mut over = self.over_the_limits(evidence);
        if !over.is_empty() {
            over.append(&mut doubts);
            return Verdict::Refused(over.join("; "));
        }
        if !doubts.is_empty() {
            return Verdict::Unknown(doubts.join("; "));
        }
        let all = Counts::of(distinct(evidence, |_| true));
        let found = if all.worst().is_none() {
            all.to_string()
        } else {
            format!("{all}, within the limits")
        };
        Verdict::Allowed(format!("{found}; {how_old}"))
    }

    /// The age of the oldest report in words, or why there is none that would do.
    fn how_old(&self, evidence: &ScanEvidence, now: Timestamp) -> Result<String, String> {
        let mut oldest = i64::MIN;
        for report in &evidence.reports {
            let made = report.made.ok_or("the report does not say when it was made")?;
            let seconds = now.as_second() - made.as_second();
            if seconds < -CLOCK_SKEW {
                return Err(format!(
                    "the report says that it was made in the future, at {made}"
                ));
            }
            oldest = oldest.max(seconds);
        }
        let how_old = if oldest < 60 {
            "the report was made just now".to_owned()
        } else {
            format!("the report is {} old", age(oldest))
        };
        match self.max_age {
            Some(limit) if oldest > limit.as_secs() => Err(format!(
                "{how_old}, and at most {} is allowed: scan again",
                in_words(limit)
            )),
            _ => Ok(how_old),
        }
    }

    /// A sentence for each severity of which there are more findings than are accepted.
    fn over_the_limits(&self, evidence: &ScanEvidence) -> Vec<String> {
        let counted = distinct(evidence, |finding| !self.fixable_only || finding.fixed.is_some());
        let fix = if self.fixable_only { " with a fix" } else { "" };
        let mut over = Vec::new();
        for severity in Severity::ALL {
            let of_it: Vec<_> = counted.iter().filter(|f| f.severity == severity).collect();
            let Some(limit) = self
                .fail_on
                .get(severity)
                .filter(|limit| of_it.len() as u64 > *limit)
            else {
                continue;
            };
            let named: Vec<_> = of_it.iter().take(EXAMPLES).map(ToString::to_string).collect();
            let more = match of_it.len().saturating_sub(EXAMPLES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            over.push(format!(
                "{}{fix}, {limit} allowed: {}{more}",
                count(of_it.len(), &format!("{severity} finding")),
                named.join(", ")
            ));
        }
        over
    }
}

/// Which platforms no report speaks of, in words; nothing if all are covered.
fn uncovered(evidence: &ScanEvidence) -> Vec<String> {
    let stray = evidence.strays.first().map(Digest::short);
    if evidence.reports.is_empty() {
        return vec![match stray {
            Some(stray) => {
                format!(
                    "the attached scan report is of another digest, {stray}: scan this one and attach its report"
                )
            }
            None => "no scan report is attached to this digest: scan it and attach the report".to_owned(),
        }];
    }
    let missing: Vec<_> = evidence
        .platforms
        .iter()
        .filter(|platform| {
            !evidence
                .reports
                .iter()
                .any(|report| covers(report, platform, &evidence.platforms))
        })
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let mut doubt = format!("no scan report covers {}", missing.join(", "));
    if let Some(stray) = stray {
        doubt = format!("{doubt}; one that is attached is of another digest, {stray}");
    }
    vec![doubt]
}

/// Whether `report` speaks of `platform`. One without a platform does only where the image has no second one. Scanners
/// often leave out the variant, which is fine as long as it is not what tells two platforms of the image apart.
fn covers(report: &ScanReport, platform: &Platform, all: &[Platform]) -> bool {
    let Some(of) = &report.platform else {
        return all.len() == 1;
    };
    let alike = |other: &Platform| other.os == of.os && other.architecture == of.architecture;
    alike(platform)
        && (of.variant == platform.variant || all.iter().filter(|other| alike(other)).count() == 1)
}

/// A limit as people configure it: `24h`, `7d`, `90m`.
fn in_words(limit: SignedDuration) -> String {
    match limit.as_secs() {
        s if s >= 2 * 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// The findings that `counts` accepts, gravest first. What several platforms have in common counts once.
fn distinct(evidence: &ScanEvidence, counts: impl Fn(&Finding) -> bool) -> Vec<&Finding> {
    let all = evidence.reports.iter().flat_map(|report| &report.findings);
    let mut found: Vec<_> = all.filter(|finding| counts(finding)).collect();
    found.sort_by_key(|finding| finding.severity);
    let mut seen = HashSet::new();
    found.retain(|f| seen.insert((f.id.as_str(), f.package.as_str(), f.installed.as_str())));
    found
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
            purl: None,
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
                platform: Some(platform),
                made: Some("2026-11-23T09:00:00Z".parse().unwrap()),
                findings,
            }],
            strays: Vec::new(),
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

    fn unknown(evidence: &ScanEvidence) -> String {
        match policy().judge(evidence, now()) {
            Verdict::Unknown(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_clean_report_of_today_is_allowed() {
        assert_eq!(
            policy().judge(&evidence(vec![]), now()),
            Verdict::Allowed("clean; the report is 3h old".into())
        );
    }

    #[test]
    fn a_refusal_names_the_finding_and_its_fix() {
        assert_eq!(
            policy().judge(&evidence(vec![finding(Severity::Critical, true)]), now()),
            Verdict::Refused(
                "1 critical finding with a fix, 0 allowed: CVE-2026-1 in openssl 3.1.1 (fixed in 3.1.2)"
                    .into()
            )
        );
    }

    #[test]
    fn a_refusal_names_a_few_findings_and_counts_the_rest() {
        let many = (0..5).map(|n| Finding {
            id: format!("CVE-2026-{n}"),
            ..finding(Severity::High, true)
        });
        let verdict = policy().judge(&evidence(many.collect()), now());
        assert!(
            verdict
                .reason()
                .starts_with("5 high findings with a fix, 0 allowed: CVE-2026-0 in")
        );
        assert!(
            verdict
                .reason()
                .ends_with("CVE-2026-2 in openssl 3.1.1 (fixed in 3.1.2) and 2 more")
        );
    }

    #[test]
    fn what_has_no_fix_counts_unless_only_fixable_findings_do() {
        let open = evidence(vec![finding(Severity::Critical, false)]);
        assert_eq!(
            policy().judge(&open, now()),
            Verdict::Allowed("1 critical, within the limits; the report is 3h old".into())
        );
        let strict = ScanPolicy {
            fixable_only: false,
            ..policy()
        };
        assert!(
            strict
                .judge(&open, now())
                .reason()
                .ends_with("openssl 3.1.1 (no fix yet)")
        );
    }

    #[test]
    fn one_finding_on_two_platforms_counts_once_and_by_its_graver_side() {
        let mut both = evidence(vec![finding(Severity::Low, false)]);
        both.reports.push(both.reports[0].clone());
        both.reports[1].findings = vec![finding(Severity::High, true)];
        let one_high = |limit| ScanPolicy {
            fail_on: Limits {
                high: Some(limit),
                low: Some(0),
                ..Limits::default()
            },
            fixable_only: false,
            ..policy()
        };
        assert!(one_high(1).judge(&both, now()).allows());
        assert!(!one_high(0).judge(&both, now()).allows());
        assert!(
            !policy().judge(&both, now()).allows(),
            "the fix is known on one platform"
        );
    }

    #[test]
    fn nothing_is_assumed_without_a_report_of_this_digest() {
        let mut none = evidence(vec![]);
        none.reports.clear();
        assert!(unknown(&none).starts_with("no scan report is attached"));
        none.strays.push(Digest::of(b"another"));
        assert!(unknown(&none).starts_with("the attached scan report is of another digest, sha256:"));
    }

    #[test]
    fn every_platform_of_the_image_needs_a_report() {
        let mut half = evidence(vec![]);
        half.platforms.push("linux/arm64".parse().unwrap());
        assert_eq!(unknown(&half), "no scan report covers linux/arm64");
        half.reports[0].platform = None;
        assert_eq!(unknown(&half), "no scan report covers linux/amd64, linux/arm64");
    }

    #[test]
    fn a_variant_may_be_missing_only_where_it_tells_nothing_apart() {
        let platforms = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let mut image = evidence(vec![]);
        image.reports[0].platform = Some("linux/arm64".parse().unwrap());
        image.platforms = platforms(&["linux/arm64/v8"]);
        assert!(policy().judge(&image, now()).allows());
        image.reports[0].platform = Some("linux/arm/v7".parse().unwrap());
        image.platforms = platforms(&["linux/arm/v6", "linux/arm/v7"]);
        assert_eq!(unknown(&image), "no scan report covers linux/arm/v6");
    }

    #[test]
    fn a_report_without_an_age_or_from_the_future_proves_nothing() {
        let mut undated = evidence(vec![]);
        undated.reports[0].made = None;
        assert_eq!(unknown(&undated), "the report does not say when it was made");
        undated.reports[0].made = Some("2099-01-01T00:00:00Z".parse().unwrap());
        assert!(unknown(&undated).contains("in the future, at 2099"));
        undated.reports[0].made = Some("2026-11-23T12:01:00Z".parse().unwrap());
        assert!(policy().judge(&undated, now()).allows(), "clocks differ a little");
    }

    #[test]
    fn a_stale_report_proves_nothing_but_what_it_found_still_counts() {
        let stale = "the report is 3d old, and at most 24h is allowed: scan again";
        let mut old = evidence(vec![]);
        old.reports[0].made = Some("2026-11-20T09:00:00Z".parse().unwrap());
        assert_eq!(unknown(&old), stale);
        old.reports[0].findings = vec![finding(Severity::Critical, true)];
        let verdict = policy().judge(&old, now());
        assert_eq!(verdict.word(), "refused");
        assert!(verdict.reason().ends_with(stale), "{verdict:?}");
    }
}
