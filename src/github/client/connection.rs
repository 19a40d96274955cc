//! A connection to GitHub, and what was shown on it.

use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::domain::ApiAddress;
use crate::github::error::{GitHubError, deepest};

/// More redirects than a repository has had names.
pub(super) const REDIRECTS: usize = 3;

/// The connections, all of which show the same token.
pub(super) struct Session {
    pub(super) reads: Octocrab,
    pub(super) writes: Octocrab,
    /// For logs, which are kept on other hosts: it shows no token.
    pub(super) strangers: reqwest::Client,
    /// Asks where logs are kept, and goes there by itself nowhere: not on its own host either. A log may be the answer, however
    /// long it is.
    pub(super) logs: Octocrab,
    /// When the token ends; none if nobody says so.
    pub(super) ends: Option<Timestamp>,
}

/// What was shown to GitHub last.
#[derive(Default)]
enum LastShown {
    /// It was asked nothing yet.
    #[default]
    Nothing,
    /// No token.
    Anonymous,
    /// This one.
    Token(SecretString),
}

/// What was shown to GitHub last, for all who use the connection.
#[derive(Default)]
pub(super) struct Shown(RwLock<LastShown>);

impl Shown {
    pub(super) fn set(&self, token: Option<SecretString>) {
        let shown = token.map_or(LastShown::Anonymous, LastShown::Token);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// Whether a token was shown, or may yet be.
    pub(super) fn is_authorised(&self) -> bool {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        !matches!(*shown, LastShown::Anonymous)
    }

    /// `text` without the token.
    pub(super) fn hide(&self, text: &str) -> String {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            LastShown::Token(token) => text.replace(token.expose_secret(), "…"),
            LastShown::Nothing | LastShown::Anonymous => text.to_owned(),
        }
    }
}

pub(super) fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder.build().map_err(|error| deepest(&error))
}

pub(super) fn octocrab(
    api: &ApiAddress,
    retry: RetryConfig,
    http: reqwest::Client,
) -> octocrab::Result<Octocrab> {
    Octocrab::builder()
        .base_uri(api.to_string())?
        .upload_uri(api.to_string())?
        .add_retry_config(retry)
        .build_with_reqwest(http)
}

/// The token as a header. Its text is in no error: it would be half of the token.
pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue, GitHubError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| {
        GitHubError::Token("it contains characters that are not allowed in a token".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

pub(super) fn tls(api: &Url) -> Result<rustls::ClientConfig, String> {
    let mut config = crate::http::tls(api)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
