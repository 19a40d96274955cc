//! What a person should know besides the verdict: what is left out, and decisions that have ended or match nothing.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{Exceptions, Judged};
use crate::domain::vex::VexSubject;
use crate::domain::{Finding, RunnableImage, ScanEvidence, ScanPolicy, VexStatement, Waiver, count, first};

/// How many statements of one document are named.
const NAMED_STATEMENTS: usize = 3;

/// Findings by each of their names, in capitals, with the image that has them.
type ByName<'a> = HashMap<String, Vec<(&'a Finding, Option<&'a RunnableImage>)>>;

impl ScanPolicy {
    /// What a person should know besides the verdict.
    pub(super) fn notes(
        &self,
        evidence: &ScanEvidence,
        judged: &[Judged],
        exceptions: &Exceptions<'_>,
        now: Timestamp,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        for left in &self.leave_out {
            if evidence.platforms().any(|platform| *platform == left.platform) {
                notes.push(format!("{} is excluded: {}", left.platform, left.reason));
            }
        }
        for filter in self.asked(evidence).flat_map(|report| &report.filters) {
            if self.accepts(filter) {
                notes.push(format!("the scan excluded {filter}"));
            }
        }
        notes.extend(self.hidden(evidence, judged));
        if exceptions.waivers.is_empty() && exceptions.vex.is_empty() {
            return notes;
        }
        let by_name = self.by_name(evidence);
        for waiver in exceptions.waivers {
            if waiver.holds_in(exceptions.environment) {
                notes.extend(of_waiver(waiver, &by_name, now));
            }
        }
        notes.extend(unmatched(evidence, exceptions, &by_name));
        notes
    }

    /// What a scanner hid by a rule of its own, in one sentence that is true whatever people here have decided about it.
    fn hidden(&self, evidence: &ScanEvidence, judged: &[Judged]) -> Option<String> {
        let hidden: Vec<_> = self.asked(evidence).flat_map(|report| &report.hidden).collect();
        let is_decided: HashMap<_, _> = if hidden.is_empty() {
            HashMap::new()
        } else {
            judged
                .iter()
                .map(|judged| (key_of(&judged.finding), judged.is_suppressed()))
                .collect()
        };
        let is_open = |finding: &Finding| is_decided.get(&key_of(finding)) != Some(&true);
        let first = hidden.iter().find(|(finding, _)| is_open(finding));
        let (finding, why) = first.or(hidden.first())?;
        let open = hidden.iter().filter(|(finding, _)| is_open(finding)).count();
        let all = count(hidden.len(), "finding");
        Some(if open == 0 {
            format!(
                "the scanner suppressed {all}, which a waiver or VEX statement accepts here as well: {finding} \
                 ({why})"
            )
        } else if open == hidden.len() {
            format!(
                "the scanner suppressed {all}, which still counts here: {finding} ({why}); a waiver would accept it"
            )
        } else {
            format!(
                "the scanner suppressed {all}, of which {open} still count here: {finding} ({why}); a waiver would \
                 accept it"
            )
        })
    }

    fn by_name<'a>(&'a self, evidence: &'a ScanEvidence) -> ByName<'a> {
        let mut found = ByName::new();
        for report in self.asked(evidence) {
            let image = evidence.image_of(report);
            let hidden = report.hidden.iter().map(|(finding, _)| finding);
            for finding in report.findings.iter().chain(hidden) {
                for name in finding.aliases.iter().chain([&finding.id]) {
                    let named = found.entry(name.to_ascii_uppercase()).or_default();
                    named.push((finding, image));
                }
            }
        }
        found
    }
}

/// What tells one finding from another.
fn key_of(finding: &Finding) -> (&str, &str, &str) {
    (&finding.id, &finding.package, &finding.installed)
}

fn called<'a>(by_name: &'a ByName<'_>, name: &str) -> &'a [(&'a Finding, Option<&'a RunnableImage>)] {
    by_name.get(&name.to_ascii_uppercase()).map_or(&[], Vec::as_slice)
}

/// What is to be said of a waiver: that it has ended, or that there is nothing for it here.
fn of_waiver(waiver: &Waiver, by_name: &ByName<'_>, now: Timestamp) -> Option<String> {
    let mut named = called(by_name, &waiver.id).iter();
    let matched = named.any(|(finding, _)| waiver.names(finding));
    let (title, owner) = (waiver.title(), &waiver.owner);
    if waiver.is_expired(now) {
        let expires = waiver.expires;
        return Some(if matched {
            format!(
                "the waiver of {title} by {owner} expired on {expires}; fix the vulnerability or renew the waiver"
            )
        } else {
            format!(
                "the waiver of {title} by {owner} expired on {expires} and is no longer needed; remove it"
            )
        });
    }
    (!matched).then(|| format!("the waiver of {title} by {owner} matches no finding here"))
}

/// The VEX statements that would accept something and match no finding of this image, by document. What is said of another
/// image is of no concern here.
fn unmatched(evidence: &ScanEvidence, exceptions: &Exceptions<'_>, by_name: &ByName<'_>) -> Vec<String> {
    let may_concern =
        |statement: &&VexStatement| statement.status.clears() && statement.may_be_of(exceptions.repositories);
    let matches = |statement: &VexStatement| {
        let mut names = statement.vulnerabilities.iter();
        names.any(|name| {
            called(by_name, name).iter().any(|(finding, image)| {
                statement.is_about(finding, &VexSubject::new(evidence, *image, exceptions))
            })
        })
    };
    let mut by_document: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for statement in exceptions.vex.iter().filter(may_concern) {
        if !matches(statement) {
            let titles = by_document.entry(&statement.document).or_default();
            titles.push(statement.title());
        }
    }
    let words = by_document.into_iter().map(|(document, titles)| {
        let named = first(titles.iter(), NAMED_STATEMENTS);
        let (statements, verb) = if titles.len() == 1 {
            ("the VEX statement".to_owned(), "matches")
        } else {
            (format!("{} VEX statements", titles.len()), "match")
        };
        format!("{statements} on {named} in {document} {verb} no finding here")
    });
    words.collect()
}
