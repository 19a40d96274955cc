//! Beginning a run of a workflow, once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::WRITES;
use crate::domain::{WorkflowTarget, WriteAccess};
use crate::github::GitHub;
use crate::github::client::{Ask, Method};
use crate::github::error::GitHubError;
use crate::github::forge::Forge;

/// What is asked of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch<'a> {
    /// The workflow.
    pub target: &'a WorkflowTarget,
    /// Its inputs.
    pub inputs: BTreeMap<&'static str, String>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dispatched {
    /// GitHub began this run.
    Run(u64),
    /// GitHub took it, and did not say which run it begins.
    Unnamed,
    /// Nobody knows: the answer was lost, or came from something in between.
    Unknown(String),
}

#[derive(Debug, Serialize)]
struct Body<'a> {
    #[serde(rename = "ref")]
    branch: &'a str,
    inputs: &'a BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_run_details: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Details {
    workflow_run_id: Option<u64>,
}

impl GitHub {
    /// Asks for a run, once. Whether there is one after an error on the way is for the caller to find out.
    ///
    /// # Errors
    /// When GitHub refused, so that there certainly is no run.
    pub async fn dispatch(
        &self,
        dispatch: &Dispatch<'_>,
        _access: WriteAccess,
    ) -> Result<Dispatched, GitHubError> {
        let workflow = &dispatch.target.workflow;
        let ask = Ask::new(format!("a run of {workflow} of {}", self.repository), WRITES);
        if !self.has_token() {
            return Err(GitHubError::NoToken {
                what: ask.what,
                needs: WRITES.to_owned(),
            });
        }
        match self.dispatch_once(&ask, dispatch, true).await {
            // GitHub Enterprise Server up to 3.19 does not know the field, and has done nothing.
            Err(GitHubError::Refused { why, .. }) if why.contains("return_run_details") => {
                self.dispatch_once(&ask, dispatch, false).await
            }
            answer => answer,
        }
    }

    async fn dispatch_once(
        &self,
        ask: &Ask,
        dispatch: &Dispatch<'_>,
        details: bool,
    ) -> Result<Dispatched, GitHubError> {
        // Gitea takes the field as a parameter.
        let (query, return_run_details) = match self.forge() {
            Forge::GitHub => ("", details.then_some(true)),
            Forge::Gitea => ("?return_run_details=true", None),
        };
        let route = self.route(&format!(
            "/actions/workflows/{}/dispatches{query}",
            dispatch.target.workflow
        ));
        let body = Body {
            branch: dispatch.target.branch.as_str(),
            inputs: &dispatch.inputs,
            return_run_details,
        };
        let answer: Result<Option<Details>, _> = self.client.send(Method::Post, ask, &route, &body).await;
        match answer {
            Ok(Some(Details {
                workflow_run_id: Some(id),
            })) => Ok(Dispatched::Run(id)),
            Ok(_) => Ok(Dispatched::Unnamed),
            Err(
                error @ (GitHubError::Unreachable { .. }
                | GitHubError::Slow { .. }
                | GitHubError::Malformed { .. }),
            ) => Ok(Dispatched::Unknown(error.to_string())),
            Err(error @ GitHubError::Status { status, .. }) if status >= 500 => {
                Ok(Dispatched::Unknown(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
}
