//! What Trivy finds around it: the variables that it may see, the credentials that let it in, and where its knowledge of
//! vulnerabilities comes from.

use std::path::PathBuf;

use secrecy::SecretString;

use super::Trivy;
use crate::domain::{ImageReference, Repository};
use crate::program::{Audience, Call};
use crate::scan::{ScanError, read_file};

impl Trivy {
    /// Where the knowledge of vulnerabilities comes from: a server, or the databases.
    pub(super) fn source(&self, mut call: Call) -> Result<Call, ScanError> {
        let Some(server) = &self.options.server else {
            let is_chosen = self
                .options
                .args
                .iter()
                .any(|arg| arg.starts_with("--cache-backend"));
            if self.options.at_once > 1 && !is_chosen {
                // The usual one is a file that one Trivy locks until it ends; the next gives up after five seconds.
                call = call.args(["--cache-backend", "memory"]);
            }
            for (flag, repository) in [
                ("--db-repository", &self.options.database),
                ("--java-db-repository", &self.options.java_database),
            ] {
                if let Some(repository) = repository {
                    call = call.arg(flag).arg(repository);
                }
            }
            return Ok(call);
        };
        call = call.arg("--server").arg(server);
        if let Some(path) = &self.options.token_file {
            let token = read_file(path)?;
            let token = String::from_utf8_lossy(&token).trim().to_owned();
            // Not as an argument: those are for everybody to read.
            call = call.variable("TRIVY_TOKEN", token);
        }
        Ok(call)
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
        let databases = databases.map(|database| database.repository);
        let repositories: Vec<_> = image.cloned().into_iter().chain(databases).collect();
        Ok(self.registries.docker_config(&repositories).await?)
    }

    /// The program, to be called without the variables that could change what it reports.
    pub(super) fn call(&self) -> Call {
        Call::new(self.program())
            .audience(Audience::Trivy)
            .limit(self.patience)
    }

    /// The program. It is started in another folder, so that a path must not depend on this one.
    fn program(&self) -> PathBuf {
        let program = &self.options.program;
        let is_path = program.components().count() > 1;
        let whole = is_path.then(|| std::path::absolute(program).ok()).flatten();
        whole.unwrap_or_else(|| program.clone())
    }
}
