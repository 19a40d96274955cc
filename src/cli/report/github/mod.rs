//! What GitHub Actions shows: annotations, and the summary of the job.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

mod check;
mod plan;
mod run;
mod workflow;

use std::io;

pub use plan::tell_of_plan;
pub use run::RunAnnotations;

use super::reporter::Reporter as _;
use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::engine::{CheckReport, Event};

/// Whether this runs in a workflow.
pub fn is_here() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Tells of a run that has ended.
pub fn tell_of(events: &[Event], io: &mut Output) -> Result<(), Failure> {
    let mut annotations = RunAnnotations::default();
    events.iter().try_for_each(|event| annotations.show(event, io))
}

/// The workflow commands that annotate what a check found, one a line.
pub fn annotations(report: &CheckReport) -> Vec<String> {
    check::annotations(report)
}

/// Adds the summary of a check to that of the job.
pub fn summarise(report: &CheckReport) -> io::Result<()> {
    workflow::add_to_summary(&check::summary(report))
}
