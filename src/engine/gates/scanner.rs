//! Whether there is a scanner for what is built.

use super::{Answer, BuildQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::domain::{Gate, GateKind, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Scanner),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &BuildQuestion<'_>) -> Option<Answer> {
    // Where nothing is left to build, nothing is scanned.
    question.builder?;
    let engine = question.engine;
    let verdict = engine.trivy().context().await.scanner.map_or_else(
        || {
            let program = engine.config().scanner.trivy.display();
            Verdict::Refused(format!(
                "cannot find the scanner `{program}`; images are pushed only with an SBOM and a scan report: \
                 install Trivy (https://trivy.dev), or set its path in [scanner] of windlass.toml"
            ))
        },
        Verdict::Allowed,
    );
    Some(Gate::new(GateKind::Scanner, verdict).into())
}
