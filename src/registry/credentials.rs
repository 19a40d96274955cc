//! Docker's and Podman's configuration and credential helpers.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use docker_credential::{CredentialRetrievalError as Retrieval, DockerCredential};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;

use super::Registries;
use super::error::RegistryError;
use crate::domain::clean_line;

/// A helper that asks a person or hangs must not hold up a run for ever.
const HELPER_TIMEOUT: Duration = Duration::from_secs(20);

/// What is known for a host.
#[derive(Clone)]
pub(super) enum Credentials {
    Anonymous,
    Password {
        user: String,
        password: SecretString,
    },
    /// A refresh token, exchanged at the token endpoint.
    IdentityToken(SecretString),
}

/// Looks the host up in `config` if one is named; else first as Docker does, then as Podman does. Nothing found is
/// anonymous; a helper that fails or a file that cannot be read is an error, because going on without the credentials
/// that were configured would hide the mistake.
pub(super) async fn look_up(host: &str, config: Option<PathBuf>) -> Result<Credentials, RegistryError> {
    let fail = |why: String| RegistryError::Credentials {
        host: host.to_owned(),
        why,
    };
    let key = docker_key(host);
    // Helpers are programs, run synchronously by the library. One that hangs must not hold up the end of the program
    // either, as a task of the runtime would.
    let (sender, answer) = oneshot::channel();
    let asked = key.to_owned();
    std::thread::spawn(move || {
        // Whoever asked may have given up.
        let _ = sender.send(ask(&asked, config));
    });
    let found = tokio::time::timeout(HELPER_TIMEOUT, answer)
        .await
        .map_err(|_| {
            fail(format!(
                "the credential helper did not answer within {} s",
                HELPER_TIMEOUT.as_secs()
            ))
        })?
        .map_err(|_| fail("looking them up broke off".to_owned()))?;
    match found {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(Credentials::Password {
            user,
            password: SecretString::from(password),
        }),
        Ok(DockerCredential::IdentityToken(token)) => {
            Ok(Credentials::IdentityToken(SecretString::from(token)))
        }
        Err(error) if is_absent(&error) => Ok(Credentials::Anonymous),
        // A helper's output may hold a secret: only its name is told.
        Err(Retrieval::HelperFailure { helper, .. }) => Err(fail(format!(
            "the credential helper {} failed",
            clean_line(&helper)
        ))),
        Err(error) => Err(fail(error.to_string().to_lowercase())),
    }
}

impl Registries {
    /// Docker's configuration with the credentials of `hosts` and nothing else, for a program that reads only that; none
    /// if nothing is known for any of them. Credential helpers have been asked, so that the program need not.
    pub async fn docker_config(&self, hosts: &[String]) -> Result<Option<SecretString>, RegistryError> {
        let mut auths = serde_json::Map::new();
        for host in hosts {
            let entry = match self.transport.host(host)?.credentials().await? {
                Credentials::Anonymous => continue,
                Credentials::Password { user, password } => {
                    let both = format!("{user}:{}", password.expose_secret());
                    serde_json::json!({ "auth": BASE64_STANDARD.encode(both) })
                }
                Credentials::IdentityToken(token) => {
                    serde_json::json!({ "identitytoken": token.expose_secret() })
                }
            };
            auths.insert(docker_key(host).to_owned(), entry);
        }
        let config = (!auths.is_empty()).then(|| serde_json::json!({ "auths": auths }).to_string());
        Ok(config.map(SecretString::from))
    }
}

/// The name that Docker keeps a host's credentials under.
fn docker_key(host: &str) -> &str {
    match host {
        // Docker Hub's credentials are kept under an address of its own.
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => "https://index.docker.io/v1/",
        other => other,
    }
}

fn ask(key: &str, config: Option<PathBuf>) -> Result<DockerCredential, Retrieval> {
    let is_named = config.is_some();
    let usual = || {
        let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
        folder.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".docker")))
    };
    let path = config.or_else(|| Some(usual()?.join("config.json")));
    let found = match path.map(File::open) {
        Some(Ok(file)) => docker_credential::get_credential_from_reader(BufReader::new(file), key),
        Some(Err(error)) if is_named || error.kind() != ErrorKind::NotFound => {
            Err(Retrieval::ConfigReadError)
        }
        _ => Err(Retrieval::ConfigNotFound),
    };
    match found {
        Err(error) if is_absent(&error) && !is_named => match docker_credential::get_podman_credential(key) {
            // The library says the same of a file that is missing.
            Err(Retrieval::ConfigReadError) => Err(Retrieval::ConfigNotFound),
            other => other,
        },
        other => other,
    }
}

/// Whether nothing is configured for the host: a helper that knows no credentials for it says so in Docker's words.
fn is_absent(error: &Retrieval) -> bool {
    match error {
        Retrieval::ConfigNotFound | Retrieval::NoCredentialConfigured => true,
        Retrieval::HelperFailure { stdout, stderr, .. } => [stdout, stderr]
            .iter()
            .any(|text| text.contains("credentials not found")),
        _ => false,
    }
}
