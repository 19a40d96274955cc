//! What went wrong, by the answer or by the network, without the token and harmless to a terminal.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::cache::JsonError;
use super::{Ask, Client};
use crate::domain::clean_line;
use crate::github::error::{GitHubError, deepest};

/// More than GitHub's messages have; a page in place of an answer has more.
const WORDS: usize = 300;

impl Client {
    pub(super) fn explain(&self, ask: &Ask, error: &octocrab::Error) -> GitHubError {
        let what = ask.what.clone();
        match error {
            octocrab::Error::GitHub { source, .. } => self.answered(ask, source),
            octocrab::Error::Json { source, .. } => self.malformed(ask, source),
            octocrab::Error::Serde { source, .. } => GitHubError::Malformed {
                what,
                why: self.words(&source.to_string()),
            },
            other => self.network(ask, other),
        }
    }

    pub(super) fn malformed(&self, ask: &Ask, error: &JsonError) -> GitHubError {
        GitHubError::Malformed {
            what: ask.what.clone(),
            why: self.words(&format!("{} at {}", error.inner(), error.path())),
        }
    }

    fn network(&self, ask: &Ask, error: &octocrab::Error) -> GitHubError {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(found) = cause {
            if found
                .downcast_ref::<reqwest::Error>()
                .is_some_and(reqwest::Error::is_timeout)
            {
                return self.slow(ask);
            }
            cause = found.source();
        }
        GitHubError::Unreachable {
            host: self.host.clone(),
            why: self.words(&deepest(error)),
        }
    }

    fn answered(&self, ask: &Ask, answer: &octocrab::GitHubError) -> GitHubError {
        let (what, why) = (ask.what.clone(), self.message(answer));
        let none = HeaderMap::new();
        let headers = answer.headers.as_ref().unwrap_or(&none);
        let status = answer.status_code;
        let needs = needs(headers, ask.needs);
        if is_limit(status, headers, &why) {
            return GitHubError::RateLimited {
                until: limit_ends(headers),
                anonymous: !self.has_token(),
            };
        }
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if !self.has_token() => {
                GitHubError::NoToken { what, needs }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                GitHubError::NotAuthorised { what, why, needs }
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => GitHubError::NotFound {
                what,
                anonymous: !self.has_token(),
                needs,
            },
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => GitHubError::Refused { what, why },
            status if status.is_redirection() => GitHubError::Moved {
                what,
                host: self.host.clone(),
            },
            status => GitHubError::Status {
                what,
                status: status.as_u16(),
                why,
            },
        }
    }

    /// GitHub's own words, those about single fields with them.
    fn message(&self, answer: &octocrab::GitHubError) -> String {
        let mut words = answer.message.clone();
        for error in answer.errors.iter().flatten() {
            let field = |name| error.get(name).and_then(serde_json::Value::as_str);
            let said = error.as_str().or_else(|| field("message")).map(str::to_owned);
            let said = said.or_else(|| Some(format!("{}: {}", field("field")?, field("code")?)));
            if let Some(said) = said {
                words.push_str("; ");
                words.push_str(&said);
            }
        }
        self.words(&words)
    }

    /// One harmless line of a few words, without the token, which a stranger might send back.
    fn words(&self, text: &str) -> String {
        let line = clean_line(&self.shown.hide(text));
        match line.char_indices().nth(WORDS) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }
}

/// The permission that is needed: as GitHub says it, else as it is known.
fn needs(headers: &HeaderMap, known: &str) -> String {
    let said = |name: &str| {
        let text = headers.get(name)?.to_str().ok()?.trim();
        (!text.is_empty()).then(|| clean_line(text))
    };
    match (
        said("x-accepted-github-permissions"),
        said("x-accepted-oauth-scopes"),
    ) {
        (Some(fine), Some(classic)) => format!("{fine} (classic: {classic})"),
        (Some(fine), None) => fine,
        _ => known.to_owned(),
    }
}

/// Whether GitHub says that it takes no more requests: 429, or a 403 that is about limits.
fn is_limit(status: StatusCode, headers: &HeaderMap, message: &str) -> bool {
    let spent = number(headers, "x-ratelimit-remaining") == Some(0);
    let about_limits = spent || number(headers, "retry-after").is_some() || message.contains("rate limit");
    status == StatusCode::TOO_MANY_REQUESTS || (status == StatusCode::FORBIDDEN && about_limits)
}

/// Until when, if it says so.
fn limit_ends(headers: &HeaderMap) -> Option<Timestamp> {
    if let Some(after) = number(headers, "retry-after") {
        return Timestamp::now()
            .checked_add(SignedDuration::from_secs(after))
            .ok();
    }
    let spent = number(headers, "x-ratelimit-remaining") == Some(0);
    let resets = number(headers, "x-ratelimit-reset").filter(|_| spent)?;
    Timestamp::from_second(resets).ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}
