//! The way to GitHub: one client that repeats what it reads, one that sends each write once, and what went wrong in words.

mod cache;
mod connection;
mod explain;
mod graphql;
mod lists;
mod logs;
mod session;
mod writes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use octocrab::service::middleware::retry::RateLimitMetrics;
use octocrab::{FromResponse, OctoBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use reqwest::header;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::{Mutex, watch};

use self::cache::{Budget, Cache, Cached, JsonError};
use self::connection::{Session, Shown};
use super::credentials::Credentials;
use super::error::GitHubError;
use super::forge::Forge;
use super::spending::Spending;
use crate::domain::{ApiAddress, LinkError, RepositoryName, clean_line, next_link};

pub(super) use self::lists::Page;
pub(super) use self::logs::LogLength;
pub use self::logs::LogPart;
pub(super) use self::writes::Method;

/// What stays as it is in a part of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// `text` as one part of a path, or as the value of a query.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// What is asked for, in the words of an error, and the permission that it needs.
pub(super) struct Ask {
    pub(super) what: String,
    pub(super) needs: &'static str,
}

impl Ask {
    pub(super) fn new(what: impl AsRef<str>, needs: &'static str) -> Self {
        Self {
            what: clean_line(what.as_ref()),
            needs,
        }
    }
}

/// GitHub's API at one address, with what requests are authorised by.
pub(super) struct Client {
    api: ApiAddress,
    host: String,
    repository: RepositoryName,
    credentials: Credentials,
    /// What was shown to GitHub last, once something was.
    shown: Shown,
    patience: Duration,
    limits: Arc<Limits>,
    cache: Cache,
    budget: Budget,
    spending: Spending,
    // Made when it is first needed, in the runtime that it will live in.
    session: Mutex<Option<Arc<Session>>>,
}

/// Why there is no answer.
enum Trouble {
    Octocrab(octocrab::Error),
    /// It has another form than it should have.
    Form(JsonError),
}

impl From<octocrab::Error> for Trouble {
    fn from(error: octocrab::Error) -> Self {
        Self::Octocrab(error)
    }
}

/// Tells those who wait that a limit ends later than they can wait for.
struct Limits {
    patience: Duration,
    until: watch::Sender<Option<Timestamp>>,
}

impl RateLimitMetrics for Limits {
    fn retry_after_error(&self, _: &hyper::Request<OctoBody>, _: StatusCode, _: usize) {}

    fn rate_limited(&self, _: &hyper::Request<OctoBody>, _: StatusCode, _: usize, seconds: u64) {
        if Duration::from_secs(seconds) > self.patience {
            let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            let until = Timestamp::now().checked_add(wait).unwrap_or(Timestamp::MAX);
            self.until.send_replace(Some(until));
        }
    }
}

impl Client {
    pub(super) fn new(
        api: ApiAddress,
        repository: &RepositoryName,
        credentials: Credentials,
        patience: Duration,
    ) -> Result<Self, GitHubError> {
        if let Credentials::Token(token) = &credentials {
            connection::bearer(token)?;
        }
        Ok(Self {
            host: api.authority(),
            api,
            repository: repository.clone(),
            credentials,
            shown: Shown::default(),
            patience,
            limits: Arc::new(Limits {
                patience,
                until: watch::Sender::new(None),
            }),
            cache: Cache::default(),
            budget: Budget::default(),
            spending: Spending::default(),
            session: Mutex::default(),
        })
    }

    pub(super) fn forge(&self) -> Forge {
        Forge::from_api(&self.api)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// How many requests GitHub takes yet, as its last answer said.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.budget.remaining()
    }

    pub(super) fn breather(&self) -> Duration {
        self.spending.breather(Instant::now())
    }

    /// Whether requests are authorised; of what only `gh` knows it is taken to be so until it was asked.
    pub(super) fn has_token(&self) -> bool {
        match self.credentials {
            Credentials::Anonymous => false,
            Credentials::Token(_) | Credentials::App(_) => true,
            Credentials::Gh(_) => self.shown.is_authorised(),
        }
    }

    /// One answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, ask: &Ask, route: &str) -> Result<T, GitHubError> {
        Ok(self.page(ask, route).await?.0)
    }

    /// One page, and the address of the next.
    async fn page<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        route: &str,
    ) -> Result<(T, Result<Option<String>, LinkError>), GitHubError> {
        let session = self.session().await?;
        let reads = &session.reads;
        let mut limits = self.limits.until.subscribe();
        let known = self.cache.get(route);
        let asking = async {
            let response = reads
                ._get_with_headers(route, known.as_ref().map(Cached::condition))
                .await?;
            self.budget.note(response.headers());
            if let (StatusCode::NOT_MODIFIED, Some(known)) = (response.status(), known) {
                return known.read().map_err(Trouble::Form);
            }
            self.spending.note(Instant::now());
            let links = response.headers().get_all(header::LINK).iter();
            let next = next_link(links.map(|link| link.to_str().unwrap_or("\u{fffd}")));
            let etag = response.headers().get(header::ETAG).cloned();
            let answer = octocrab::map_github_error(response).await?;
            let Some(etag) = etag else {
                return Ok((T::from_response(answer).await?, next));
            };
            let body = Box::<RawValue>::from_response(answer).await?;
            let cached = Cached::new(etag, body, next);
            let read = cached.read().map_err(Trouble::Form)?;
            self.cache.keep(route, cached);
            Ok(read)
        };
        tokio::select! {
            answered = tokio::time::timeout(self.patience, asking) => match answered {
                Ok(answer) => answer.map_err(|trouble| match trouble {
                    Trouble::Octocrab(error) => self.explain(ask, &error),
                    Trouble::Form(error) => self.malformed(ask, &error),
                }),
                Err(_) => Err(self.slow(ask)),
            },
            Ok(()) = limits.changed() => Err(GitHubError::RateLimited {
                until: *limits.borrow(),
                anonymous: !self.has_token(),
            }),
        }
    }

    /// The address that a link names, if that is of this API, where alone the token may go.
    fn ours(&self, link: &str) -> Option<String> {
        let url = self.api.url().join(link).ok()?;
        (url.origin() == self.api.url().origin()).then(|| url.into())
    }

    fn slow(&self, ask: &Ask) -> GitHubError {
        GitHubError::Slow {
            host: self.host.clone(),
            what: ask.what.clone(),
            patience: self.patience,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path_are_encoded_whole() {
        assert_eq!(segment("release/v1.4.0"), "release%2Fv1.4.0");
        assert_eq!(segment("a?b#c d"), "a%3Fb%23c%20d");
    }

    #[test]
    fn a_token_with_a_line_break_is_no_token_and_is_not_repeated() {
        let token = secrecy::SecretString::from("ghp_secret\nX-Evil: 1");
        let api: ApiAddress = "https://api.github.com".parse().unwrap();
        let repository = "acme/app".parse().unwrap();
        let error = Client::new(
            api,
            &repository,
            Credentials::Token(token),
            Duration::from_secs(1),
        )
        .err()
        .unwrap();
        assert!(!format!("{error} {error:?}").contains("ghp_"), "{error:?}");
    }
}
