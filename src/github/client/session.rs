//! The connections to GitHub, and what is shown on them: made once, and again before a token ends.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use octocrab::FromResponse as _;
use octocrab::service::middleware::retry::{RateLimitMetrics, RetryConfig};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::connection::{REDIRECTS, Session, bearer, build, octocrab as github_client, tls};
use super::{Ask, Client};
use crate::domain::GitHubApp;
use crate::github::credentials::{Credentials, token_of_app, token_of_gh};
use crate::github::error::{GitHubError, deepest};
use crate::github::origin;

/// How often a read is repeated.
const REPETITIONS: usize = 3;
/// How long is waited where GitHub says that it is too much, and not until when.
const WAIT_UNSAID: u64 = 5;
/// How long before its end a token is replaced: what is asked for then still ends in time.
const BEFORE_END: SignedDuration = SignedDuration::from_mins(1);

/// The installation of an App.
#[derive(Deserialize)]
struct Installation {
    id: u64,
}

/// The token of an installation.
#[derive(Deserialize)]
struct InstallationToken {
    token: String,
    expires_at: Timestamp,
}

impl Client {
    /// The connections, with a token that lasts.
    pub(super) async fn session(&self) -> Result<Arc<Session>, GitHubError> {
        let mut kept = self.session.lock().await;
        let lasts = |session: &&Arc<Session>| {
            session
                .ends
                .is_none_or(|ends| ends.duration_since(Timestamp::now()) > BEFORE_END)
        };
        if let Some(session) = kept.as_ref().filter(lasts) {
            return Ok(Arc::clone(session));
        }
        let (token, ends) = self.authorise().await?;
        let session = Arc::new(self.connect(token.as_ref(), ends)?);
        self.shown.set(token);
        *kept = Some(Arc::clone(&session));
        Ok(session)
    }

    /// The token, and when it ends.
    async fn authorise(&self) -> Result<(Option<SecretString>, Option<Timestamp>), GitHubError> {
        Ok(match &self.credentials {
            Credentials::Anonymous => (None, None),
            Credentials::Token(token) => (Some(token.clone()), None),
            Credentials::Gh(program) => (
                token_of_gh(program, &origin::host_of_pages(&self.api)).await,
                None,
            ),
            Credentials::App(app) => {
                let made = self.installation_token(app).await?;
                (Some(made.token.into()), Some(made.expires_at))
            }
        })
    }

    /// A token of the App's installation, for this repository alone.
    async fn installation_token(&self, app: &GitHubApp) -> Result<InstallationToken, GitHubError> {
        let own = token_of_app(app, Timestamp::now())?;
        let session = self.connect(Some(&own), None)?;
        self.shown.set(Some(own));
        let needs = "an installation of the GitHub App in the repository";
        let ask = Ask::new(
            format!("the installation of the GitHub App in {}", self.repository),
            needs,
        );
        let id = if let Some(id) = app.installation {
            id
        } else {
            let route = format!("/repos/{}/installation", self.repository);
            let asking = async {
                let answer = octocrab::map_github_error(session.reads._get(route).await?).await?;
                Installation::from_response(answer).await
            };
            self.answer(&ask, asking).await?.id
        };
        let ask = Ask::new(format!("a token of installation {id} of the GitHub App"), needs);
        let route = format!("/app/installations/{id}/access_tokens");
        let body = json!({"repositories": [self.repository.name()]});
        let asking = async {
            let answer = octocrab::map_github_error(session.writes._post(route, Some(&body)).await?).await?;
            InstallationToken::from_response(answer).await
        };
        self.answer(&ask, asking).await
    }

    async fn answer<T>(
        &self,
        ask: &Ask,
        asking: impl Future<Output = octocrab::Result<T>>,
    ) -> Result<T, GitHubError> {
        match tokio::time::timeout(self.patience, asking).await {
            Ok(answer) => answer.map_err(|error| self.explain(ask, &error)),
            Err(_) => Err(self.slow(ask)),
        }
    }

    /// Makes the connections.
    fn connect(&self, token: Option<&SecretString>, ends: Option<Timestamp>) -> Result<Session, GitHubError> {
        let unusable = |why: String| GitHubError::Unreachable {
            host: self.host.clone(),
            why,
        };
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
        // One attempt that hangs leaves time for another.
        let limited = |policy| build(self.http(policy, token)?.timeout(self.patience / 2)).map_err(unusable);
        let patient = self.http(Policy::none(), token)?.read_timeout(self.patience);
        Ok(Session {
            reads: github_client(&self.api, heeding(), limited(follow)?)
                .map_err(|error| unusable(deepest(&error)))?,
            writes: github_client(&self.api, RetryConfig::None, limited(Policy::none())?)
                .map_err(|error| unusable(deepest(&error)))?,
            strangers: self.strangers()?,
            logs: github_client(&self.api, heeding(), build(patient).map_err(unusable)?)
                .map_err(|error| unusable(deepest(&error)))?,
            ends,
        })
    }

    /// What every client that shows the token has: TLS by aws-lc with the authorities of the system, the proxies of the
    /// environment, and the token as a header that no log shows.
    fn http(
        &self,
        redirects: Policy,
        token: Option<&SecretString>,
    ) -> Result<reqwest::ClientBuilder, GitHubError> {
        let unusable = |why: String| GitHubError::Unreachable {
            host: self.host.clone(),
            why,
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/vnd.github+json"),
        );
        if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, bearer(token)?);
        }
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(self.patience / 3)
            .redirect(redirects)
            .tls_backend_preconfigured(tls(self.api.url()).map_err(unusable)?);
        if self.api.is_loopback() {
            // A proxy would look for this machine on itself.
            builder = builder.no_proxy();
        }
        Ok(builder)
    }
}
