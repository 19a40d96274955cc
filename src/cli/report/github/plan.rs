//! A plan in a workflow: in the summary of its job, where those who approve read it, and as outputs for the next job.

use std::io;

use super::workflow;
use crate::domain::Plan;

/// Adds `text`, a plan as people read it, to the summary of the job, and sets the outputs `plan` (the hash), `allowed` and
/// `digest` of the step.
pub fn tell_of_plan(plan: &Plan, text: &str) -> io::Result<()> {
    // Longer than any row of backticks that a name in the plan may have.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    workflow::add_to_summary(&format!(
        "### {}\n\n{fence}text\n{text}{fence}\n",
        plan.operation.title()
    ))?;
    let digest = plan.digest.as_ref().map(ToString::to_string).unwrap_or_default();
    workflow::set_outputs(&[
        ("plan", plan.hash().as_str()),
        ("allowed", if plan.allowed() { "true" } else { "false" }),
        ("digest", &digest),
        ("idle", if plan.operation.is_idle() { "true" } else { "false" }),
    ])
}
