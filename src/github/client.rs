//! The way to GitHub: one client that repeats what it reads, one that sends each write once, and what went wrong in words.

mod cache;
mod explain;
mod logs;
mod writes;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use octocrab::service::middleware::retry::{RateLimitMetrics, RetryConfig};
use octocrab::{FromResponse, OctoBody, Octocrab};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::{OnceCell, watch};
use url::Url;

use self::cache::{Budget, Cache, Cached, JsonError};
use super::error::{GitHubError, deepest};
use crate::domain::{ApiAddress, LinkError, clean_line, next_link};

/// How often a read is repeated.
const REPETITIONS: usize = 3;
/// How long is waited where GitHub says that it is too much, and not until when.
const WAIT_UNSAID: u64 = 5;
/// More pages than any list has that is asked for here; GitHub itself ends most lists at a thousand entries.
const PAGES: usize = 50;
/// More redirects than a repository has had names.
const REDIRECTS: usize = 3;

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

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    /// How many entries the whole list has, where GitHub says it.
    pub(super) total: Option<u64>,
}

impl<T> From<Vec<T>> for Page<T> {
    fn from(entries: Vec<T>) -> Self {
        Self { entries, total: None }
    }
}

/// GitHub's API at one address, with one token.
pub(super) struct Client {
    api: ApiAddress,
    host: String,
    token: Option<SecretString>,
    patience: Duration,
    limits: Arc<Limits>,
    cache: Cache,
    budget: Budget,
    // Made when they are first needed, in the runtime that they will live in.
    octocrabs: OnceCell<Octocrabs>,
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

struct Octocrabs {
    reads: Octocrab,
    writes: Octocrab,
    /// Asks where logs are kept, and goes there by itself nowhere: not on its own host either.
    logs: Octocrab,
    /// For logs, which are kept on other hosts: it shows no token.
    strangers: reqwest::Client,
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
        token: Option<SecretString>,
        patience: Duration,
    ) -> Result<Self, GitHubError> {
        if let Some(token) = &token {
            bearer(token)?;
        }
        Ok(Self {
            host: api.authority(),
            api,
            token,
            patience,
            limits: Arc::new(Limits {
                patience,
                until: watch::Sender::new(None),
            }),
            cache: Cache::default(),
            budget: Budget::default(),
            octocrabs: OnceCell::new(),
        })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// How many requests GitHub takes yet, as its last answer said.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.budget.remaining()
    }

    pub(super) const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// One answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, ask: &Ask, route: &str) -> Result<T, GitHubError> {
        Ok(self.page(ask, route).await?.0)
    }

    /// All entries of a list, page by page. Where the answer says how many there are, that many have to come: fewer are
    /// not the list.
    pub(super) async fn pages<P: DeserializeOwned, T>(
        &self,
        ask: &Ask,
        route: &str,
        entries: impl Fn(P) -> Page<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let odd = |why: String| GitHubError::Malformed {
            what: ask.what.clone(),
            why,
        };
        let mut all = Vec::new();
        let mut total = None;
        let mut next = Some(route.to_owned());
        let mut seen = BTreeSet::from([self.ours(route).unwrap_or_else(|| route.to_owned())]);
        for _ in 0..PAGES {
            let Some(route) = next else {
                let came = all.len() as u64;
                return match total {
                    Some(total) if total != came => {
                        Err(odd(format!("it reports {total} entries but returned {came}")))
                    }
                    _ => Ok(all),
                };
            };
            let (page, link) = self.page(ask, &route).await?;
            let page = entries(page);
            all.extend(page.entries);
            total = page.total.or(total);
            next = link
                .map_err(|error| odd(error.to_string()))?
                .map(|link| self.ours(&link).ok_or_else(|| elsewhere(ask)))
                .transpose()?;
            if let Some(next) = &next
                && !seen.insert(next.clone())
            {
                return Err(odd("a page links back to an earlier one".to_owned()));
            }
        }
        Err(GitHubError::Malformed {
            what: ask.what.clone(),
            why: format!("it has more than {PAGES} pages"),
        })
    }

    /// One page, and the address of the next.
    async fn page<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        route: &str,
    ) -> Result<(T, Result<Option<String>, LinkError>), GitHubError> {
        let reads = &self.octocrabs().await?.reads;
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

    async fn octocrabs(&self) -> Result<&Octocrabs, GitHubError> {
        let unusable = |why: String| GitHubError::Unreachable {
            host: self.host.clone(),
            why,
        };
        let make = || async {
            let origin = self.api.url().clone();
            let follow = Policy::custom(move |attempt| {
                if attempt.previous().len() <= REDIRECTS && attempt.url().origin() == origin.origin() {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            });
            let heeding = || RetryConfig::HandleRateLimits {
                metrics: Arc::clone(&self.limits) as Arc<dyn RateLimitMetrics>,
                max_retries: REPETITIONS,
                min_wait_seconds: WAIT_UNSAID,
                retry_on_forbidden: false,
            };
            Ok(Octocrabs {
                reads: octocrab(&self.api, heeding(), self.http(follow)?)
                    .map_err(|error| unusable(deepest(&error)))?,
                logs: octocrab(&self.api, heeding(), self.http(Policy::none())?)
                    .map_err(|error| unusable(deepest(&error)))?,
                writes: octocrab(&self.api, RetryConfig::None, self.http(Policy::none())?)
                    .map_err(|error| unusable(deepest(&error)))?,
                strangers: self.strangers()?,
            })
        };
        self.octocrabs.get_or_try_init(make).await
    }

    /// The client that octocrab stands on: TLS by aws-lc with the authorities of the system, the proxies of the
    /// environment, a limit on every exchange, and the token as a header that no log shows.
    fn http(&self, redirects: Policy) -> Result<reqwest::Client, GitHubError> {
        let unusable = |why: String| GitHubError::Unreachable {
            host: self.host.clone(),
            why,
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/vnd.github+json"),
        );
        if let Some(token) = &self.token {
            headers.insert(header::AUTHORIZATION, bearer(token)?);
        }
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            // One attempt that hangs leaves time for another.
            .timeout(self.patience / 2)
            .connect_timeout(self.patience / 3)
            .redirect(redirects)
            .tls_backend_preconfigured(tls(self.api.url()).map_err(unusable)?);
        if self.api.is_loopback() {
            // A proxy would look for this machine on itself.
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| unusable(deepest(&error)))
    }

    fn slow(&self, ask: &Ask) -> GitHubError {
        GitHubError::Slow {
            host: self.host.clone(),
            what: ask.what.clone(),
            patience: self.patience,
        }
    }
}

fn octocrab(api: &ApiAddress, retry: RetryConfig, http: reqwest::Client) -> octocrab::Result<Octocrab> {
    Octocrab::builder()
        .base_uri(api.to_string())?
        .upload_uri(api.to_string())?
        .add_retry_config(retry)
        .build_with_reqwest(http)
}

/// The token as a header. Its text is in no error: it would be half of the token.
fn bearer(token: &SecretString) -> Result<HeaderValue, GitHubError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| {
        GitHubError::Token("it contains characters that are not allowed in a token".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn tls(api: &Url) -> Result<rustls::ClientConfig, String> {
    let mut config = crate::http::tls(api)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn elsewhere(ask: &Ask) -> GitHubError {
    GitHubError::Malformed {
        what: ask.what.clone(),
        why: "its next page is on another host".to_owned(),
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
        let token = SecretString::from("ghp_secret\nX-Evil: 1");
        let api: ApiAddress = "https://api.github.com".parse().unwrap();
        let error = Client::new(api, Some(token), Duration::from_secs(1))
            .err()
            .unwrap();
        assert!(!format!("{error} {error:?}").contains("ghp_"), "{error:?}");
    }
}
