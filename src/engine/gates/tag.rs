//! Whether the tag of a release is available; none where it has no version.

use super::{Answer, Evaluate, GateRule, Moment, ReleaseQuestion, RuleKind};
use crate::domain::{Gate, GateKind, ReleaseKind, Verdict};
use crate::engine::Engine;
use crate::engine::remote_state::{Line, Upstream};
use crate::git::TagAt;

pub(super) const RULE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Tag),
    applies: |_, moment| moment == Moment::Finish,
    evaluate: Evaluate::Release(|question| Box::pin(evaluate(question))),
};

async fn evaluate(question: &ReleaseQuestion<'_>) -> Option<Answer> {
    let (engine, upstream, line) = (question.engine, question.upstream, question.line);
    let name = upstream.released.name_of(line.values.version.as_ref()?);
    let here = name.clone();
    let verdict = match engine.git(move |repository| repository.tag(&here)).await {
        Ok(here) => tag(engine, upstream, line, &name, here.as_ref()),
        Err(error) => Verdict::Unknown(error.brief()),
    };
    Some(Gate::new(GateKind::Tag, verdict).into())
}

/// What a tag says that is here and not at the remote: it would be pushed as it is.
fn only_here(line: &Line, name: &str, here: Option<&TagAt>) -> Option<Verdict> {
    let here = here?;
    Some(if here.commit != line.head {
        Verdict::Refused(format!(
            "the local tag {name} is at {}, not at the head {}; remove it with `git tag -d {name}`",
            here.commit.short(),
            line.head.short()
        ))
    } else if here.object.as_str() == here.commit.as_str() {
        Verdict::Refused(format!(
            "the local tag {name} is lightweight (no author, date or notes); remove it with `git tag -d \
             {name}` to have an annotated one created"
        ))
    } else {
        Verdict::Allowed(format!(
            "the local annotated tag {name} already exists and is pushed as it is"
        ))
    })
}

fn tag(engine: &Engine, upstream: &Upstream, line: &Line, name: &str, here: Option<&TagAt>) -> Verdict {
    let remote = &engine.config().git.remote;
    match upstream.view.tags.get(name) {
        None => only_here(line, name, here)
            .unwrap_or_else(|| Verdict::Allowed(format!("{name} does not exist on {remote}"))),
        Some(at) if at.commit == line.head => {
            Verdict::Allowed(format!("{name} already exists on {remote}, at this commit"))
        }
        Some(at) => Verdict::Refused(format!(
            "{name} already exists on {remote}, at {}, and a tag never moves{}",
            at.commit.short(),
            match line.kind {
                ReleaseKind::Release => ": later commits belong to the next version",
                ReleaseKind::Hotfix => "",
            }
        )),
    }
}
