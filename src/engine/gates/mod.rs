//! Gates: one file for each rule, and the one table that says when it is asked. A gate is added by a file here, a line in
//! the table, and its kind in [`GateKind`].

mod age;
mod answer;
mod approvals;
mod branch_exists;
mod builder;
mod candidate;
mod checked_out;
mod checks;
mod complete;
mod deployed;
mod deployed_in_source;
mod develop;
mod downgrade;
mod emulation;
mod evaluate;
mod exception;
mod fix;
mod fixes;
mod freeze;
mod halt;
mod history;
mod hotfix;
mod image;
mod into;
mod lock;
mod main;
mod moment;
mod name;
mod overrides;
mod pin;
mod question;
mod release;
mod revision;
mod rule;
mod rules;
mod scan;
mod scanner;
mod settings;
mod short_sha;
mod signature;
mod soak;
mod state;
mod subjects;
mod tag;
mod tree;
mod verifiers;
mod version;

use futures_util::future::join_all;

use crate::domain::{Gate, GateRecord, RecordedApproval};
use crate::engine::exception::SkippedGate;
use crate::scan::FreshScan;

use answer::Answer;
use evaluate::Evaluate;
pub(super) use evaluate::Subject;
pub(super) use moment::Moment;
pub(super) use overrides::accept_findings;
pub(super) use question::Question;
use rule::{GateRule, RuleKind};
pub(super) use subjects::{
    BranchQuestion, BuildQuestion, CandidateQuestion, CheckoutQuestion, DigestQuestion, EarlierQuestion,
    HotfixBase, LockQuestion, MergeQuestion, PinQuestion, PresentQuestion, PromotionQuestion,
    ReleaseQuestion, ReviewQuestion, StateQuestion,
};
pub(super) use version::{lines, local};

/// Every gate, in the order in which people see them.
static GATES: &[GateRule] = &[
    deployed::OF_HOTFIX,
    main::RULE,
    version::OF_HOTFIX,
    image::OF_COMMIT,
    complete::AT_SOURCE,
    revision::RULE,
    scan::OF_CANDIDATE,
    signature::OF_CANDIDATE,
    verifiers::RULE,
    complete::COPYABLE,
    pin::OF_PROMOTION,
    release::OF_PROMOTION,
    deployed_in_source::RULE,
    soak::RULE,
    approvals::RULE,
    halt::RULE,
    age::RULE,
    freeze::RULE,
    downgrade::RULE,
    fixes::RULE,
    hotfix::RULE,
    short_sha::OF_BRANCH,
    branch_exists::HERE,
    branch_exists::REMOTE,
    checks::RULE,
    rules::RULE,
    develop::RULE,
    version::OF_RELEASE,
    checked_out::COMMIT,
    checked_out::BRANCH,
    tree::RULE,
    short_sha::OF_TAG,
    release::OF_BUILD,
    image::BUILT,
    builder::RULE,
    emulation::RULE,
    scanner::RULE,
    candidate::RULE,
    name::RULE,
    fix::RULE,
    tag::RULE,
    into::RULE,
    complete::IN_PLACE,
    signature::IN_PLACE,
    scan::IN_PLACE,
    history::RULE,
    deployed::OF_PIN,
    pin::REPLACING,
    pin::LIFTING,
    exception::RULE,
    lock::RULE,
    state::RULE,
];

/// What all gates of a moment said.
pub(super) struct Evaluation {
    /// Every gate with its verdict.
    pub(super) gates: Vec<Gate>,
    /// What the scan gate's verdict rests on, where there is a scan gate and evidence.
    pub(super) record: Option<GateRecord>,
    /// The scan that was made for it, if one was.
    pub(super) fresh: Option<FreshScan>,
    /// The approvals that counted.
    pub(super) approvals: Vec<RecordedApproval>,
    /// What was overridden or skipped.
    pub(super) skipped: Vec<SkippedGate>,
}

/// Asks every gate that applies, all at once, and lets pass what is overridden.
pub(super) async fn ask(question: &Question<'_>) -> Evaluation {
    let asking = GATES
        .iter()
        .filter(|rule| (rule.applies)(&question.settings, question.moment))
        .flat_map(|rule| {
            tracing::debug!(gate = %rule.kind, moment = ?question.moment, "asking");
            question
                .subjects
                .iter()
                .filter_map(|subject| rule.evaluate.ask(subject))
        });
    let mut evaluation = Evaluation {
        gates: Vec::new(),
        record: None,
        fresh: None,
        approvals: Vec::new(),
        skipped: Vec::new(),
    };
    for answer in join_all(asking).await.into_iter().flatten() {
        evaluation.gates.push(answer.gate);
        evaluation.record = evaluation.record.or(answer.record);
        evaluation.fresh = evaluation.fresh.or(answer.fresh);
        evaluation.approvals.extend(answer.approvals);
    }
    evaluation.skipped = overrides::apply(&mut evaluation.gates, question.reason, question.hotfix);
    evaluation
}

#[cfg(test)]
mod tests {
    use super::settings::Settings;
    use super::*;
    use crate::config::{CheckRule, EnvironmentSettings};
    use crate::domain::GateKind;

    /// The kinds that are asked at a moment, in order, where every setting asks for its gate.
    fn asked(moment: Moment) -> String {
        let full = settings::tests::every_setting();
        let settings = settings::tests::settings_of(&full);
        let rules = GATES.iter().filter(|rule| (rule.applies)(&settings, moment));
        let kinds: Vec<_> = rules.map(|rule| rule.kind.to_string()).collect();
        kinds.join(", ")
    }

    #[test]
    fn each_moment_asks_its_own_gates_in_the_order_of_the_table() {
        let promotion = "revision, scan, signature, verifiers, complete, pin, release, deployed-in-source, soak, approvals, halt, age, freeze, downgrade, fixes, hotfix";
        for moment in Moment::ALL {
            // A new moment does not compile until it stands here.
            let expected = match moment {
                Moment::Cut => {
                    "image, complete, revision, scan, signature, short sha, here, remote, checks, rules, develop, version"
                }
                Moment::Hotfix => "deployed, main, version, short sha, here, remote, checks, rules",
                Moment::Preview | Moment::Plan | Moment::Run => promotion,
                Moment::Build => "tree, short sha, release, image, builder, emulation, scanner",
                Moment::Checkout => "commit, branch",
                Moment::Finish => "candidate, name, fix, tag, into",
                Moment::Pin => "deployed, pin",
                Moment::PinRun => "deployed",
                Moment::Unpin => "pin",
                Moment::Next => "revision, scan, signature, verifiers, soak, approvals, age",
                Moment::Rollback => "complete, signature, scan, history, pin",
                Moment::RollbackRun => "complete, signature, scan",
                Moment::Review => "exception",
                Moment::Unlock => "lock",
                Moment::Gc => "state",
            };
            assert_eq!(asked(*moment), expected, "{moment:?}");
        }
    }

    #[test]
    fn every_kind_of_gate_has_a_rule_in_the_table() {
        let names: Vec<_> = GATES.iter().map(|rule| rule.kind.to_string()).collect();
        for kind in GateKind::ALL.iter().map(GateKind::name).chain(["into".into()]) {
            assert!(names.iter().any(|name| *name == kind), "{kind}");
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
        let asked = |moment| {
            let rules = GATES.iter().filter(|rule| (rule.applies)(&settings, moment));
            let kinds: Vec<_> = rules.map(|rule| rule.kind.to_string()).collect();
            kinds.join(", ")
        };
        assert_eq!(
            asked(Moment::Plan),
            "revision, complete, pin, release, halt, downgrade"
        );
        assert_eq!(asked(Moment::RollbackRun), "complete");
    }
}
