//! Promotion: lifting a candidate's digest, with its referrers, to the next environment.

mod deployed_in_source;
mod downgrade;
mod fixes;
mod gates;
mod plan;
mod steps;
mod way;

pub(super) use gates::{evaluate, revision_gate};
pub(super) use plan::{plan, preview};
pub(super) use steps::step;
pub(super) use way::{Request, unless_said};
