//! `windlass registry tags`.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::{Output, table};
use crate::domain::{Digest, Exit, Repository, Tag, bytes};
use crate::registry::Registries;

/// Arguments of `registry tags`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass registry tags registry.example.com/dev/app")]
pub struct TagsArgs {
    /// The repository: host/path
    #[arg(value_name = "HOST/PATH")]
    pub repository: Repository,
    /// Also show the digest and manifest size of each tag (one request per tag)
    #[arg(long)]
    pub digests: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    repository: &'a Repository,
    tags: Vec<Entry<'a>>,
}

/// A tag.
#[derive(Serialize)]
struct Entry<'a> {
    tag: &'a Tag,
    #[serde(flatten)]
    named: Option<Named<'a>>,
}

/// What it names; nothing for a tag that went between two requests.
#[derive(Serialize)]
struct Named<'a> {
    digest: Option<&'a Digest>,
    size: Option<u64>,
    media_type: Option<String>,
}

/// Prints the tags, one a line.
pub async fn run(args: &TagsArgs, registries: &Registries, io: &mut Output) -> Result<Exit, Failure> {
    let reader = registries.reader(&args.repository);
    let Some(tags) = reader.tags_if_any().await? else {
        return Err(missing(&args.repository));
    };
    let found = if args.digests {
        Some(reader.resolve_all(&tags).await?)
    } else {
        None
    };
    if args.json {
        let entries = tags
            .iter()
            .enumerate()
            .map(|(at, tag)| Entry {
                tag,
                named: found.as_ref().map(|found| {
                    let found = found.get(at).and_then(Option::as_ref);
                    Named {
                        digest: found.map(|found| &found.digest),
                        size: found.map(|found| found.size),
                        media_type: found.map(|found| crate::domain::clean_line(&found.media_type)),
                    }
                }),
            })
            .collect();
        io.document(&Document {
            repository: &args.repository,
            tags: entries,
        })?;
        return Ok(Exit::Done);
    }
    match found {
        Some(found) => {
            let mut rows = vec![["TAG", "DIGEST", "MANIFEST"].map(str::to_owned).to_vec()];
            rows.extend(tags.iter().zip(&found).map(|(tag, found)| {
                let (digest, size) = found.as_ref().map_or_else(
                    || ("– deleted in the meantime".to_owned(), String::new()),
                    |found| (found.digest.to_string(), bytes(found.size)),
                );
                vec![tag.to_string(), digest, size]
            }));
            table::print(&rows, io.columns(), &mut io.out)?;
        }
        None => tags.iter().try_for_each(|tag| writeln!(io.out, "{tag}"))?,
    }
    if tags.is_empty() {
        writeln!(io.err, "{} has no tags", args.repository)?;
    }
    Ok(Exit::Done)
}

fn missing(repository: &Repository) -> Failure {
    Failure {
        exit: Exit::NotFound,
        hint: Some(format!(
            "check the name, or list the repositories with `windlass registry ls {}` if the registry supports it",
            repository.host()
        )),
        report: color_eyre::eyre::eyre!("repository {repository} does not exist"),
    }
}
