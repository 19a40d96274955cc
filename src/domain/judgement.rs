//! The rule for scan reports carried out: evidence in, verdict out, with what became of each finding.

mod doubts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::vex::{self, VexSubject};
use super::{
    Counts, EnvironmentName, Finding, Platform, Repository, Rule, ScanEvidence, ScanPolicy, Severity,
    Verdict, VexStatement, Waiver, count,
};

/// What people have decided about single vulnerabilities, and where it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Exceptions<'a> {
    /// The environment whose gate asks.
    pub environment: &'a EnvironmentName,
    /// All waivers.
    pub waivers: &'a [Waiver],
    /// All VEX statements, the later ones of equal age last.
    pub vex: &'a [VexStatement],
    /// The vulnerabilities that are known to be exploited, in capitals.
    pub exploited: &'a BTreeSet<String>,
    /// Every repository that the image may be in.
    pub repositories: &'a [Repository],
}

impl<'a> Exceptions<'a> {
    /// None at all, in `environment`.
    pub const fn none(environment: &'a EnvironmentName) -> Self {
        static NOTHING: BTreeSet<String> = BTreeSet::new();
        Self {
            environment,
            waivers: &[],
            vex: &[],
            exploited: &NOTHING,
            repositories: &[],
        }
    }
}

/// What a gate makes of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The verdict, with every reason.
    pub verdict: Verdict,
    /// Every finding, once, gravest first.
    pub findings: Vec<Judged>,
    /// What a person should know besides: expired and unmatched waivers, platforms that are left out.
    pub notes: Vec<String>,
}

/// A finding and what it means to the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The finding; of several platforms the gravest.
    #[serde(flatten)]
    pub finding: Finding,
    /// The platforms that have it, where not every one does.
    pub only_on: Vec<Platform>,
    /// Whether it is known to be exploited.
    pub exploited: bool,
    /// What it means.
    #[serde(flatten)]
    pub standing: Standing,
}

/// What a finding means to a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// It counts against the limit of its severity, or stops the gate by itself.
    Counts {
        /// The day on which a waiver of it ended, if there was one.
        waived_until: Option<Date>,
    },
    /// The policy does not ask for it, and why.
    Passes {
        /// Why: `no fix yet`, `no limit for low`.
        why: String,
    },
    /// Somebody decided that it does not count.
    Suppressed {
        /// Who and why.
        by: Suppression,
    },
}

/// A decision that a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Suppression {
    /// A waiver.
    Waiver {
        /// Why.
        reason: String,
        /// Who answers for it.
        owner: String,
        /// Its last day.
        expires: Date,
    },
    /// A VEX statement.
    Vex {
        /// What it says.
        status: String,
        /// Why.
        why: String,
        /// The document.
        document: String,
    },
}

impl Suppression {
    /// `waived by ana until 2026-12-31: not reachable`.
    pub fn words(&self) -> String {
        match self {
            Self::Waiver {
                reason,
                owner,
                expires,
            } => format!("waived by {owner} until {expires}: {reason}"),
            Self::Vex {
                status,
                why,
                document,
            } if why.is_empty() => format!("{status}, says {document}"),
            Self::Vex {
                status,
                why,
                document,
            } => format!("{status}, says {document}: {why}"),
        }
    }
}

impl Judged {
    /// Whether it counts.
    pub const fn counts(&self) -> bool {
        matches!(self.standing, Standing::Counts { .. })
    }

    /// The decision that it does not count, if there is one.
    pub const fn suppression(&self) -> Option<&Suppression> {
        match &self.standing {
            Standing::Suppressed { by } => Some(by),
            Standing::Counts { .. } | Standing::Passes { .. } => None,
        }
    }

    /// Whether somebody decided that it does not count.
    pub const fn is_suppressed(&self) -> bool {
        self.suppression().is_some()
    }
}

impl Judgement {
    /// How many findings of each severity nobody has decided about.
    pub fn open(&self) -> Counts {
        Counts::of(
            self.findings
                .iter()
                .filter(|judged| !judged.is_suppressed())
                .map(|judged| &judged.finding),
        )
    }

    /// How many findings are suppressed.
    pub fn suppressed(&self) -> usize {
        self.findings
            .iter()
            .filter(|judged| judged.is_suppressed())
            .count()
    }
}

/// How many findings of a severity a refusal names.
const EXAMPLES: usize = 3;

impl ScanPolicy {
    /// Judges `evidence` at the time `now`. What is not known is not assumed, and every reason is given, not only the
    /// first.
    pub fn judge(&self, evidence: &ScanEvidence, exceptions: &Exceptions<'_>, now: Timestamp) -> Judgement {
        let findings = self.judged(evidence, exceptions, now);
        let (mut doubts, how_old) = self.doubts(evidence, now);
        let mut reasons = exploited(&findings);
        reasons.append(&mut self.over_the_limits(&findings));
        reasons.append(&mut self.out_of_support(evidence));
        let notes = self.notes(evidence, exceptions, now);
        let mut judgement = Judgement {
            verdict: Verdict::Unknown(String::new()),
            findings,
            notes,
        };
        judgement.verdict = if !reasons.is_empty() {
            reasons.append(&mut doubts);
            Verdict::Refused(reasons.join("; "))
        } else if !doubts.is_empty() {
            Verdict::Unknown(doubts.join("; "))
        } else {
            let words = [found(&judgement), how_old];
            Verdict::Allowed(words.join("; "))
        };
        judgement
    }

    /// Whether `platform` is left out.
    fn leaves_out(&self, platform: Option<&Platform>) -> bool {
        self.leave_out.iter().any(|left| Some(&left.platform) == platform)
    }

    /// Every finding once, gravest first. What several platforms have in common counts once, by its graver side, and has
    /// a fix if it has one on any.
    fn judged(&self, evidence: &ScanEvidence, exceptions: &Exceptions<'_>, now: Timestamp) -> Vec<Judged> {
        let reports: Vec<_> = evidence
            .reports
            .iter()
            .filter(|report| !self.leaves_out(report.platform.as_ref()))
            .collect();
        let mut at: HashMap<(&str, &str, &str), usize> = HashMap::new();
        let mut found: Vec<(Finding, BTreeSet<usize>)> = Vec::new();
        for (nth, report) in reports.iter().enumerate() {
            for finding in report
                .findings
                .iter()
                .chain(report.hidden.iter().map(|(finding, _)| finding))
            {
                let key = (
                    finding.id.as_str(),
                    finding.package.as_str(),
                    finding.installed.as_str(),
                );
                let index = *at.entry(key).or_insert_with(|| {
                    found.push((finding.clone(), BTreeSet::new()));
                    found.len() - 1
                });
                let (known, on) = &mut found[index];
                known.severity = known.severity.min(finding.severity);
                if known.fixed.is_none() {
                    known.fixed.clone_from(&finding.fixed);
                }
                on.insert(nth);
            }
        }
        let mut judged: Vec<_> = found
            .into_iter()
            .map(|(finding, on)| {
                let only_on = if on.len() == reports.len() {
                    Vec::new()
                } else {
                    on.iter()
                        .filter_map(|nth| reports[*nth].platform.clone())
                        .collect()
                };
                let exploited = is_exploited(&finding, exceptions.exploited);
                let standing = self.standing(&finding, exploited, evidence, exceptions, now);
                Judged {
                    finding,
                    only_on,
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
        evidence: &ScanEvidence,
        exceptions: &Exceptions<'_>,
        now: Timestamp,
    ) -> Standing {
        let subject = VexSubject {
            digest: &evidence.digest,
            repositories: exceptions.repositories,
        };
        let of_it = |waiver: &&Waiver| waiver.holds_in(exceptions.environment) && waiver.names(finding);
        let mut waivers = exceptions.waivers.iter().filter(of_it);
        if let Some(waiver) = waivers.clone().find(|waiver| !waiver.is_expired(now)) {
            return Standing::Suppressed {
                by: Suppression::Waiver {
                    reason: waiver.reason.clone(),
                    owner: waiver.owner.clone(),
                    expires: waiver.expires,
                },
            };
        }
        if let Some(statement) = vex::newest(exceptions.vex, finding, &subject)
            && statement.status.clears()
        {
            return Standing::Suppressed {
                by: Suppression::Vex {
                    status: statement.status.word().to_owned(),
                    why: statement.why.clone(),
                    document: statement.document.clone(),
                },
            };
        }
        if exploited {
            // Whatever the limits say.
        } else if self.fail_on.get(finding.severity).is_none() {
            return Standing::Passes {
                why: format!("no limit for {}", finding.severity),
            };
        } else if self.fixable_only && finding.fixed.is_none() {
            return Standing::Passes {
                why: "no fix yet".to_owned(),
            };
        }
        Standing::Counts {
            waived_until: waivers.next().map(|waiver| waiver.expires),
        }
    }

    /// A sentence for each severity of which there are more findings than are accepted.
    fn over_the_limits(&self, findings: &[Judged]) -> Vec<String> {
        let fix = if self.fixable_only { " with a fix" } else { "" };
        let mut over = Vec::new();
        for severity in Severity::ALL {
            let of_it: Vec<_> = findings
                .iter()
                .filter(|judged| judged.finding.severity == severity && judged.counts())
                // One without a fix counts only because it is exploited, which is said apart.
                .filter(|judged| !self.fixable_only || judged.finding.fixed.is_some())
                .collect();
            let limit = self.fail_on.get(severity);
            let Some(limit) = limit.filter(|limit| of_it.len() as u64 > *limit) else {
                continue;
            };
            over.push(format!(
                "{}{fix}, {limit} allowed: {}",
                count(of_it.len(), &format!("{severity} finding")),
                examples(&of_it)
            ));
        }
        over
    }

    /// A sentence for each operating system that is out of support, unless that is accepted.
    fn out_of_support(&self, evidence: &ScanEvidence) -> Vec<String> {
        if self.end_of_life == Rule::Allow {
            return Vec::new();
        }
        let reports = evidence
            .reports
            .iter()
            .filter(|report| !self.leaves_out(report.platform.as_ref()));
        let systems: BTreeSet<_> = reports
            .filter_map(|report| report.end_of_life.as_deref())
            .collect();
        systems
            .into_iter()
            .map(|system| {
                format!(
                    "{system} is out of support, so that nobody looks for its vulnerabilities any more: build on a \
                     newer base"
                )
            })
            .collect()
    }
}

/// A sentence on findings that are known to be exploited, if there are any.
fn exploited(findings: &[Judged]) -> Vec<String> {
    let of_them: Vec<_> = findings
        .iter()
        .filter(|judged| judged.exploited && judged.counts())
        .collect();
    if of_them.is_empty() {
        return Vec::new();
    }
    let are = if of_them.len() == 1 { "is" } else { "are" };
    vec![format!(
        "{} {are} known to be exploited, and none is allowed: {}",
        count(of_them.len(), "finding"),
        examples(&of_them)
    )]
}

fn is_exploited(finding: &Finding, known: &BTreeSet<String>) -> bool {
    !known.is_empty()
        && (known.contains(&finding.id.to_uppercase())
            || finding
                .aliases
                .iter()
                .any(|alias| known.contains(&alias.to_uppercase())))
}

/// The first few by name, and how many more there are.
fn examples(findings: &[&Judged]) -> String {
    let named: Vec<_> = findings
        .iter()
        .take(EXAMPLES)
        .map(|judged| named(judged))
        .collect();
    let more = match findings.len().saturating_sub(EXAMPLES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

/// A finding as a refusal names it.
fn named(judged: &Judged) -> String {
    match judged.standing {
        Standing::Counts {
            waived_until: Some(day),
        } => format!("{}, whose waiver ended on {day}", judged.finding),
        _ => judged.finding.to_string(),
    }
}

/// What was found, where it is accepted.
fn found(judgement: &Judgement) -> String {
    let open = judgement.open();
    let mut words = if open.worst().is_none() {
        open.to_string()
    } else {
        format!("{open}, within the limits")
    };
    if judgement.suppressed() > 0 {
        words = format!("{words}, {} waived", judgement.suppressed());
    }
    words
}
