//! The rules of a policy, applied to findings: how many of each kind and severity are accepted, what is known to be
//! exploited, what is out of support.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Exceptions, Judged, Judgement, Standing};
use crate::domain::{Counts, FindingKind, Rule, ScanEvidence, ScanPolicy, Severity, Verdict, count, first};

/// How many findings of a severity a refusal names.
const EXAMPLES: usize = 3;

impl ScanPolicy {
    /// Judges `evidence` at the time `now`. What is not known is not assumed, and every reason is given, not only the
    /// first.
    pub fn judge(&self, evidence: &ScanEvidence, exceptions: &Exceptions<'_>, now: Timestamp) -> Judgement {
        let findings = self.judged(evidence, exceptions, now);
        let (mut doubts, how_old) = self.doubts(evidence, now);
        let mut reasons = exploited(&findings);
        for kind in FindingKind::ALL {
            reasons.append(&mut self.over_the_limits(kind, &findings));
        }
        reasons.append(&mut self.out_of_support(evidence));
        let notes = self.notes(evidence, &findings, exceptions, now);
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
            let has_examined = self.asked(evidence).all(crate::domain::ScanReport::has_examined);
            let words = [found(&judgement, has_examined), how_old];
            Verdict::Allowed(words.join("; "))
        };
        judgement
    }

    /// A sentence for each severity of which there are more findings of `kind` than are accepted.
    fn over_the_limits(&self, kind: FindingKind, findings: &[Judged]) -> Vec<String> {
        // Nobody fixes a secret in a later version.
        let fixable_only = self.fixable_only && kind == FindingKind::Vulnerability;
        let fix = if fixable_only { " with a fix" } else { "" };
        let limits = self.limits(kind);
        let mut over = Vec::new();
        for severity in Severity::ALL {
            let Some(limit) = limits.get(severity) else {
                continue;
            };
            let of_it: Vec<_> = findings
                .iter()
                .filter(|judged| judged.finding.kind == kind && judged.finding.severity == severity)
                .filter(|judged| judged.counts())
                // One without a fix counts only because it is exploited, which is said apart.
                .filter(|judged| !fixable_only || judged.finding.fixed.is_some())
                .collect();
            if of_it.len() as u64 > limit {
                over.push(format!(
                    "{}{fix}, {limit} allowed: {}",
                    count(of_it.len(), &format!("{severity} {}", kind.word())),
                    examples(&of_it)
                ));
            }
        }
        over
    }

    /// A sentence for each operating system that is out of support, unless that is accepted.
    fn out_of_support(&self, evidence: &ScanEvidence) -> Vec<String> {
        if self.end_of_life == Rule::Allow {
            return Vec::new();
        }
        let systems: BTreeSet<_> = self
            .asked(evidence)
            .filter_map(|report| report.end_of_life.as_deref())
            .collect();
        systems
            .into_iter()
            .map(|system| {
                format!(
                    "{system} is out of support and gets no vulnerability data any more: use a newer base image"
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
        "{} {are} known to be exploited; none is allowed: {}",
        count(of_them.len(), "finding"),
        examples(&of_them)
    )]
}

/// The first few by name, and how many more there are.
fn examples(findings: &[&Judged]) -> String {
    first(findings.iter().map(|judged| named(judged)), EXAMPLES)
}

/// A finding as a refusal names it.
fn named(judged: &Judged) -> String {
    match judged.standing {
        Standing::Counts {
            waived_until: Some(day),
        } => format!("{}, whose waiver expired on {day}", judged.finding),
        _ => judged.finding.to_string(),
    }
}

/// What was found, where it is accepted. "Clean" is said only of what was examined.
fn found(judgement: &Judgement, has_examined: bool) -> String {
    let open: Vec<(FindingKind, Counts)> = FindingKind::ALL
        .into_iter()
        .map(|kind| (kind, judgement.open_of(kind)))
        .filter(|(_, counts)| counts.worst().is_some())
        .collect();
    let mut words = if open.is_empty() {
        if has_examined {
            "clean"
        } else {
            "nothing was examined"
        }
        .to_owned()
    } else {
        let of_kind = |(kind, counts): &(FindingKind, Counts)| match kind {
            FindingKind::Vulnerability => counts.to_string(),
            kind => format!("{}s: {counts}", kind.word()),
        };
        let open: Vec<_> = open.iter().map(of_kind).collect();
        format!("{}, within the limits", open.join(", "))
    };
    if judgement.suppressed() > 0 {
        words = format!("{words}, {} waived", judgement.suppressed());
    }
    words
}
