//! Promotion: lifting a candidate's digest, with its referrers, to the next environment.

mod gates;
mod plan;
mod promotion_path;
mod steps;

pub(in crate::engine) use plan::{plan, preview};
pub(in crate::engine) use promotion_path::{PromotionPath, Request};
pub(in crate::engine) use steps::step;
