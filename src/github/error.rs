//! What GitHub can refuse, or fail to do.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::Exit;

/// Why GitHub did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The settings cannot be carried out.
    #[error("invalid GitHub settings: {0}")]
    Settings(String),
    /// The token cannot be had, or cannot be one.
    #[error("no GitHub token: {0}")]
    Token(String),
    /// No connection.
    #[error("could not reach GitHub at {host}: {why}")]
    Unreachable {
        /// The host of the API.
        host: String,
        /// Why, as the network says it.
        why: String,
    },
    /// It did not answer in time.
    #[error("GitHub at {host} did not answer within {patience:?}: {what}")]
    Slow {
        /// The host of the API.
        host: String,
        /// What was asked for.
        what: String,
        /// How long was waited.
        patience: Duration,
    },
    /// It wants a token, or another one.
    #[error("this token does not have access to {what} on GitHub: {why}")]
    NotAuthorised {
        /// What was asked for.
        what: String,
        /// Its own words.
        why: String,
        /// The permission that is needed.
        needs: String,
    },
    /// It wants a token, and there is none.
    #[error("GitHub requires a token for {what}")]
    NoToken {
        /// What was asked for.
        what: String,
        /// The permission that the token needs.
        needs: String,
    },
    /// It is not there, or this token may not know that it is.
    #[error("GitHub cannot find {what}{}", if *.anonymous { " (a token may be required)" } else { "" })]
    NotFound {
        /// What was asked for.
        what: String,
        /// Whether it was asked without a token.
        anonymous: bool,
        /// The permission that is needed to see it.
        needs: String,
    },
    /// Too many requests.
    #[error("GitHub rate limit exceeded{}", that_ends(.until.as_ref()))]
    RateLimited {
        /// When it will again, if it said so.
        until: Option<Timestamp>,
        /// Whether it was asked without a token.
        anonymous: bool,
    },
    /// It will not do it.
    #[error("GitHub refused {what}: {why}")]
    Refused {
        /// What was asked for.
        what: String,
        /// Its own words.
        why: String,
    },
    /// Gitea does not have it.
    #[error("Gitea has no {0}")]
    Lacking(String),
    /// It sends us elsewhere, as for a repository that has another name now, and no further than to its own API is followed.
    #[error("GitHub redirects from {host} for {what}")]
    Moved {
        /// The host of the API.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// Another answer than the description has.
    #[error("GitHub returned {status} for {what}: {why}")]
    Status {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// Its own words.
        why: String,
    },
    /// An answer that cannot be understood.
    #[error("could not parse GitHub's answer about {what}: {why}")]
    Malformed {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

fn that_ends(until: Option<&Timestamp>) -> String {
    until.map_or_else(String::new, |until| {
        let seconds = until
            .as_second()
            .saturating_sub(Timestamp::now().as_second())
            .max(0);
        let minutes = seconds.cast_unsigned().div_ceil(60);
        format!(
            " until {} (in {minutes} min)",
            until.strftime("%Y-%m-%d %H:%M:%S UTC")
        )
    })
}

impl GitHubError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) | Self::Token(_) | Self::Lacking(_) => Exit::Usage,
            Self::NotAuthorised { .. } | Self::NoToken { .. } => Exit::NotAuthorised,
            Self::NotFound { .. } | Self::Moved { .. } => Exit::NotFound,
            Self::Refused { .. } => Exit::Conflict,
            Self::Unreachable { .. }
            | Self::Slow { .. }
            | Self::RateLimited { .. }
            | Self::Status { .. }
            | Self::Malformed { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Lacking(_) => "see \"Gitea and Forgejo\" in docs/github.md",
            Self::Settings(_) => "fix [github] in windlass.toml",
            Self::Token(_) => {
                "put only the token into the file set by `token_file` of [github], or set GH_TOKEN instead"
            }
            Self::Unreachable { host, .. } => {
                return Some(format!(
                    "check that {host} is reachable from here (set HTTPS_PROXY if there is a proxy), and `api` in \
                     [github] of windlass.toml"
                ));
            }
            Self::Slow { .. } | Self::Status { .. } => "try again; see https://www.githubstatus.com",
            Self::NotAuthorised { needs, .. } => {
                return Some(format!("set GH_TOKEN or GITHUB_TOKEN to a token with {needs}"));
            }
            Self::NoToken { needs, .. } => {
                return Some(format!(
                    "set GH_TOKEN or GITHUB_TOKEN (see `gh auth token`) to a token with {needs}"
                ));
            }
            Self::NotFound {
                anonymous: true,
                needs,
                ..
            } => {
                return Some(format!(
                    "if it is private, set GH_TOKEN or GITHUB_TOKEN to a token with {needs}"
                ));
            }
            Self::NotFound { needs, .. } => {
                return Some(format!(
                    "check the name (`repository` in [github]), that it was pushed, and that the token has {needs}"
                ));
            }
            Self::RateLimited { anonymous: true, .. } => {
                "set GH_TOKEN or GITHUB_TOKEN: the limit is much higher with a token"
            }
            Self::RateLimited { .. } => "run the same command again then",
            Self::Refused { .. } => "nothing was changed on GitHub",
            Self::Moved { .. } => "update the remote (`git remote set-url`), or fix `repository` in [github]",
            Self::Malformed { .. } => {
                "check `api` in [github] of windlass.toml; a proxy or web page may be answering in its place"
            }
        };
        Some(text.to_owned())
    }

    /// Whether the thing asked for simply is not there, or may not be seen.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

/// The innermost cause of an error: what wraps it says only that something failed, and may repeat addresses.
pub(super) fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    crate::domain::clean_line(&last.to_string())
}
