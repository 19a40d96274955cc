//! Who somebody is at a registry, and where that is from.

use secrecy::SecretString;

/// What proves who somebody is.
#[derive(Clone)]
pub(in crate::registry) enum Credentials {
    Anonymous,
    Password {
        user: String,
        password: SecretString,
    },
    /// A refresh token, exchanged at the token endpoint.
    IdentityToken(SecretString),
}

/// Credentials, and where they are from.
pub(in crate::registry) struct Login {
    pub(super) credentials: Credentials,
    pub(super) source: String,
}

impl Login {
    pub(super) const fn anonymous() -> Self {
        Self {
            credentials: Credentials::Anonymous,
            source: String::new(),
        }
    }

    pub(in crate::registry) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(in crate::registry) const fn is_anonymous(&self) -> bool {
        matches!(self.credentials, Credentials::Anonymous)
    }

    /// Where they are from, as a message names them: file, entry and helper.
    pub(in crate::registry) fn source(&self) -> &str {
        &self.source
    }
}

/// What a refusal says about who was refused.
pub(in crate::registry) fn refusal(login: Option<&Login>, what: &str) -> String {
    match login {
        Some(login) if login.is_anonymous() => format!("requires credentials for {what}"),
        Some(login) => format!("rejected the credentials for {what} ({})", login.source),
        None => format!("rejected the credentials for {what}"),
    }
}
