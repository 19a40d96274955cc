//! What requests are authorised by: a token, the login of the program `gh`, or a GitHub App.

mod app;
mod gh;

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

pub(super) use self::app::token_of_app;
pub use self::gh::gh_program;
pub(super) use self::gh::token_of_gh;
use super::error::GitHubError;
use crate::domain::GitHubApp;

/// What requests are authorised by.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Nothing: what everybody may know.
    #[default]
    Anonymous,
    /// A token.
    Token(SecretString),
    /// What the program `gh`, at this path, is logged in with.
    Gh(PathBuf),
    /// An installation of a GitHub App.
    App(GitHubApp),
}

impl Credentials {
    /// From the token in `token_file` or the `app`, if one of them is configured; else from `GH_TOKEN` or
    /// `GITHUB_TOKEN`, or from the login of the program `gh` itself, if it is on this machine.
    pub fn find(
        token_file: Option<&Path>,
        app: Option<&GitHubApp>,
        gh: impl FnOnce() -> Option<PathBuf>,
    ) -> Result<Self, GitHubError> {
        if let Some(path) = token_file {
            return token_in(path).map(Self::Token);
        }
        if let Some(app) = app {
            return Ok(Self::App(app.clone()));
        }
        let variable = |name: &str| std::env::var(name).ok().as_deref().and_then(token_of_text);
        let token = variable("GH_TOKEN").or_else(|| variable("GITHUB_TOKEN"));
        Ok(match token {
            Some(token) => Self::Token(token),
            None => gh().map_or(Self::Anonymous, Self::Gh),
        })
    }
}

impl From<Option<SecretString>> for Credentials {
    fn from(token: Option<SecretString>) -> Self {
        token.map_or(Self::Anonymous, Self::Token)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Token(_) => "Token",
            Self::Gh(_) => "Gh",
            Self::App(_) => "App",
        })
    }
}

fn token_of_text(text: &str) -> Option<SecretString> {
    let text = text.trim();
    (!text.is_empty()).then(|| SecretString::from(text))
}

fn token_in(path: &Path) -> Result<SecretString, GitHubError> {
    let text = std::fs::read_to_string(path)
        .map(SecretString::from)
        .map_err(|error| GitHubError::Token(format!("could not read {}: {error}", path.display())))?;
    token_of_text(text.expose_secret())
        .ok_or_else(|| GitHubError::Token(format!("{} is empty", path.display())))
}
