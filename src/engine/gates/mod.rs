//! Gates: one file for each rule, and the one table that says when it is asked. A gate is added by a file here, a line in
//! the table, and its kind in [`GateKind`].

mod branch_exists;
mod checks;
mod complete;
mod deployed;
mod deployed_in_source;
mod develop;
mod downgrade;
mod fixes;
mod hotfix;
mod image;
mod main;
mod moment;
mod overrides;
mod pin;
mod question;
mod release;
mod revision;
mod rule;
mod rules;
mod scan;
mod short_sha;
mod signature;
mod soak;
mod version;

use futures_util::future::join_all;

use crate::domain::{Gate, GateRecord};
use crate::engine::exception::SkippedGate;
use crate::scan::FreshScan;

pub(super) use complete::verdict as complete;
pub(super) use deployed::deployed;
pub(super) use moment::Moment;
pub(super) use overrides::accept_findings;
pub(super) use pin::{lifting, replacing};
pub(super) use question::{BranchQuestion, CandidateQuestion, HotfixBase, PromotionQuestion, Question};
use rule::GateRule;
use rule::{Answer, Evaluate};
pub(super) use scan::of_digest as scan_of_digest;
pub(super) use signature::verify as signature_of_digest;
pub(super) use version::{lines, local};

/// Every gate, in the order in which people see them.
static GATES: &[GateRule] = &[
    deployed::RULE,
    main::RULE,
    version::OF_HOTFIX,
    image::RULE,
    complete::AT_SOURCE,
    revision::RULE,
    scan::RULE,
    signature::RULE,
    complete::COPYABLE,
    pin::RULE,
    release::RULE,
    deployed_in_source::RULE,
    soak::RULE,
    downgrade::RULE,
    fixes::RULE,
    hotfix::RULE,
    short_sha::RULE,
    branch_exists::HERE,
    branch_exists::REMOTE,
    checks::RULE,
    rules::RULE,
    develop::RULE,
    version::OF_RELEASE,
];

/// What all gates of a moment said.
pub(super) struct Evaluation {
    /// Every gate with its verdict.
    pub(super) gates: Vec<Gate>,
    /// What the scan gate's verdict rests on, where there is a scan gate and evidence.
    pub(super) record: Option<GateRecord>,
    /// The scan that was made for it, if one was.
    pub(super) fresh: Option<FreshScan>,
    /// What was overridden or skipped.
    pub(super) skipped: Vec<SkippedGate>,
}

/// Asks every gate that applies, all at once, and lets pass what is overridden.
pub(super) async fn ask(question: &Question<'_>) -> Evaluation {
    let asking = GATES
        .iter()
        .filter(|rule| (rule.applies)(&question.settings, question.moment))
        .filter_map(|rule| {
            tracing::debug!(gate = %rule.kind, moment = ?question.moment, "asking");
            match rule.evaluate {
                Evaluate::Candidate(evaluate) => question.candidate.as_ref().map(evaluate),
                Evaluate::Promotion(evaluate) => question.promotion.as_ref().map(evaluate),
                Evaluate::Branch(evaluate) => question.branch.as_ref().map(evaluate),
            }
        });
    let mut evaluation = Evaluation {
        gates: Vec::new(),
        record: None,
        fresh: None,
        skipped: Vec::new(),
    };
    for answer in join_all(asking).await.into_iter().flatten() {
        evaluation.gates.push(answer.gate);
        evaluation.record = evaluation.record.or(answer.record);
        evaluation.fresh = evaluation.fresh.or(answer.fresh);
    }
    evaluation.skipped = overrides::apply(&mut evaluation.gates, question.reason, question.hotfix);
    evaluation
}

#[cfg(test)]
mod tests {
    use super::question::Settings;
    use super::*;
    use crate::config::{CheckRule, EnvironmentSettings};
    use crate::domain::GateKind;

    /// The kinds that are asked at a moment, in order, where every setting asks for its gate.
    fn asked(moment: Moment) -> Vec<String> {
        let full = question::tests::every_setting();
        let settings = question::tests::settings_of(&full);
        let rules = GATES.iter().filter(|rule| (rule.applies)(&settings, moment));
        rules.map(|rule| rule.kind.to_string()).collect()
    }

    #[test]
    fn each_moment_asks_its_own_gates_in_the_order_of_the_table() {
        assert_eq!(
            asked(Moment::Cut).join(", "),
            "image, complete, revision, scan, signature, short sha, here, remote, checks, rules, develop, version"
        );
        assert_eq!(
            asked(Moment::Hotfix).join(", "),
            "deployed, main, version, short sha, here, remote, checks, rules"
        );
        assert_eq!(asked(Moment::Unpin).join(", "), "revision, scan, signature, soak");
        for moment in [Moment::Preview, Moment::Plan, Moment::Run] {
            assert_eq!(
                asked(moment).join(", "),
                "revision, scan, signature, complete, pin, release, deployed-in-source, soak, downgrade, fixes, hotfix",
                "{moment:?}"
            );
        }
    }

    #[test]
    fn every_kind_has_a_rule_unless_its_operation_asks_it_alone() {
        // Of a rollback, a finish, a build, a review and an unlock: each belongs to one operation.
        let of_one_operation = [
            GateKind::History,
            GateKind::Candidate,
            GateKind::Name,
            GateKind::Fix,
            GateKind::Tag,
            GateKind::Exception,
            GateKind::Tree,
            GateKind::Builder,
            GateKind::Emulation,
            GateKind::Scanner,
            GateKind::Commit,
            GateKind::Branch,
            GateKind::Lock,
        ];
        for kind in GateKind::ALL {
            let has_rule = GATES.iter().any(|rule| rule.kind == *kind);
            assert_ne!(has_rule, of_one_operation.contains(kind), "{kind}");
        }
    }

    #[test]
    fn what_no_setting_asks_for_is_not_asked() {
        let none = EnvironmentSettings::default();
        let settings = Settings {
            source: &none,
            target: Some(&none),
            source_receives_builds: true,
            is_production: false,
            is_hotfix: false,
            checks: CheckRule::Off,
        };
        let rules = GATES
            .iter()
            .filter(|rule| (rule.applies)(&settings, Moment::Plan));
        let kinds: Vec<_> = rules.map(|rule| rule.kind.to_string()).collect();
        assert_eq!(kinds.join(", "), "revision, complete, pin, release, downgrade");
    }
}
