//! What is known of the user, for programs that read Docker's configuration.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::Registries;
use super::credentials::{Credentials, docker_key};
use super::error::RegistryError;
use crate::domain::Repository;

impl Registries {
    /// Docker's configuration with the credentials for `repositories` and nothing else, for a program that reads only
    /// that; none if nothing is known for any of them. Credential helpers have been asked, so that the program need not.
    pub async fn docker_config(
        &self,
        repositories: &[Repository],
    ) -> Result<Option<SecretString>, RegistryError> {
        let mut auths = serde_json::Map::new();
        for repository in repositories {
            let host = repository.host();
            let login = self.transport.host(host)?.login(repository.path()).await?;
            let entry = match login.credentials() {
                Credentials::Anonymous => continue,
                Credentials::Password { user, password } => {
                    let both = format!("{user}:{}", password.expose_secret());
                    serde_json::json!({ "auth": BASE64_STANDARD.encode(both) })
                }
                Credentials::IdentityToken(token) => {
                    serde_json::json!({ "identitytoken": token.expose_secret() })
                }
            };
            // The first of a host speaks for it; another with other credentials has an entry of its own.
            let key = docker_key(host);
            match auths.get(key) {
                Some(known) if *known == entry => {}
                Some(_) => {
                    auths.insert(format!("{host}/{}", repository.path()), entry);
                }
                None => {
                    auths.insert(key.to_owned(), entry);
                }
            }
        }
        let config = (!auths.is_empty()).then(|| serde_json::json!({ "auths": auths }).to_string());
        Ok(config.map(SecretString::from))
    }
}
