//! What evidence leaves open, and what a person should know besides the verdict.

use jiff::{SignedDuration, Timestamp};

use super::Exceptions;
use crate::domain::{
    Digest, Finding, Inventory, Platform, Rule, ScanEvidence, ScanPolicy, ScanReport, Waiver, age, count,
};

/// How far a report's time may lie ahead of the clock here, in seconds: clocks differ.
const CLOCK_SKEW: i64 = 5 * 60;

impl ScanPolicy {
    /// Why the evidence is not enough, and the age of the oldest report in words.
    pub(super) fn doubts(&self, evidence: &ScanEvidence, now: Timestamp) -> (Vec<String>, String) {
        let asked: Vec<_> = self.asked(evidence).collect();
        let mut doubts = self.uncovered(evidence);
        if asked.is_empty() && !evidence.reports.is_empty() {
            doubts.push("every platform of the image is left out of the policy".to_owned());
            return (doubts, String::new());
        }
        let made = asked.iter().map(|report| report.made);
        let how_old = match ages(made, self.max_age, now, &REPORT) {
            Ok(words) => words,
            Err(doubt) => {
                doubts.push(doubt);
                String::new()
            }
        };
        if self.max_database_age.is_some() {
            let dates = asked.iter().map(|report| report.database);
            doubts.extend(ages(dates, self.max_database_age, now, &DATABASE).err());
        }
        if self.no_packages == Rule::Refuse {
            doubts.extend(asked.iter().filter_map(|report| saw_nothing(report)));
        }
        (doubts, how_old)
    }

    /// The reports that the policy asks about.
    fn asked<'a>(&'a self, evidence: &'a ScanEvidence) -> impl Iterator<Item = &'a ScanReport> {
        evidence
            .reports
            .iter()
            .filter(|report| !self.leaves_out(report.platform.as_ref()))
    }

    /// Which platforms no report speaks of, in words; nothing if all are covered.
    fn uncovered(&self, evidence: &ScanEvidence) -> Vec<String> {
        let stray = evidence.strays.first().map(Digest::short);
        if evidence.reports.is_empty() {
            return vec![match stray {
                Some(stray) => format!(
                    "the attached scan report is of another digest, {stray}: scan this one and attach its report"
                ),
                None => match &evidence.signed_by {
                    Some(key) => format!(
                        "no scan that {key} verifies is attached to this digest: sign one with `windlass scan --attach --key`"
                    ),
                    None => {
                        "no scan report is attached to this digest: scan it and attach the report".to_owned()
                    }
                },
            }];
        }
        let missing: Vec<_> = evidence
            .platforms
            .iter()
            .filter(|platform| !self.leaves_out(Some(platform)))
            .filter(|platform| {
                let mut reports = evidence.reports.iter();
                !reports.any(|report| covers(report, platform, &evidence.platforms))
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

    /// What a person should know besides the verdict.
    pub(super) fn notes(
        &self,
        evidence: &ScanEvidence,
        exceptions: &Exceptions<'_>,
        now: Timestamp,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        for left in &self.leave_out {
            if evidence.platforms.contains(&left.platform) {
                notes.push(format!("{} is left out: {}", left.platform, left.reason));
            }
        }
        let hidden: Vec<_> = self.asked(evidence).flat_map(|report| &report.hidden).collect();
        if let Some((finding, why)) = hidden.first() {
            notes.push(format!(
                "the scanner left {} out, which counts here all the same: {finding} ({why}); a waiver would accept it",
                count(hidden.len(), "finding")
            ));
        }
        let all = || self.asked(evidence).flat_map(|report| &report.findings);
        for waiver in exceptions.waivers {
            if waiver.holds_in(exceptions.environment) {
                notes.extend(of_waiver(waiver, all(), now));
            }
        }
        notes
    }
}

/// What is to be said of a waiver: that it has ended, or that there is nothing for it here.
fn of_waiver<'a>(
    waiver: &Waiver,
    mut findings: impl Iterator<Item = &'a Finding>,
    now: Timestamp,
) -> Option<String> {
    let matched = findings.any(|finding| waiver.names(finding));
    let (title, owner) = (waiver.title(), &waiver.owner);
    if waiver.is_expired(now) {
        let expires = waiver.expires;
        return Some(if matched {
            format!("the waiver of {title} by {owner} ended on {expires}: mend it, or accept it anew")
        } else {
            format!(
                "the waiver of {title} by {owner} ended on {expires}, and nothing needs it any more: remove it"
            )
        });
    }
    (!matched).then(|| format!("the waiver of {title} by {owner} meets no finding here"))
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

/// Why a report without findings says nothing, if it does not.
fn saw_nothing(report: &ScanReport) -> Option<String> {
    let of = report
        .platform
        .as_ref()
        .map_or_else(|| "the image".to_owned(), ToString::to_string);
    match report.inventory {
        Inventory::Nothing => Some(format!(
            "the scanner recognised neither an operating system nor a package in {of}, so that finding nothing means \
             nothing (`no_packages = \"allow\"` accepts that)"
        )),
        Inventory::Untold if report.findings.is_empty() => Some(format!(
            "the report of {of} does not say what the scanner looked at, so that finding nothing means nothing"
        )),
        Inventory::Untold | Inventory::Something | Inventory::Packages(_) => None,
    }
}

/// How something with a date is called.
struct Dated {
    what: &'static str,
    undated: &'static str,
    again: &'static str,
}

const REPORT: Dated = Dated {
    what: "the report",
    undated: "the report does not say when it was made",
    again: "scan again",
};
const DATABASE: Dated = Dated {
    what: "the scanner's database",
    undated: "the report does not say how old the scanner's database was",
    again: "let the scanner fetch a new one, and scan again",
};

/// The age of the oldest in words, or why it would not do.
fn ages(
    dates: impl Iterator<Item = Option<Timestamp>>,
    limit: Option<SignedDuration>,
    now: Timestamp,
    kind: &Dated,
) -> Result<String, String> {
    let what = kind.what;
    let mut oldest = i64::MIN;
    for date in dates {
        let date = date.ok_or(kind.undated)?;
        let seconds = now.as_second() - date.as_second();
        if seconds < -CLOCK_SKEW {
            return Err(format!("{what} says that it was made in the future, at {date}"));
        }
        oldest = oldest.max(seconds);
    }
    let how_old = if oldest < 60 {
        format!("{what} was made just now")
    } else {
        format!("{what} is {} old", age(oldest))
    };
    match limit {
        Some(limit) if oldest > limit.as_secs() => Err(format!(
            "{how_old}, and at most {} is allowed: {}",
            in_words(limit),
            kind.again
        )),
        _ => Ok(how_old),
    }
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
