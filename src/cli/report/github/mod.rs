//! What GitHub Actions shows: annotations, and the summary of the job.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

mod check;
mod run;

use std::io;

pub use run::RunAnnotations;

use crate::engine::CheckReport;

/// GitHub keeps ten errors and ten warnings of each step, and says nothing of the rest.
const MOST: usize = 10;

/// Whether this runs in a workflow.
pub fn is_here() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// The workflow commands that annotate what a check found, one a line.
pub fn annotations(report: &CheckReport) -> Vec<String> {
    check::annotations(report)
}

/// Adds the summary of a check to that of the job.
pub fn summarise(report: &CheckReport) -> io::Result<()> {
    add_to_summary(&check::summary(report))
}

/// Adds Markdown to the file that GitHub names for the summary of the job, if it names one.
fn add_to_summary(text: &str) -> io::Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// The text of a command, with what would end it written in another way.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A cell of a table, in which nothing is markup.
fn cell(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}
