//! Where promotions to an environment run.

use super::section::Section;
use super::{ConfigError, WorkflowSettings, keys};
use crate::domain::WorkflowFileError;

/// The workflow that promotions run in, where `runner = "github"`.
pub(super) fn runner(section: &Section<'_>) -> Result<Option<WorkflowSettings>, ConfigError> {
    let is_github = match section.get("runner") {
        None => false,
        Some(value) => value.choice(&[("here", false), ("github", true)])?,
    };
    let details = section.get("github");
    if !is_github {
        return match details {
            Some(value) => Err(value.mistake("requires `runner = \"github\"`")),
            None => Ok(None),
        };
    }
    if section.get("from").is_none() {
        let runner = section.require("runner")?;
        return Err(runner.mistake("applies to promotions, and this environment receives builds"));
    }
    let details = details.map(|value| value.section(keys::RUNNER)).transpose()?;
    let get = |key| details.as_ref().and_then(|details| details.get(key));
    let name = section.require("name")?.text()?;
    let file = |key, usual: &str| match get(key) {
        Some(value) => value.parse(),
        None => usual
            .parse()
            .map_err(|error: WorkflowFileError| section.mistake(error.to_string())),
    };
    Ok(Some(WorkflowSettings {
        workflow: file("workflow", &format!("promote-{name}.yml"))?,
        hotfix: file("hotfix", "hotfix.yml")?,
        branch: get("ref").map(|value| value.parse()).transpose()?,
    }))
}
