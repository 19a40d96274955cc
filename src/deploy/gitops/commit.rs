//! What the commit of a deployment says.

use crate::deploy::deployment::Deployment;
use crate::domain::{BranchName, Digest};

/// The message of the commit: what is deployed where, and trailers for programs.
pub(super) fn message(deployment: &Deployment) -> String {
    let what = deployment.release.as_deref().map_or_else(
        || {
            deployment
                .tag
                .as_ref()
                .map_or_else(|| deployment.digest.short(), ToString::to_string)
        },
        str::to_owned,
    );
    let (service, environment) = (&deployment.service, &deployment.environment);
    let mut lines = vec![
        format!("deploy({environment}): {service} {what}"),
        String::new(),
        format!("Deploys {} to {environment}.", deployment.image),
    ];
    if let Some(previous) = &deployment.previous {
        lines.push(format!("Before it, {previous} was deployed."));
    }
    lines.extend([
        String::new(),
        format!("Windlass-Service: {service}"),
        format!("Windlass-Environment: {environment}"),
        format!("Windlass-Digest: {}", deployment.digest),
    ]);
    if let Some(commit) = &deployment.commit {
        lines.push(format!("Windlass-Commit: {commit}"));
    }
    lines.push(format!("Windlass-Run: {}", deployment.key));
    lines.push(String::new());
    lines.join("\n")
}

/// The branch of a pull request: the same for the same deployment given again, and for no other.
pub(super) fn branch_for(deployment: &Deployment) -> Result<BranchName, String> {
    let hash = Digest::of(deployment.key.as_bytes());
    let name = format!(
        "windlass/{}/{}-{}",
        deployment.environment,
        deployment.service,
        hash.hex().get(..12).unwrap_or_default()
    );
    name.parse()
        .map_err(|_| format!("`{name}` is not a valid name of a branch"))
}
