//! Deploys by a commit: the one place of a YAML file that says which image runs is changed in a repository of configuration,
//! and nothing else of it.

mod commit;
mod deployer;
mod edits;
mod failure;
mod github_access;
mod mirror;
mod pull_request;
mod push;
mod reconcile;
mod steps;
#[cfg(test)]
mod tests;

pub use deployer::GitopsDeployer;
pub use github_access::GitHubAccess;
