//! The gates of a promotion.

use super::promotion_path::PromotionPath;
use crate::engine::Engine;
use crate::engine::candidate::Candidate;
use crate::engine::error::EngineError;
use crate::engine::gates::{self, Evaluation, Moment, Question};

/// Asks every gate of a promotion on its path.
pub(super) async fn ask(
    path: &PromotionPath<'_>,
    engine: &Engine,
    candidate: &Candidate,
    moment: Moment,
) -> Result<Evaluation, EngineError> {
    let question = Question::of_promotion(engine, candidate, path, moment)?;
    // On the heap: the stack of a plan is deep already.
    Ok(Box::pin(gates::ask(&question)).await)
}
