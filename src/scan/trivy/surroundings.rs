//! What Trivy finds around it: the variables that it may see, the credentials that let it in, and where its knowledge of
//! vulnerabilities comes from.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use secrecy::SecretString;
use tokio::process::Command;

use super::Trivy;
use crate::domain::{ImageReference, Repository};
use crate::scan::{ScanError, read_file};

/// The variables that Trivy may see: where its cache and its databases are, and how it is let in. All others of its own
/// could change what it reports.
const VARIABLES: &[&str] = &[
    "TRIVY_CACHE_DIR",
    "TRIVY_DB_REPOSITORY",
    "TRIVY_JAVA_DB_REPOSITORY",
    "TRIVY_USERNAME",
    "TRIVY_PASSWORD",
    "TRIVY_REGISTRY_TOKEN",
    "TRIVY_INSECURE",
    "TRIVY_CACERT",
    "TRIVY_SKIP_DB_UPDATE",
    "TRIVY_SKIP_JAVA_DB_UPDATE",
    "TRIVY_SKIP_VERSION_CHECK",
    "TRIVY_OFFLINE_SCAN",
];

impl Trivy {
    /// Where the knowledge of vulnerabilities comes from: a server, or the databases.
    pub(super) fn source(&self, command: &mut Command) -> Result<(), ScanError> {
        let Some(server) = &self.options.server else {
            let is_chosen = self
                .options
                .args
                .iter()
                .any(|arg| arg.starts_with("--cache-backend"));
            if self.options.at_once > 1 && !is_chosen {
                // The usual one is a file that one Trivy locks until it ends; the next gives up after five seconds.
                command.args(["--cache-backend", "memory"]);
            }
            for (flag, repository) in [
                ("--db-repository", &self.options.database),
                ("--java-db-repository", &self.options.java_database),
            ] {
                if let Some(repository) = repository {
                    command.arg(flag).arg(repository);
                }
            }
            return Ok(());
        };
        command.arg("--server").arg(server);
        if let Some(path) = &self.options.token_file {
            let token = read_file(path)?;
            let token = String::from_utf8_lossy(&token).trim().to_owned();
            // Not as an argument: those are for everybody to read.
            command.env("TRIVY_TOKEN", token);
        }
        Ok(())
    }

    /// Docker's configuration with what Trivy needs to be let in, and nothing else; none where it needs nothing.
    pub(super) async fn docker_config(
        &self,
        image: Option<&Repository>,
    ) -> Result<Option<SecretString>, ScanError> {
        let databases = [&self.options.database, &self.options.java_database];
        let databases = databases
            .into_iter()
            .flatten()
            .filter_map(|name| name.parse::<ImageReference>().ok());
        let mut hosts: Vec<_> = databases
            .map(|database| database.repository.host().to_owned())
            .collect();
        hosts.extend(image.map(|image| image.host().to_owned()));
        hosts.sort_unstable();
        hosts.dedup();
        Ok(self.registries.docker_config(&hosts).await?)
    }

    /// The program, to be called without the variables that could change what it reports.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        for name in strangers(std::env::vars_os().map(|(name, _)| name)) {
            command.env_remove(name);
        }
        command
            .stdin(Stdio::null())
            // The password of the signing key is nobody else's business.
            .env_remove("COSIGN_PASSWORD")
            .kill_on_drop(true);
        command
    }

    /// The program. It is started in another folder, so that a path must not depend on this one.
    fn program(&self) -> PathBuf {
        let program = &self.options.program;
        let is_path = program.components().count() > 1;
        let whole = is_path.then(|| std::path::absolute(program).ok()).flatten();
        whole.unwrap_or_else(|| program.clone())
    }
}

/// The variables of Trivy's own that it may not see.
pub(super) fn strangers(names: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("TRIVY_") && !VARIABLES.contains(&name.as_ref())
    })
}
