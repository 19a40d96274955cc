//! The `Authorization` of a call: from the host's last challenge, its credentials, and tokens fetched for it.

use bytes::Bytes;
use reqwest::header::{self, HeaderMap};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::auth::{self, Challenge, Scope, Token};
use super::call::{Body, Call};
use super::credentials::{Credentials, Login, refusal};
use super::error::RegistryError;
use super::exchange::transfer;
use super::host::{Host, is_in_clear};
use super::network_error::of_network;
use super::retry::{ATTEMPTS, Wait, backoff, is_worth_another, wait_for};

/// The header for a call, from what is known of the host; none before its first challenge. A token that is being
/// fetched for the same scopes is waited for, not fetched twice.
pub(super) async fn authorization(host: &Host, call: &Call) -> Result<Option<SecretString>, RegistryError> {
    let scopes = &call.scopes;
    match host.challenge(call) {
        None => Ok(None),
        Some(Challenge::Basic) => {
            let login = host.login(&call.path).await?;
            keep_from_being_shown(host, login.credentials());
            Ok(auth::basic(login.credentials()).map(SecretString::from))
        }
        Some(Challenge::Bearer {
            realm,
            service,
            scope,
        }) => {
            let slot = host.token(scopes);
            let mut token = slot.lock().await;
            if let Some(token) = token.as_ref().filter(|token| token.is_fresh()) {
                return Ok(Some(token.header().into()));
            }
            let mut wanted: Vec<String> = scopes
                .iter()
                .filter(|scope| !scope.path.is_empty())
                .map(Scope::text)
                .collect();
            if wanted.is_empty() {
                wanted.extend(scope);
            }
            let login = host.login(&call.path).await?;
            keep_from_being_shown(host, login.credentials());
            let fresh = fetch(host, &realm, service.as_deref(), &wanted, &login).await?;
            let header = fresh.header();
            host.keep_secret(header.strip_prefix("Bearer ").map(str::to_owned));
            *token = Some(fresh);
            Ok(Some(header.into()))
        }
    }
}

/// Registries repeat what they were sent in their errors, some of them whole headers.
fn keep_from_being_shown(host: &Host, credentials: &Credentials) {
    match credentials {
        Credentials::Anonymous => {}
        Credentials::IdentityToken(token) => host.keep_secret([token.expose_secret().to_owned()]),
        Credentials::Password { password, .. } => {
            let header = auth::basic(credentials);
            let encoded = header.and_then(|header| Some(header.strip_prefix("Basic ")?.to_owned()));
            host.keep_secret(encoded.into_iter().chain([password.expose_secret().to_owned()]));
        }
    }
}

/// How a host wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Basic,
    Bearer,
}

/// Takes the challenge of a 401 in, and forgets the token that was `used`. How to ask again, if that is worth it.
pub(super) async fn learn(
    host: &Host,
    call: &Call,
    headers: &HeaderMap,
    used: Option<&SecretString>,
) -> Result<Option<Scheme>, RegistryError> {
    let used = used.map(SecretString::expose_secret);
    let mut values = headers
        .get_all(header::WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let Some(challenge) = values.find_map(Challenge::parse) else {
        return Ok(None);
    };
    let again = match challenge {
        Challenge::Bearer { .. } => {
            let slot = host.token(&call.scopes);
            let mut token = slot.lock().await;
            // Another call may have fetched a new one meanwhile.
            if token.as_ref().map(Token::header).as_deref() == used {
                *token = None;
            }
            Some(Scheme::Bearer)
        }
        Challenge::Basic => {
            let is_new = !used.is_some_and(|header| header.starts_with("Basic "));
            let is_known = is_new && !host.login(&call.path).await?.is_anonymous();
            is_known.then_some(Scheme::Basic)
        }
    };
    host.remember(call, challenge);
    Ok(again)
}

/// Fetches a token for all that is `wanted`. A failure is an error: going on without a token would turn "your
/// credentials are wrong" into "there is no such image".
async fn fetch(
    host: &Host,
    realm: &str,
    service: Option<&str>,
    wanted: &[String],
    login: &Login,
) -> Result<Token, RegistryError> {
    let fail = |why: String| RegistryError::Credentials {
        host: host.name.clone(),
        why,
    };
    let credentials = login.credentials();
    let url = Url::parse(realm).map_err(|error| fail(format!("invalid token URL: {error}")))?;
    if is_in_clear(&url) && !login.is_anonymous() {
        return Err(fail(
            "its token URL is not https; credentials are not sent in clear text".to_owned(),
        ));
    }
    let mut attempt = 1;
    let (status, body) = loop {
        let request = request(
            host.client(&url, true)?,
            url.clone(),
            service,
            wanted,
            credentials,
        );
        let result = exchange(host, request).await;
        let wait = match &result {
            Ok((status, headers, _)) if attempt < ATTEMPTS => wait_for(status.as_u16(), headers),
            Err(error) if is_worth_another(error, attempt) => Some(Wait::Unsaid),
            _ => None,
        };
        let Some(wait) = wait else {
            let (status, _, body) = result?;
            break (status, body);
        };
        tokio::time::sleep(match wait {
            Wait::Asked(wait) => wait,
            Wait::Unsaid => backoff(attempt),
        })
        .await;
        attempt += 1;
    };
    if matches!(status.as_u16(), 400 | 401 | 403) {
        let wanted = wanted.join(" ");
        return Err(RegistryError::Unauthorised {
            host: host.name.clone(),
            why: refusal(Some(login), &wanted),
            message: String::new(),
        });
    }
    if !status.is_success() {
        return Err(fail(format!("its token URL returned {status}")));
    }
    auth::token(&body).ok_or_else(|| fail("its token URL returned no token".to_owned()))
}

/// Sends a request for a token, once; the whole answer.
async fn exchange(
    host: &Host,
    request: reqwest::RequestBuilder,
) -> Result<(StatusCode, HeaderMap, Bytes), RegistryError> {
    const WHAT: &str = "the request for a token";
    let response = transfer(host, request, &mut Body::None, 0, WHAT).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = tokio::time::timeout(host.idle_timeout, response.bytes())
        .await
        .map_err(|_| host.slow(host.idle_timeout))?
        .map_err(|error| of_network(host, &error, WHAT))?;
    Ok((status, headers, body))
}

/// A refresh token is exchanged by POST (OAuth 2), a password is shown to a GET.
fn request(
    client: &reqwest::Client,
    mut url: Url,
    service: Option<&str>,
    wanted: &[String],
    credentials: &Credentials,
) -> reqwest::RequestBuilder {
    if let Credentials::IdentityToken(token) = credentials {
        let scope = wanted.join(" ");
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token.expose_secret())
            .append_pair("client_id", "windlass")
            .append_pair("scope", &scope)
            .extend_pairs(service.map(|service| ("service", service)))
            .finish();
        return client
            .post(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
    }
    url.query_pairs_mut()
        .extend_pairs(service.map(|service| ("service", service)))
        .extend_pairs(wanted.iter().map(|scope| ("scope", scope)));
    let builder = client.get(url);
    match auth::basic(credentials) {
        Some(basic) => builder.header(header::AUTHORIZATION, basic),
        None => builder,
    }
}
