//! Logs, which GitHub keeps elsewhere: it says where, and the token stays here. Other forges answer with the log itself.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::Body;
use reqwest::redirect::Policy;
use reqwest::{StatusCode, header};
use url::Url;

use super::connection::{REDIRECTS, tls};
use super::{Ask, Client};
use crate::github::error::{GitHubError, deepest};
use crate::github::log_lines::LogLines;

/// How much of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum LogLength {
    /// All of it.
    Whole,
    /// So many bytes of its end, where whoever keeps it gives less than all; else all.
    End(u64),
}

/// How much of a log was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPart {
    /// All of it.
    Whole,
    /// Its last lines.
    End,
}

impl Client {
    /// What keeps the text that `route` leads to is asked for it, or for the end of it, and each line told as it comes:
    /// nothing of it is kept here.
    pub(in crate::github) async fn lines(
        &self,
        ask: &Ask,
        route: &str,
        length: LogLength,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<LogPart, GitHubError> {
        let session = self.session().await?;
        let mut route = route.to_owned();
        for _ in 0..=REDIRECTS {
            let asked = tokio::time::timeout(self.patience, session.logs._get(&route)).await;
            let asked = asked.map_err(|_| self.slow(ask))?;
            let response = asked.map_err(|error| self.explain(ask, &error))?;
            self.budget.note(response.headers());
            self.spending.note(Instant::now());
            let location = response.headers().get(header::LOCATION);
            let location = location
                .and_then(|location| location.to_str().ok())
                .map(str::to_owned);
            let status = response.status();
            if status.is_success() {
                self.read_body(ask, response.into_body(), tell).await?;
                return Ok(LogPart::Whole);
            }
            match location.filter(|_| status.is_redirection()) {
                // A repository has another name now.
                Some(moved) if status != StatusCode::FOUND => {
                    route = self.ours(&moved).ok_or_else(|| leads_nowhere(ask))?;
                }
                Some(there) => {
                    let there = self.api.url().join(&there);
                    let there = there.map_err(|_| leads_nowhere(ask))?;
                    let strangers = &session.strangers;
                    return self.read_lines(ask, strangers, there, length, tell).await;
                }
                None => {
                    let explained = octocrab::map_github_error(response).await;
                    return Err(explained
                        .err()
                        .map_or_else(|| leads_nowhere(ask), |error| self.explain(ask, &error)));
                }
            }
        }
        Err(leads_nowhere(ask))
    }

    /// The log is the answer itself, as from Gitea.
    async fn read_body<B>(
        &self,
        ask: &Ask,
        body: B,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), GitHubError>
    where
        B: Body<Data = Bytes, Error = octocrab::Error> + Send,
    {
        let mut body = pin!(body);
        let mut lines = LogLines::default();
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let frame = frame.map_err(|error| self.explain(ask, &error))?;
            if let Some(data) = frame.data_ref() {
                lines.feed(data, tell);
            }
        }
        lines.end(tell);
        Ok(())
    }

    async fn read_lines(
        &self,
        ask: &Ask,
        strangers: &reqwest::Client,
        location: Url,
        length: LogLength,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<LogPart, GitHubError> {
        // Its address is a secret for as long as it is valid, so that no error repeats it.
        let host = location.host_str().unwrap_or_default().to_owned();
        let unreachable = |error: reqwest::Error| GitHubError::Unreachable {
            host: host.clone(),
            why: deepest(&error.without_url()),
        };
        let asking = strangers.get(location.clone()).send();
        let mut response = asking.await.map_err(unreachable)?;
        let mut part = LogPart::Whole;
        // Not every storage takes `bytes=-N`, so that its size is looked at first.
        if let (LogLength::End(bytes), Some(size)) = (length, response.content_length())
            && size > bytes
            && response.status() == StatusCode::OK
        {
            let from = size - bytes;
            let asking = strangers
                .get(location)
                .header(header::RANGE, format!("bytes={from}-"));
            let end = asking.send().await.map_err(unreachable)?;
            if end.status() == StatusCode::PARTIAL_CONTENT {
                part = LogPart::End;
                response = end;
            }
        }
        if !response.status().is_success() {
            return Err(GitHubError::Status {
                what: ask.what.clone(),
                status: response.status().as_u16(),
                why: format!("from {host}, where logs are kept"),
            });
        }
        let mut lines = match part {
            LogPart::Whole => LogLines::default(),
            LogPart::End => LogLines::from_the_middle(),
        };
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            lines.feed(&chunk.map_err(unreachable)?, tell);
        }
        lines.end(tell);
        Ok(part)
    }

    /// A client for other hosts, which are sent nothing but the address.
    pub(super) fn strangers(&self) -> Result<reqwest::Client, GitHubError> {
        let unusable = |why: String| GitHubError::Unreachable {
            host: self.host.clone(),
            why,
        };
        // Where logs are kept is on TLS wherever GitHub is.
        let mut builder = reqwest::Client::builder()
            .read_timeout(self.patience)
            .connect_timeout(self.patience / 3)
            .redirect(Policy::limited(REDIRECTS))
            .tls_backend_preconfigured(tls(self.api.url()).map_err(unusable)?);
        if self.api.is_loopback() {
            builder = builder.no_proxy();
        } else {
            builder = builder.https_only(true);
        }
        builder.build().map_err(|error| unusable(deepest(&error)))
    }
}

fn leads_nowhere(ask: &Ask) -> GitHubError {
    GitHubError::Malformed {
        what: ask.what.clone(),
        why: "it does not lead to where the log is kept".to_owned(),
    }
}
