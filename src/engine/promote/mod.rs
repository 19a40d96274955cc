//! Promotion: lifting a candidate's digest, with its referrers, to the next environment.

mod deployed_in_source;
mod downgrade;
mod fixes;
mod gates;
mod plan;
mod promotion_path;
mod steps;

pub(super) use gates::{evaluate, revision_gate};
pub(super) use plan::{plan, preview};
pub(super) use promotion_path::{Request, unless_said};
pub(super) use steps::step;
