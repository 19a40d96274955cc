//! Promotion: lifting a candidate's digest, with its referrers, to the next environment.

mod plan;
mod promotion_path;
mod steps;

pub(super) use plan::{plan, preview};
pub(super) use promotion_path::{PromotionPath, Request};
pub(super) use steps::step;
