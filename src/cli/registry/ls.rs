//! `windlass registry ls`.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::domain::{Exit, Repository};
use crate::registry::Registries;

/// Arguments of `registry ls`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass registry ls registry.example.com")]
pub struct LsArgs {
    /// The registry: registry.example.com, localhost:5000
    #[arg(value_name = "HOST", value_parser = host)]
    pub host: String,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    registry: &'a str,
    repositories: &'a [String],
}

/// Prints the repositories, one a line, each with the host.
pub async fn run(args: &LsArgs, registries: &Registries, io: &mut Output) -> Result<Exit, Failure> {
    let host = &args.host;
    let found = registries.repositories(host).await?;
    if args.json {
        io.document(&Document {
            registry: host,
            repositories: &found,
        })?;
        return Ok(Exit::Done);
    }
    for path in &found {
        writeln!(io.out, "{host}/{path}")?;
    }
    if found.is_empty() {
        writeln!(io.err, "{host} has no repositories, or does not list them")?;
    }
    Ok(Exit::Done)
}

/// A host is what stands before the path of a repository.
fn host(text: &str) -> Result<String, String> {
    let host = text.trim_end_matches('/');
    match format!("{host}/path").parse::<Repository>() {
        Ok(repository) if repository.host() == host => Ok(host.to_owned()),
        Ok(repository) => Err(format!("give only the registry: {}", repository.host())),
        Err(_) => Err("not a registry; use the form registry.example.com or localhost:5000".to_owned()),
    }
}
