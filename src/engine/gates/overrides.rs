//! How gates are overridden: by a reason, by the hotfix path, or by accepting findings. What was overridden is shown, and kept
//! in the exception record.

use crate::config::HotfixSettings;
use crate::domain::{Clean, EnvironmentName, ExceptionKind, Gate, GateKind, Override, Verdict};
use crate::engine::exception::{SkippedGate, SkippedGates};

/// Lets pass what `reason` overrides and what the hotfix path skips, and returns what these gates said.
///
/// The reason of a hotfix says why it is one, not why a gate may be skipped: of the gates that the hotfix path can skip, only
/// those pass that the configuration names.
pub(super) fn apply(
    gates: &mut [Gate],
    reason: Option<&Clean>,
    hotfix: Option<&HotfixSettings>,
) -> Vec<SkippedGate> {
    let mut skipped = Vec::new();
    for gate in gates.iter_mut().filter(|gate| gate.can_be_overridden_by_reason()) {
        if hotfix.is_some() && gate.kind.skippable() {
            gate.way_out = None;
        } else if let Some(reason) = reason {
            let said = gate.verdict.reason().to_owned();
            gate.verdict = Verdict::Allowed(format!("{said}; because: {reason}"));
            gate.way_out = None;
            skipped.push(SkippedGate::new(&gate.kind, &said));
        }
    }
    if let Some(settings) = hotfix {
        let reason = reason.map_or("", Clean::as_str);
        for gate in gates {
            if !gate.verdict.allows() && settings.skip.contains(&gate.kind) {
                skipped.push(pass(gate, &format!("skipped by the hotfix path ({reason})")));
            }
        }
    }
    skipped
}

/// Lets the gate pass for that reason, and returns what it said.
fn pass(gate: &mut Gate, why: &str) -> SkippedGate {
    let said = format!("{}: {}", gate.verdict.word(), gate.verdict.reason());
    gate.verdict = Verdict::Allowed(format!("{why}: was {said}"));
    SkippedGate::new(&gate.kind, &said)
}

/// Lets an emergency go on in spite of findings, and returns what was skipped; offers that where nobody asked for it.
pub(in crate::engine) fn accept_findings(
    gates: &mut [Gate],
    accepts: bool,
    environment: &EnvironmentName,
    reason: &Clean,
) -> Option<SkippedGates> {
    let is_it = |gate: &&mut Gate| gate.kind == GateKind::Scan && !gate.verdict.allows();
    let gate = gates.iter_mut().find(is_it)?;
    if !accepts {
        gate.way_out = Some(Override::AcceptFindings);
        return None;
    }
    Some(SkippedGates {
        kind: ExceptionKind::Findings,
        environment: environment.clone(),
        skipped: vec![pass(gate, &format!("accepted despite it ({reason})"))],
        environments: Vec::new(),
        reason: reason.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: GateKind) -> Gate {
        Gate::new(kind, Verdict::Refused("no".to_owned()))
    }

    fn by_reason(kind: GateKind) -> Gate {
        refused(kind).with_override(Override::Reason)
    }

    #[test]
    fn a_reason_lets_pass_only_what_a_reason_overrides() {
        let mut gates = [by_reason(GateKind::Fixes), refused(GateKind::Scan)];
        let reason = Clean::line("stage is down");
        assert!(apply(&mut gates, None, None).is_empty());
        assert_eq!(apply(&mut gates, Some(&reason), None).len(), 1);
        assert_eq!(gates[0].verdict.reason(), "no; because: stage is down");
        assert!(!gates[1].verdict.allows());
    }

    #[test]
    fn on_the_hotfix_path_only_the_configuration_skips_what_can_be_skipped() {
        let all = || {
            [
                by_reason(GateKind::Release),
                by_reason(GateKind::Fixes),
                refused(GateKind::Scan),
                refused(GateKind::Pin),
            ]
        };
        let allowed = |skip: Vec<GateKind>| {
            let (mut gates, reason) = (all(), Clean::line("payouts fail"));
            let from = "dev".parse().unwrap();
            let _ = apply(&mut gates, Some(&reason), Some(&HotfixSettings { from, skip }));
            gates.map(|gate| gate.verdict.allows())
        };
        assert_eq!(allowed(vec![]), [true, false, false, false]);
        assert_eq!(allowed(vec![GateKind::Scan]), [true, false, true, false]);
        assert_eq!(
            allowed(vec![GateKind::Scan, GateKind::Fixes]),
            [true, true, true, false]
        );
    }
}
