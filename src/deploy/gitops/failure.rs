//! What a failure of git means for a deployment.

use crate::deploy::error::DeployError;
use crate::domain::BranchName;
use crate::git::GitError;

/// What it means that git failed on `branch` of the repository `name`.
pub(super) fn failure(name: &str, branch: &BranchName, error: GitError) -> DeployError {
    let target = format!("{branch} of {name}");
    match error {
        GitError::Unreachable { why, .. } => DeployError::Unreachable {
            target: name.to_owned(),
            why,
        },
        GitError::Slow { .. } => DeployError::Unreachable {
            target: name.to_owned(),
            why: error.to_string(),
        },
        GitError::NotAuthorised { why, .. } => DeployError::NotAllowed {
            target: name.to_owned(),
            why,
        },
        GitError::Rejected { why, .. } => DeployError::NotAllowed { target, why },
        GitError::NoBranch { .. } => DeployError::Unfit {
            target,
            why: "there is no such branch".to_owned(),
            hint: "correct `branch` of the deployer in windlass.toml".to_owned(),
        },
        other => DeployError::Unfit {
            why: other.to_string(),
            hint: other
                .hint()
                .unwrap_or_else(|| "run the same command again".to_owned()),
            target,
        },
    }
}
