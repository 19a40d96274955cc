//! `windlass registry`: looking around, and taking away. Needs no windlass.toml; one that is there is used.

mod ls;
mod manifest;
mod referrers;
mod rm;
mod tags;

use clap::Subcommand;

use super::failure::Failure;
use super::global::Global;
use super::{Output, world};
use crate::domain::Exit;
use crate::registry::Registries;

/// Commands of `registry`.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// List the repositories of a registry, if it supports that
    Ls(ls::LsArgs),
    /// List the tags of a repository
    Tags(tags::TagsArgs),
    /// Print a manifest: unchanged to a pipe, formatted to a terminal
    Manifest(manifest::ManifestArgs),
    /// Show the referrers of an image as a tree: signatures, reports and others
    Referrers(referrers::ReferrersArgs),
    /// Delete a single tag, or a manifest by its digest
    Rm(rm::RmArgs),
}

/// Carries one of them out.
pub async fn run(command: RegistryCommand, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    match command {
        RegistryCommand::Ls(args) => ls::run(&args, &registries(global)?, io).await,
        RegistryCommand::Tags(args) => tags::run(&args, &registries(global)?, io).await,
        RegistryCommand::Manifest(args) => manifest::run(&args, &registries(global)?, io).await,
        RegistryCommand::Referrers(args) => referrers::run(&args, &registries(global)?, io).await,
        RegistryCommand::Rm(args) => rm::run(&args, global, io).await,
    }
}

fn registries(global: &Global) -> Result<Registries, Failure> {
    Ok(world::registries(world::configuration_if_any(global)?.as_ref())?)
}
