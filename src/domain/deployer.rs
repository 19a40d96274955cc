//! What deploys to an environment, what a deployment will change as a plan pins it, and how a deployment ended.

mod ecs;
mod gitops;
mod kubernetes;
mod webhook;

pub use gitops::{
    ChangeMethod, GitopsSettings, GitopsTarget, ImagePlace, PinnedValue, Reconciler, ReconcilerKind,
    YamlFormat,
};

use jiff::SignedDuration;

use serde::{Deserialize, Serialize};

pub use self::kubernetes::{
    KubernetesSettings, KubernetesTarget, WorkloadChoice, WorkloadKind, WorkloadName, WorkloadNameError,
    WorkloadTarget, is_kubernetes_name,
};
use super::{VariablePattern, clean_line};

pub use ecs::{EcsSettings, EcsTarget};
pub use webhook::{WebhookSettings, WebhookTarget};

/// One of the deployers of an environment, as windlass.toml describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeployerSettings {
    /// A program, started in the folder of windlass.toml with the digest in its environment variables.
    Command(CommandSettings),
    /// A commit to a repository of configuration.
    Gitops(Box<GitopsSettings>),
    /// A service of Amazon ECS, changed through the `aws` program.
    Ecs(EcsSettings),
    /// A service that is told over HTTP.
    Webhook(WebhookSettings),
    /// Workloads of a Kubernetes cluster, whose image is set.
    Kubernetes(KubernetesSettings),
}

/// A program that deploys, and one that says what runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSettings {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// The variables of windlass's own environment that both programs are given, beside the harmless ones that every program
    /// is: `KUBECONFIG`, `AWS_*`.
    pub env: Vec<VariablePattern>,
    /// The program that prints what runs, with its arguments; none if nothing can observe it.
    pub running: Option<ProgramLine>,
    /// How long a run waits until what was deployed is what runs.
    pub observe_for: SignedDuration,
}

/// A program with its arguments: a list, never a line for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramLine {
    /// The program.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
}

impl ProgramLine {
    /// As people read it, on one harmless line.
    pub fn words(&self) -> String {
        let parts = std::iter::once(&self.program).chain(&self.args);
        let parts: Vec<_> = parts.map(|part| clean_line(part)).collect();
        parts.join(" ")
    }
}

/// What a deployment will change, as the plan pins it. A run with another target than its plan has is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum DeployTarget {
    /// Whatever a program changes.
    Command {
        /// The program and its arguments.
        #[serde(flatten)]
        command: ProgramLine,
        /// Where it runs, relative to the root of the repository.
        folder: String,
        /// The program that prints what runs; none if nothing can observe it.
        running: Option<ProgramLine>,
    },
    /// Values of a file in a repository of configuration.
    Gitops(GitopsTarget),
    /// The task definition of a service of Amazon ECS.
    Ecs(EcsTarget),
    /// Whatever a service does that is told.
    Webhook(WebhookTarget),
    /// The image of workloads in a Kubernetes cluster.
    Kubernetes(KubernetesTarget),
    /// What a platform has that only the runner asks: whoever plans needs no access to it.
    OnRunner {
        /// What the settings say of it, in one line.
        place: String,
    },
}

impl DeployTarget {
    /// What will be changed, in one line.
    pub fn words(&self) -> String {
        match self {
            Self::Command { command, running, .. } => {
                let observed = running.as_ref().map_or_else(
                    || "what runs is not observed".to_owned(),
                    |running| format!("then observe it with `{}`", running.words()),
                );
                format!("run `{}`, {observed}", command.words())
            }
            Self::Gitops(target) => target.words(),
            Self::Ecs(target) => target.words(),
            Self::Webhook(target) => target.words(),
            Self::Kubernetes(target) => clean_line(&target.words()),
            Self::OnRunner { place } => {
                format!("{}; only the runner asks what is there now", clean_line(place))
            }
        }
    }
}

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeployOutcome {
    /// The platform took it.
    Deployed,
    /// The platform had it already.
    Unchanged,
    /// It did not get there.
    Failed,
    /// The platform went back to what it had before.
    RolledBack,
    /// Nobody can say.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_a_command_says_what_runs_and_how_it_is_observed() {
        let line = |program: &str, args: &[&str]| ProgramLine {
            program: program.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        };
        let target = |running| DeployTarget::Command {
            command: line("./deploy.sh", &["--wait", "\u{1b}[31mred"]),
            folder: ".".to_owned(),
            running,
        };
        assert_eq!(
            target(None).words(),
            "run `./deploy.sh --wait red`, what runs is not observed"
        );
        assert_eq!(
            target(Some(line("./running.sh", &["prod"]))).words(),
            "run `./deploy.sh --wait red`, then observe it with `./running.sh prod`"
        );
    }
}
