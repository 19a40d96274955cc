//! Writes: each is sent once.

use octocrab::FromResponse as _;
use reqwest::StatusCode;
use reqwest::header;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Ask, Client};
use crate::github::error::GitHubError;

/// How a write is sent.
#[derive(Debug, Clone, Copy)]
pub(in crate::github) enum Method {
    Post,
    Patch,
}

impl Client {
    /// A write that is answered with what it made.
    pub(in crate::github) async fn post<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        route: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, GitHubError> {
        let made = self.send(Method::Post, ask, route, body).await?;
        made.ok_or_else(|| GitHubError::Malformed {
            what: ask.what.clone(),
            why: "the answer is empty".to_owned(),
        })
    }

    /// A write, sent once; once more only where a renamed repository says where it is now, which does nothing. None for
    /// an answer without a body.
    pub(in crate::github) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        ask: &Ask,
        route: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Option<T>, GitHubError> {
        let session = self.session().await?;
        let writes = &session.writes;
        let send = async |route: &str| match method {
            Method::Post => writes._post(route, Some(body)).await,
            Method::Patch => writes._patch(route, Some(body)).await,
        };
        let sending = async {
            let mut response = send(route).await?;
            let moved = matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT
                    | StatusCode::PERMANENT_REDIRECT
                    | StatusCode::MOVED_PERMANENTLY
            );
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            if moved && let Some(there) = location.and_then(|location| self.ours(location)) {
                response = send(&there).await?;
            }
            self.budget.note(response.headers());
            let answer = octocrab::map_github_error(response).await?;
            if answer.status() == StatusCode::NO_CONTENT {
                return Ok(None);
            }
            T::from_response(answer).await.map(Some)
        };
        match tokio::time::timeout(self.patience, sending).await {
            Ok(answer) => answer.map_err(|error| self.explain(ask, &error)),
            Err(_) => Err(self.slow(ask)),
        }
    }
}
