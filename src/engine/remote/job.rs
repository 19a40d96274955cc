//! Whether this process is a job of the workflow that a plan names, by the variables that GitHub sets and no job can set:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>; Gitea sets fewer.

use crate::domain::{Plan, WorkflowTarget, clean_line};
use crate::engine::error::EngineError;

/// The workflow that is to carry out `plan`; none where this process does, also as a job of that workflow.
pub(in crate::engine) fn dispatched(plan: &Plan) -> Result<Option<&WorkflowTarget>, EngineError> {
    match plan.operation.runner() {
        Some(target) if !is_of(target, |name| std::env::var(name).ok())? => Ok(Some(target)),
        _ => Ok(None),
    }
}

/// Whether it is; an error where somebody began that workflow from another branch.
fn is_of(target: &WorkflowTarget, variable: impl Fn(&str) -> Option<String>) -> Result<bool, EngineError> {
    if variable("GITHUB_ACTIONS").as_deref() != Some("true") {
        return Ok(false);
    }
    // `acme/app/.github/workflows/promote-prod.yml@refs/heads/develop`
    let named = variable("GITHUB_WORKFLOW_REF")
        .or_else(|| on_gitea(&variable))
        .unwrap_or_default();
    let (path, reference) = named.split_once('@').unwrap_or((&named, ""));
    let planned = format!("{}/.github/workflows/{}", target.repository, target.workflow);
    if !path.eq_ignore_ascii_case(&planned) {
        return Ok(false);
    }
    // What else begins the workflow, as a push, is its own affair; whoever begins it by hand chooses the branch.
    let by_hand = variable("GITHUB_EVENT_NAME").as_deref() == Some("workflow_dispatch");
    if reference == target.branch.reference() || !by_hand {
        return Ok(true);
    }
    Err(EngineError::OtherWorkflowRef {
        workflow: target.workflow.to_string(),
        found: clean_line(reference),
        planned: target.branch.to_string(),
    })
}

/// The same in a job of Gitea, which has the parts of it only: there `GITHUB_WORKFLOW` is the file of the workflow.
fn on_gitea(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    if variable("GITEA_ACTIONS").as_deref() != Some("true") {
        return None;
    }
    let (repository, file) = (variable("GITHUB_REPOSITORY")?, variable("GITHUB_WORKFLOW")?);
    let reference = variable("GITHUB_REF")?;
    Some(format!("{repository}/.github/workflows/{file}@{reference}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_job(actions: &str, reference: &str) -> Result<bool, EngineError> {
        let target = WorkflowTarget {
            repository: "acme/app".parse().unwrap(),
            workflow: "promote-prod.yml".parse().unwrap(),
            branch: "develop".parse().unwrap(),
        };
        is_of(&target, |name| {
            Some(match name {
                "GITHUB_ACTIONS" => actions.to_owned(),
                "GITHUB_EVENT_NAME" if reference.ends_with("/release") => "push".to_owned(),
                "GITHUB_EVENT_NAME" => "workflow_dispatch".to_owned(),
                "GITHUB_WORKFLOW_REF" => reference.to_owned(),
                _ => return None,
            })
        })
    }

    #[test]
    fn only_a_job_of_the_workflow_that_the_plan_names_runs_the_plan_itself() {
        let own = "Acme/App/.github/workflows/promote-prod.yml@refs/heads/develop";
        assert!(is_job("true", own).unwrap());
        assert!(!is_job("false", own).unwrap());
        let pushed = "acme/app/.github/workflows/promote-prod.yml@refs/heads/release";
        assert!(is_job("true", pushed).unwrap());
        for other in [
            "",
            "acme/app/.github/workflows/promote-stage.yml@refs/heads/develop",
            "evil/app/.github/workflows/promote-prod.yml@refs/heads/develop",
        ] {
            assert!(!is_job("true", other).unwrap(), "{other}");
        }
    }

    #[test]
    fn a_job_of_gitea_is_known_by_its_repository_workflow_and_branch() {
        let is_job = |changed: &[(&str, &str)]| {
            let target = WorkflowTarget {
                repository: "acme/app".parse().unwrap(),
                workflow: "promote-prod.yml".parse().unwrap(),
                branch: "develop".parse().unwrap(),
            };
            is_of(&target, |name| {
                let known = [
                    ("GITHUB_ACTIONS", "true"),
                    ("GITEA_ACTIONS", "true"),
                    ("GITHUB_EVENT_NAME", "workflow_dispatch"),
                    ("GITHUB_REPOSITORY", "Acme/App"),
                    ("GITHUB_WORKFLOW", "promote-prod.yml"),
                    ("GITHUB_REF", "refs/heads/develop"),
                ];
                let mut all = changed.iter().chain(&known);
                let (_, value) = all.find(|(key, _)| *key == name)?;
                Some((*value).to_owned())
            })
        };
        assert!(is_job(&[]).unwrap());
        assert!(!is_job(&[("GITEA_ACTIONS", "")]).unwrap());
        assert!(!is_job(&[("GITHUB_REPOSITORY", "evil/app")]).unwrap());
        assert!(!is_job(&[("GITHUB_WORKFLOW", "promote-stage.yml")]).unwrap());
        assert!(is_job(&[("GITHUB_REF", "refs/heads/mine")]).is_err());
    }

    #[test]
    fn a_workflow_that_somebody_began_from_another_branch_is_refused() {
        let error = is_job(
            "true",
            "acme/app/.github/workflows/promote-prod.yml@refs/heads/mine",
        );
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("from refs/heads/mine, not from develop"),
            "{error}"
        );
    }
}
