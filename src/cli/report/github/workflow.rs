//! Workflow commands and the summary of a job, in the forms that GitHub reads.

use std::io;

/// GitHub keeps ten errors and ten warnings of each step, and says nothing of the rest.
pub(super) const MOST: usize = 10;

/// Adds Markdown to the file that GitHub names for the summary of the job, if it names one.
pub(super) fn add_to_summary(text: &str) -> io::Result<()> {
    append("GITHUB_STEP_SUMMARY", text)
}

/// Sets the outputs of the step that this program is called in, if it is one: a name and a value of one line each.
pub(super) fn set_outputs(outputs: &[(&str, &str)]) -> io::Result<()> {
    let mut lines = String::new();
    for (name, value) in outputs {
        lines.extend([name, "=", value, "\n"]);
    }
    append("GITHUB_OUTPUT", &lines)
}

/// Adds to the file that GitHub names in `variable`, if it names one.
fn append(variable: &str, text: &str) -> io::Result<()> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

/// The text of a command, with what would end it written in another way.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A cell of a table, in which nothing is markup.
pub(super) fn cell(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}
