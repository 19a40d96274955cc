//! The gates of the end of a release: of itself, and of each branch that it goes into.

use super::targets::Target;
use crate::domain::{Gate, Release};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, MergeQuestion, Moment, Question, ReleaseQuestion, Subject};
use crate::engine::remote_state::{Line, Upstream};

/// Asks them all.
pub(super) async fn ask(
    engine: &Engine,
    upstream: &Upstream,
    line: &Line,
    release: &Release,
    targets: &[Target],
) -> Result<Vec<Gate>, EngineError> {
    let of_itself = ReleaseQuestion {
        engine,
        upstream,
        line,
        release,
    };
    let merges = targets.iter().map(|target| {
        Subject::from(MergeQuestion {
            engine,
            from: &line.branch,
            into: &target.ending.branch,
            merging: &target.merging,
        })
    });
    let subjects = std::iter::once(of_itself.into()).chain(merges).collect();
    let entrance = engine.config().graph.entrance();
    let question = Question::of_environment(engine, entrance, Moment::Finish, subjects)?;
    Ok(gates::ask(&question).await.gates)
}
