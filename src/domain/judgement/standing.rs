//! Every finding once, with what people have decided about it.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::{Exceptions, Judged, Standing, Suppression};
use crate::domain::vex::{self, VexSubject};
use crate::domain::{Finding, FindingKind, RunnableImage, ScanEvidence, ScanPolicy, ScanReport, Waiver};

/// One finding, and each report that has it.
struct Merged<'a> {
    finding: Finding,
    /// The report by number, and the finding as it stands there.
    found: Vec<(usize, &'a Finding)>,
}

impl ScanPolicy {
    /// Every finding once, gravest first. What several images have in common counts once, by its graver side, and has a fix
    /// if it has one in any.
    pub(super) fn judged(
        &self,
        evidence: &ScanEvidence,
        exceptions: &Exceptions<'_>,
        now: Timestamp,
    ) -> Vec<Judged> {
        let reports: Vec<_> = self.asked(evidence).collect();
        let images: Vec<_> = reports.iter().map(|report| evidence.image_of(report)).collect();
        let mut judged: Vec<_> = merged(&reports)
            .into_iter()
            .map(|Merged { finding, found }| {
                let exploited = found
                    .iter()
                    .any(|(_, finding)| is_exploited(finding, exceptions.exploited));
                let places: Vec<_> = found
                    .iter()
                    .map(|(nth, finding)| (*finding, images[*nth]))
                    .collect();
                let standing = self.standing(&finding, exploited, &places, evidence, exceptions, now);
                Judged {
                    only_on: only_on(&found, &reports, evidence),
                    finding,
                    exploited,
                    standing,
                }
            })
            .collect();
        judged.sort_by(|one, other| {
            let key = |judged: &Judged| (!judged.counts(), judged.finding.severity);
            key(one)
                .cmp(&key(other))
                .then_with(|| one.finding.id.cmp(&other.finding.id))
        });
        judged
    }

    fn standing(
        &self,
        finding: &Finding,
        exploited: bool,
        places: &[(&Finding, Option<&RunnableImage>)],
        evidence: &ScanEvidence,
        exceptions: &Exceptions<'_>,
        now: Timestamp,
    ) -> Standing {
        // A decision on one image is none on another: it must hold for each that has the finding.
        let decided = |(finding, image): &(&Finding, Option<&RunnableImage>)| {
            suppression(finding, *image, evidence, exceptions, now)
        };
        let mut all = places.iter().map(decided);
        let first = all.next().flatten();
        if let Some(by) = first.filter(|_| all.all(|decided| decided.is_some())) {
            return Standing::Suppressed { by };
        }
        if exploited {
            // Whatever the limits say.
        } else if self.limits(finding.kind).get(finding.severity).is_none() {
            return Standing::Passes {
                why: match finding.kind {
                    FindingKind::Vulnerability => format!("no limit for {}", finding.severity),
                    kind => format!("no limit for {} {}s", finding.severity, kind.word()),
                },
            };
        } else if self.fixable_only && finding.kind == FindingKind::Vulnerability && finding.fixed.is_none() {
            return Standing::Passes {
                why: "no fix yet".to_owned(),
            };
        }
        let expired = exceptions.waivers.iter().find(|waiver| {
            waiver.is_expired(now)
                && waiver.holds_in(exceptions.environment)
                && places.iter().any(|(finding, _)| waiver.names(finding))
        });
        Standing::Counts {
            waived_until: expired.map(|waiver| waiver.expires),
        }
    }
}

/// The decision that `finding` does not count in `image`, if there is one.
fn suppression(
    finding: &Finding,
    image: Option<&RunnableImage>,
    evidence: &ScanEvidence,
    exceptions: &Exceptions<'_>,
    now: Timestamp,
) -> Option<Suppression> {
    let holds = |waiver: &&Waiver| {
        waiver.holds_in(exceptions.environment) && !waiver.is_expired(now) && waiver.names(finding)
    };
    if let Some(waiver) = exceptions.waivers.iter().find(holds) {
        return Some(Suppression::Waiver {
            reason: waiver.reason.clone(),
            owner: waiver.owner.clone(),
            expires: waiver.expires,
        });
    }
    let subject = VexSubject::new(evidence, image, exceptions);
    let statement = vex::newest(exceptions.vex, finding, &subject)?;
    statement.status.clears().then(|| Suppression::Vex {
        status: statement.status.word().to_owned(),
        why: statement.why.clone(),
        document: statement.document.clone(),
    })
}

fn merged<'a>(reports: &[&'a ScanReport]) -> Vec<Merged<'a>> {
    let mut at: HashMap<(FindingKind, &str, &str, &str), usize> = HashMap::new();
    let mut all: Vec<Merged<'a>> = Vec::new();
    for (nth, report) in reports.iter().enumerate() {
        let hidden = report.hidden.iter().map(|(finding, _)| finding);
        for finding in report.findings.iter().chain(hidden) {
            let key = (
                finding.kind,
                finding.id.as_str(),
                finding.package.as_str(),
                finding.installed.as_str(),
            );
            let index = *at.entry(key).or_insert_with(|| {
                all.push(Merged {
                    finding: finding.clone(),
                    found: Vec::with_capacity(1),
                });
                all.len() - 1
            });
            let known = &mut all[index];
            known.finding.severity = known.finding.severity.min(finding.severity);
            if known.finding.fixed.is_none() {
                known.finding.fixed.clone_from(&finding.fixed);
            }
            known.found.push((nth, finding));
        }
    }
    all
}

/// The platforms that have a finding, where not every one does.
fn only_on(
    found: &[(usize, &Finding)],
    reports: &[&ScanReport],
    evidence: &ScanEvidence,
) -> Vec<crate::domain::Platform> {
    if reports.len() == 1 {
        return Vec::new();
    }
    let here: BTreeSet<_> = found.iter().map(|(nth, _)| &reports[*nth].image).collect();
    if reports.iter().all(|report| here.contains(&report.image)) {
        return Vec::new();
    }
    let platforms = found
        .iter()
        .filter_map(|(nth, _)| evidence.platform_of(reports[*nth]));
    let platforms: BTreeSet<_> = platforms.cloned().collect();
    platforms.into_iter().collect()
}

fn is_exploited(finding: &Finding, known: &BTreeSet<String>) -> bool {
    !known.is_empty()
        && (known.contains(&finding.id.to_uppercase())
            || finding
                .aliases
                .iter()
                .any(|alias| known.contains(&alias.to_uppercase())))
}
