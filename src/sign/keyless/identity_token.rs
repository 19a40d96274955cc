//! The ID token (`OpenID` Connect Core 1.0, section 2) by which whoever runs this says who they are: one that was given, or the one
//! that GitHub Actions gives to a job with `id-token: write`.

use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::service::Service;
use crate::http::Request;
use crate::sign::error::SignError;

/// The variable with a token, as other programs of Sigstore have it.
const GIVEN: &str = "SIGSTORE_ID_TOKEN";
/// The variables of GitHub Actions
/// (<https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token>).
const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Where the ID token comes from. Neither the token nor what it is asked for with is ever shown.
pub enum TokenSource {
    /// `SIGSTORE_ID_TOKEN`.
    Given(SecretString),
    /// GitHub Actions: asked anew each time.
    GitHub {
        /// Where.
        url: Url,
        /// What proves which job asks.
        token: SecretString,
    },
}

#[derive(Deserialize)]
struct TokenAnswer {
    value: String,
}

impl TokenSource {
    /// What the environment of this process has.
    ///
    /// # Errors
    /// [`SignError::NoIdentity`] where it has nothing.
    pub fn ambient() -> Result<Self, SignError> {
        Self::of(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SignError> {
        if let Some(token) = variable(GIVEN) {
            return Ok(Self::Given(token.trim().to_owned().into()));
        }
        let (Some(url), Some(token)) = (variable(GITHUB_URL), variable(GITHUB_TOKEN)) else {
            return Err(SignError::NoIdentity);
        };
        Ok(Self::GitHub {
            url: url.parse().map_err(|_| SignError::NoIdentity)?,
            token: token.into(),
        })
    }

    /// A token that is meant for `audience`. One that was given is as it is.
    pub(super) async fn token(&self, audience: &str) -> Result<SecretString, SignError> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::GitHub { url, token } => {
                let mut url = url.clone();
                url.query_pairs_mut().append_pair("audience", audience);
                let service = Service::new("GitHub's token service", &url)?;
                let mut request = Request::get(url, Service::LIMIT);
                request.token = Some(token.clone());
                let answer = service.ask(&request).await?;
                let answer: Result<TokenAnswer, _> = serde_json::from_slice(&answer);
                // The error of the parser would show what it could not parse.
                match answer {
                    Ok(answer) if !answer.value.is_empty() => Ok(answer.value.into()),
                    _ => Err(service.failure("its answer has no token")),
                }
            }
        }
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given(_) => GIVEN,
            Self::GitHub { .. } => "GitHub Actions",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(variables: &[(&str, &str)]) -> Result<TokenSource, SignError> {
        let variables: std::collections::BTreeMap<_, _> = variables.iter().copied().collect();
        TokenSource::of(|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_token_that_was_given_comes_before_that_of_the_job() {
        let job = [
            (GITHUB_URL, "https://pipelines.example.com/x?a=1"),
            (GITHUB_TOKEN, "t"),
        ];
        assert!(matches!(source(&job), Ok(TokenSource::GitHub { .. })));
        let both = [job[0], job[1], (GIVEN, "given")];
        assert!(matches!(source(&both), Ok(TokenSource::Given(_))));
    }

    #[test]
    fn half_of_what_a_job_has_is_no_identity() {
        for variables in [
            &[][..],
            &[(GITHUB_URL, "https://pipelines.example.com/")],
            &[(GITHUB_TOKEN, "t")],
            &[(GITHUB_URL, "no address"), (GITHUB_TOKEN, "t")],
        ] {
            assert!(
                matches!(source(variables), Err(SignError::NoIdentity)),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn a_source_of_tokens_does_not_show_them() {
        let job = [
            (GITHUB_URL, "https://pipelines.example.com/secret-path"),
            (GITHUB_TOKEN, "secret-token"),
        ];
        let shown = format!(
            "{:?} {:?}",
            source(&job).unwrap(),
            source(&[(GIVEN, "secret-token")]).unwrap()
        );
        assert!(!shown.contains("secret"), "{shown}");
    }
}
