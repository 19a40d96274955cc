//! Deployers: what tells an environment to run a digest, and what says what runs there. Each kind is one file here and one
//! arm of [`Deployer`].

mod cluster_access;
mod command;
mod deployer;
mod deployment;
mod ecs;
mod error;
mod gitops;
mod kubernetes;
mod place;
mod probe;
mod progress;
mod report;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod wait;
mod webhook;
pub mod yaml;

pub use command::CommandDeployer;
pub use deployer::{Deployer, DeployerContext};
pub use deployment::{Applied, DeployCheck, Deployment, Subject};
pub use ecs::EcsDeployer;
pub use error::DeployError;
pub use gitops::{GitHubAccess, GitopsDeployer};
pub use kubernetes::KubernetesDeployer;
pub use probe::Probe;
pub use progress::{DeployProgress, Tell};
pub use wait::Waited;
pub use webhook::WebhookDeployer;
