//! Promotion: lifting a candidate's digest, with its referrers, to the next environment.

mod gates;
mod plan;
mod promotion_path;
mod steps;

pub(in crate::engine) use plan::preview;
pub use promotion_path::PromoteRequest;
pub(in crate::engine) use promotion_path::PromotionPath;
