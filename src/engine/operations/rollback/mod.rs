//! Rollback: an environment goes back to a digest that ran there before, and is held at it. Nothing is copied: what ran
//! there is there, or the rollback is refused.

mod past;
mod plan;
mod record;
mod steps;

pub use past::{Earlier, Past};
pub use plan::RollbackRequest;
