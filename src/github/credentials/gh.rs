//! The login of GitHub's own program `gh`, which knows a token for each host: <https://cli.github.com/manual/gh_auth_token>.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::token_of_text;
use crate::program::{Audience, Call};

/// How long it may take: it may have to unlock a keyring.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than any token.
const MAX_BYTES: u64 = 4096;

/// The program `gh`: in a folder of `PATH` that is named absolutely, and not in the repository, where anybody may have put it.
pub fn gh_program(repository: Option<&Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    program_in(std::env::split_paths(&path), repository)
}

fn program_in(folders: impl Iterator<Item = PathBuf>, repository: Option<&Path>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let root = repository.and_then(|root| root.canonicalize().ok());
    folders
        .filter(|folder| folder.is_absolute())
        .filter_map(|folder| folder.join("gh").canonicalize().ok())
        .filter(|program| root.as_ref().is_none_or(|root| !program.starts_with(root)))
        .find(|program| {
            program
                .metadata()
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        })
}

/// The token that `program` has for `host`; none where nobody is logged in there, or it does not say so in time.
pub(in crate::github) async fn token_of_gh(program: &Path, host: &str) -> Option<SecretString> {
    let mut call = Call::new(program)
        .args(["auth", "token", "--hostname", host])
        // A keyring is reached over the desktop's bus.
        .audience(Audience::Desktop)
        .limit(PATIENCE)
        .keep(MAX_BYTES);
    if let Some(folder) = std::env::var_os("GH_CONFIG_DIR") {
        call = call.variable("GH_CONFIG_DIR", folder);
    }
    match call.run(&|_| (), &CancellationToken::new()).await {
        Ok(said) if said.status.success() => token_of_text(&String::from_utf8_lossy(&said.output)),
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(%error, "could not ask gh for its login");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt as _;

    use super::*;

    fn program(folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).mode(0o755);
        options.open(folder.join("gh")).unwrap();
    }

    #[test]
    fn gh_is_taken_from_the_path_and_never_from_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (repository, bin) = (root.join("repository"), root.join("bin"));
        program(&repository.join("bin"));
        program(&bin);
        let found = |folders: &[PathBuf]| program_in(folders.iter().cloned(), Some(&repository));
        let own = repository.join("bin");
        assert_eq!(found(std::slice::from_ref(&own)), None);
        assert_eq!(
            found(&[PathBuf::from("."), own, bin.clone()]),
            Some(bin.join("gh"))
        );
        assert_eq!(found(&[root.join("nowhere")]), None);
    }
}
