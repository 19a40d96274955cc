//! What GitHub can refuse, or fail to do.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::Exit;

/// Why GitHub did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The settings cannot be carried out.
    #[error("settings of GitHub: {0}")]
    Settings(String),
    /// The token cannot be had, or cannot be one.
    #[error("no token for GitHub: {0}")]
    Token(String),
    /// No connection.
    #[error("GitHub cannot be reached at {host}: {why}")]
    Unreachable {
        /// The host of the API.
        host: String,
        /// Why, as the network says it.
        why: String,
    },
    /// It did not answer in time.
    #[error("GitHub at {host} did not answer about {what} within {patience:?}")]
    Slow {
        /// The host of the API.
        host: String,
        /// What was asked for.
        what: String,
        /// How long was waited.
        patience: Duration,
    },
    /// It wants a token, or another one.
    #[error("GitHub does not allow this token {what}: {why}")]
    NotAuthorised {
        /// What was asked for.
        what: String,
        /// Its own words.
        why: String,
        /// The permission that is needed.
        needs: String,
    },
    /// It wants a token, and there is none.
    #[error("GitHub wants a token for {what}")]
    NoToken {
        /// What was asked for.
        what: String,
        /// The permission that the token needs.
        needs: String,
    },
    /// It is not there, or this token may not know that it is.
    #[error("GitHub does not find {what}{}", if *.anonymous { ", or not without a token" } else { "" })]
    NotFound {
        /// What was asked for.
        what: String,
        /// Whether it was asked without a token.
        anonymous: bool,
        /// The permission that is needed to see it.
        needs: String,
    },
    /// Too many requests.
    #[error("GitHub takes no more requests from us{}", that_ends(.until.as_ref()))]
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
    /// It sends us elsewhere, as for a repository that has another name now, and no further than to its own API is followed.
    #[error("GitHub sends us away from {host} for {what}")]
    Moved {
        /// The host of the API.
        host: String,
        /// What was asked for.
        what: String,
    },
    /// Another answer than the description has.
    #[error("GitHub answered {status} when asked for {what}: {why}")]
    Status {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
        /// Its own words.
        why: String,
    },
    /// An answer that cannot be understood.
    #[error("GitHub's answer about {what} cannot be understood: {why}")]
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
            Self::Settings(_) | Self::Token(_) => Exit::Usage,
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
            Self::Settings(_) => "correct [github] in windlass.toml",
            Self::Token(_) => {
                "write the token alone into the file that `token_file` of [github] names, or set GH_TOKEN instead"
            }
            Self::Unreachable { host, .. } => {
                return Some(format!(
                    "check that {host} can be reached from here, by HTTPS_PROXY if a proxy is in between; `api` of \
                     [github] in windlass.toml says where GitHub is"
                ));
            }
            Self::Slow { .. } | Self::Status { .. } => {
                "try again; https://www.githubstatus.com says how GitHub is"
            }
            Self::NotAuthorised { needs, .. } => {
                return Some(format!(
                    "give it a token that has {needs}, in GH_TOKEN or GITHUB_TOKEN"
                ));
            }
            Self::NoToken { needs, .. } => {
                return Some(format!(
                    "set GH_TOKEN or GITHUB_TOKEN (`gh auth token` prints one) to a token that has {needs}"
                ));
            }
            Self::NotFound {
                anonymous: true,
                needs,
                ..
            } => {
                return Some(format!(
                    "if it is private, set GH_TOKEN or GITHUB_TOKEN to a token that has {needs}"
                ));
            }
            Self::NotFound { needs, .. } => {
                return Some(format!(
                    "check the name (`repository` of [github]), that it was pushed, and that the token has {needs}"
                ));
            }
            Self::RateLimited { anonymous: true, .. } => {
                "with a token GitHub takes many more: set GH_TOKEN or GITHUB_TOKEN"
            }
            Self::RateLimited { .. } => "give the same command again then",
            Self::Refused { .. } => "nothing was changed on GitHub; its words say what is in the way",
            Self::Moved { .. } => {
                "give the remote its new address (`git remote set-url`), or correct `repository` of [github]"
            }
            Self::Malformed { .. } => {
                "check `api` of [github] in windlass.toml; a proxy or a web page may stand in its place"
            }
        };
        Some(text.to_owned())
    }

    /// Whether the thing asked for simply is not there, or may not be seen.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}
