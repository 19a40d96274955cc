//! Logs, which GitHub keeps on other hosts: it says where, and the token stays here.

use futures_util::StreamExt as _;
use reqwest::header;
use reqwest::redirect::Policy;
use url::Url;

use super::{Ask, Client, REDIRECTS, tls};
use crate::github::error::{GitHubError, deepest};
use crate::github::log_lines::LogLines;

impl Client {
    /// What keeps the text that `route` leads to is asked for it, and each line told as it comes: nothing of it is kept
    /// here.
    pub(in crate::github) async fn lines(
        &self,
        ask: &Ask,
        route: &str,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), GitHubError> {
        let octocrabs = self.octocrabs().await?;
        let asking = async {
            let response = octocrabs.reads._get(route).await?;
            self.budget.note(response.headers());
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|location| Url::parse(location.to_str().ok()?).ok());
            if response.status().is_redirection()
                && let Some(location) = location
            {
                return octocrab::Result::Ok(Some(location));
            }
            octocrab::map_github_error(response).await.map(|_| None)
        };
        let asked = tokio::time::timeout(self.patience, asking).await;
        let location = asked.map_err(|_| self.slow(ask))?;
        let location = location.map_err(|error| self.explain(ask, &error))?;
        let location = location.ok_or_else(|| GitHubError::Malformed {
            what: ask.what.clone(),
            why: "it does not lead to where the log is kept".to_owned(),
        })?;
        let strangers = &octocrabs.strangers;
        self.read_lines(ask, strangers, location, tell).await
    }

    async fn read_lines(
        &self,
        ask: &Ask,
        strangers: &reqwest::Client,
        location: Url,
        tell: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), GitHubError> {
        // Its address is a secret for as long as it is valid, so that no error repeats it.
        let host = location.host_str().unwrap_or_default().to_owned();
        let unreachable = |error: reqwest::Error| GitHubError::Unreachable {
            host: host.clone(),
            why: deepest(&error.without_url()),
        };
        let response = strangers.get(location).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(GitHubError::Status {
                what: ask.what.clone(),
                status: response.status().as_u16(),
                why: format!("from {host}, where logs are kept"),
            });
        }
        let mut lines = LogLines::default();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            lines.feed(&chunk.map_err(unreachable)?, tell);
        }
        lines.end(tell);
        Ok(())
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
