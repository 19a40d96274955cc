//! Docker's and Podman's configuration and credential helpers.

use std::time::Duration;

use docker_credential::{CredentialRetrievalError as Retrieval, DockerCredential};
use secrecy::SecretString;

use super::error::RegistryError;

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

/// Looks the host up, first as Docker does, then as Podman does. Nothing found is anonymous; a helper that fails is
/// an error, because going on without the credentials that were configured would hide the mistake.
pub(super) async fn look_up(host: &str) -> Result<Credentials, RegistryError> {
    let fail = |why: String| RegistryError::Credentials {
        host: host.to_owned(),
        why,
    };
    // Docker Hub's credentials are kept under an address of its own.
    let key = if host == "docker.io" || host == "registry-1.docker.io" {
        "https://index.docker.io/v1/".to_owned()
    } else {
        host.to_owned()
    };
    // Helpers are programs, run synchronously by the library.
    let asking = tokio::task::spawn_blocking(move || match docker_credential::get_credential(&key) {
        Err(error) if is_absent(&error) => docker_credential::get_podman_credential(&key),
        other => other,
    });
    let found = tokio::time::timeout(HELPER_TIMEOUT, asking)
        .await
        .map_err(|_| {
            fail(format!(
                "the credential helper did not answer within {} s",
                HELPER_TIMEOUT.as_secs()
            ))
        })?
        .map_err(|error| fail(error.to_string()))?;
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
        Err(Retrieval::HelperFailure { helper, .. }) => {
            Err(fail(format!("the credential helper {helper} failed")))
        }
        Err(error) => Err(fail(error.to_string())),
    }
}

const fn is_absent(error: &Retrieval) -> bool {
    matches!(
        error,
        Retrieval::ConfigNotFound | Retrieval::ConfigReadError | Retrieval::NoCredentialConfigured
    )
}
