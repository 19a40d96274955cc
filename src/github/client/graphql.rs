//! Questions in GraphQL: one request for much. An answer with errors comes with status 200.
//! <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Ask, Client, Method};
use crate::domain::clean_line;
use crate::github::error::GitHubError;

#[derive(Debug, Serialize)]
struct Question<'a, V> {
    query: &'a str,
    variables: V,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Complaint>,
}

#[derive(Debug, Deserialize)]
struct Complaint {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: String,
}

impl Client {
    /// What is asked for, as far as the server gives it; none where it has no GraphQL.
    pub(in crate::github) async fn graphql<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        query: &str,
        variables: impl Serialize + Sync + Send,
    ) -> Result<Option<T>, GitHubError> {
        let question = Question { query, variables };
        let route = self.graphql_route();
        let sent = self.send(Method::Post, ask, &route, &question).await;
        let answer: Answer<T> = match sent {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(GitHubError::NotFound { .. } | GitHubError::Status { status: 405, .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        // A limit may come with a part of the data: the rest would never come.
        if let Some(limited) = answer.errors.iter().find(|error| error.is("RATE_LIMITED")) {
            tracing::warn!(message = %clean_line(&limited.message), "GraphQL");
            return Err(GitHubError::RateLimited {
                until: self.budget.graphql_resets(),
                anonymous: !self.has_token(),
            });
        }
        match (answer.data, answer.errors.first()) {
            (Some(data), _) => Ok(Some(data)),
            (None, Some(error)) => Err(error.explain(self, ask)),
            (None, None) => Err(GitHubError::Malformed {
                what: ask.what.clone(),
                why: "it has neither data nor errors".to_owned(),
            }),
        }
    }

    /// On GitHub Enterprise Server it stands beside `/api/v3`, not below it.
    fn graphql_route(&self) -> String {
        let url = self.api.url();
        match url.path().trim_end_matches('/').strip_suffix("/v3") {
            Some(before) => {
                let mut there = url.clone();
                there.set_path(&format!("{before}/graphql"));
                there.into()
            }
            None => "/graphql".to_owned(),
        }
    }
}

impl Complaint {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    fn explain(&self, client: &Client, ask: &Ask) -> GitHubError {
        let (what, why) = (ask.what.clone(), clean_line(&self.message));
        if self.is("NOT_FOUND") {
            GitHubError::NotFound {
                what,
                anonymous: !client.has_token(),
                needs: ask.needs.to_owned(),
            }
        } else if self.is("FORBIDDEN") || self.is("INSUFFICIENT_SCOPES") {
            GitHubError::NotAuthorised {
                what,
                why,
                needs: ask.needs.to_owned(),
            }
        } else {
            GitHubError::Refused { what, why }
        }
    }
}
