//! Whether this machine can run programs of the platforms that are built for.

use std::future::ready;

use super::{Answer, BuildQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::build::{BuilderKind, Emulator, emulator};
use crate::config::Emulation;
use crate::domain::{Gate, GateKind, Platform, Verdict};

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Emulation),
    applies: |_, moment| moment == Moment::Build,
    evaluate: Evaluate::Build(|question| Box::pin(ready(evaluate(question)))),
};

fn evaluate(question: &BuildQuestion<'_>) -> Option<Answer> {
    let settings = &question.engine.config().build;
    // buildx builds elsewhere, where other emulators may be: it says itself what it cannot do.
    let elsewhere = matches!(question.builder?, Ok(builder) if builder.name() == BuilderKind::Buildx.name());
    let is_required = settings.emulation == Emulation::Required && !elsewhere;
    is_required.then(|| Gate::new(GateKind::Emulation, emulation(&settings.platforms)).into())
}

fn emulation(platforms: &[Platform]) -> Verdict {
    let (mut by, mut missing) = (Vec::new(), Vec::new());
    for platform in platforms {
        match emulator(platform) {
            Emulator::Native => {}
            Emulator::Registered(name) => by.push(format!("{platform} with {name}")),
            Emulator::None => missing.push(platform.to_string()),
        }
    }
    if !missing.is_empty() {
        return Verdict::Refused(format!(
            "this machine cannot run {} programs: install qemu-user-static and binfmt-support (Debian), or set \
             `emulation = \"unneeded\"` in [build] if the Dockerfile runs nothing for that platform",
            missing.join(", ")
        ));
    }
    Verdict::Allowed(if by.is_empty() {
        "not required".to_owned()
    } else {
        by.join(", ")
    })
}
