//! Projects that are only at a remote: windlass keeps a bare mirror of each in its cache, with the few files of the default
//! branch that the configuration needs beside it. The cache may be deleted at any time.

use std::path::{Path, PathBuf};

use super::error::FleetError;
use crate::config::Config;
use crate::domain::{ProjectId, WriteAccess};
use crate::git::{GitError, GitRepository, MIRROR_REMOTE, same_address};
use crate::state;

/// A mirror, up to date or as it was last fetched.
pub(super) struct Mirror {
    pub(super) repository: GitRepository,
    /// Where the configuration file of the default branch was put.
    pub(super) config: PathBuf,
    /// Why nothing newer could be fetched.
    pub(super) stale: Option<String>,
}

/// Fetches the mirror of `address` in `cache` and puts its configuration `file` beside it. What cannot be fetched is read as
/// it was last fetched.
pub(super) async fn open(cache: &Path, address: &str, file: &str) -> Result<Mirror, FleetError> {
    let name = ProjectId::new(&same_address(address), file);
    let folder = cache.join("mirrors").join(name.as_str());
    let (place, from) = (folder.clone(), address.to_owned());
    let opening = tokio::task::spawn_blocking(move || GitRepository::mirror(&place, &from));
    let repository = opening.await.map_err(|error| GitError::Unusable {
        path: folder.clone(),
        why: error.to_string(),
    })??;
    let stale = match fetch(&repository).await {
        Ok(()) => None,
        Err(error) if repository.has_branches() => Some(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let config = folder.join(file);
    let text = repository.file_of_default_branch(file)?;
    let text = text.ok_or_else(|| FleetError::NoFile {
        address: same_address(address),
        file: file.to_owned(),
    })?;
    write(&config, &text)?;
    Ok(Mirror {
        repository,
        config,
        stale,
    })
}

async fn fetch(repository: &GitRepository) -> Result<(), GitError> {
    // The mirror is a cache of windlass's own: nothing of the user's is written, so that --read-only allows it.
    let Some(access) = WriteAccess::unless_read_only(false) else {
        return Ok(());
    };
    let remote = repository.remote(MIRROR_REMOTE)?;
    remote.fetch(access).await?;
    if let Some(branch) = remote.default_branch().await? {
        repository.remember_default_branch(&branch)?;
    }
    Ok(())
}

/// Puts the files that `config` names beside it: waivers, VEX documents, public keys and trusted roots, as the default branch has them.
pub(super) fn export(mirror: &Mirror, config: &Config) -> Result<(), FleetError> {
    let root = mirror.repository.root().parent().unwrap_or(Path::new(""));
    let keys = config
        .environments
        .values()
        .filter_map(|settings| settings.verify.as_ref()?.file());
    let scanner = config.scanner.waivers.iter().chain(&config.scanner.vex);
    for path in scanner.chain(keys) {
        let Some(inside) = path.strip_prefix(root).ok().and_then(Path::to_str) else {
            continue;
        };
        if let Some(bytes) = mirror.repository.file_of_default_branch(inside)? {
            write(path, &bytes)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FleetError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = state::create_folder(folder).and_then(|()| state::replace(path, bytes));
    written.map_err(|source| FleetError::Cache {
        path: path.to_owned(),
        source,
    })
}
