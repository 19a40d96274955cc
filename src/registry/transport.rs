//! One way for all requests: budget, credentials, redirects, patience.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use tokio::sync::OwnedSemaphorePermit;

use super::auth::{self, Challenge, Scope};
use super::credentials::Credentials;
use super::error::RegistryError;
use super::host::Host;
use super::settings::Settings;
use crate::domain::clean_line;

/// How often a request that is safe to repeat is sent in all.
const ATTEMPTS: u32 = 5;
/// The longest wait that a host can ask for before it counts as failed.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// More redirects than any registry needs.
const REDIRECTS: usize = 5;
/// The most that is read of an error's body.
const ERROR_LIMIT: usize = 64 * 1024;

/// All hosts.
pub(super) struct Transport {
    settings: Settings,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

/// A request, before it knows its host's ways.
pub(super) struct Call {
    pub(super) method: Method,
    /// An absolute URL, or a path on the host.
    pub(super) target: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Body,
    pub(super) scopes: BTreeSet<Scope>,
}

/// What a request carries.
pub(super) enum Body {
    None,
    Bytes(Bytes),
    /// Can be sent once only. It travels on the place in the budget of the download that feeds it: taking a second
    /// one could leave every place of a host to downloads that wait for an upload.
    Stream {
        body: reqwest::Body,
        size: u64,
        activity: Activity,
    },
}

/// When bytes of a stream last moved.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<tokio::time::Instant>>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(tokio::time::Instant::now())))
    }

    pub(super) fn moved(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tokio::time::Instant::now();
    }

    /// Ends when nothing has moved for `patience`.
    async fn stalled(&self, patience: Duration) {
        loop {
            let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + patience;
            if until <= tokio::time::Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// An answer; its place in the host's budget is given back when it is dropped.
pub(super) struct Answer {
    response: Response,
    host: Arc<Host>,
    request: String,
    _place: Option<OwnedSemaphorePermit>,
}

impl Call {
    pub(super) fn new(method: Method, target: impl Into<String>, scope: Scope) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: Body::None,
            scopes: BTreeSet::from([scope]),
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// What it is, for errors: without the host and without a query, which may carry a session's secrets.
    fn words(&self) -> String {
        let path = Url::parse(&self.target).map_or_else(|_| self.target.clone(), |url| url.path().to_owned());
        format!("{} {}", self.method, path.split('?').next().unwrap_or_default())
    }

    /// Sent twice, it does no more than sent once.
    fn is_repeatable(&self) -> bool {
        match self.body {
            Body::Stream { .. } => false,
            Body::None | Body::Bytes(_) => self.method != Method::POST && self.method != Method::PATCH,
        }
    }
}

impl Transport {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            hosts: Mutex::new(HashMap::new()),
        }
    }

    pub(super) fn host(&self, name: &str) -> Result<Arc<Host>, RegistryError> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(name) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::new(name, &self.settings)?);
        hosts.insert(name.to_owned(), Arc::clone(&host));
        Ok(host)
    }

    /// Sends a call and gives back whatever a registry answers in the end: with credentials where they are asked for,
    /// redirects of reads followed, and again where that is safe and the host was only busy or broken.
    pub(super) async fn send(&self, host: &str, mut call: Call) -> Result<Answer, RegistryError> {
        let host = self.host(host)?;
        let place = match call.body {
            Body::Stream { .. } => None,
            Body::None | Body::Bytes(_) => Some(take_place(&host).await),
        };
        let request = call.words();
        let mut asked_again = false;
        let mut attempt = 1;
        loop {
            let authorization = authorization(&host, &call.scopes).await?;
            let repeatable = call.is_repeatable();
            let result = send_once(&host, &mut call, authorization.as_deref(), &request).await;
            let response = match result {
                Ok(response) => response,
                Err(error) if repeatable && attempt < ATTEMPTS && is_passing(&error) => {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && !asked_again && !matches!(call.body, Body::Stream { .. })
            {
                asked_again = true;
                if learn(&host, &call.scopes, response.headers()).await? {
                    continue;
                }
            }
            if let Some(wait) = wait_for(&response, attempt)
                && attempt < ATTEMPTS
                && may_repeat(&call, status)
            {
                tracing::info!(host = host.name, seconds = wait.as_secs_f32(), "asked to wait");
                tokio::time::sleep(wait).await;
                attempt += 1;
                continue;
            }
            return Ok(Answer {
                response,
                host,
                request,
                _place: place,
            });
        }
    }
}

async fn take_place(host: &Arc<Host>) -> OwnedSemaphorePermit {
    let waiting = Arc::clone(&host.budget).acquire_owned();
    match waiting.await {
        Ok(place) => place,
        // The budget is never closed while its host lives.
        Err(_) => std::future::pending().await,
    }
}

/// Sends it once, following redirects of reads with no credentials for another host.
async fn send_once(
    host: &Host,
    call: &mut Call,
    authorization: Option<&str>,
    request: &str,
) -> Result<Response, RegistryError> {
    let mut url = absolute(host, &call.target)?;
    for _ in 0..=REDIRECTS {
        host.turn().await;
        let same_host = url.as_str().starts_with(&format!("{}/", host.base));
        let mut builder = host.client.request(call.method.clone(), url.clone());
        for (name, value) in &call.headers {
            builder = builder.header(name, value);
        }
        if let Some(authorization) = authorization.filter(|_| same_host) {
            builder = builder.header(header::AUTHORIZATION, authorization);
        }
        let response = transfer(host, builder, &mut call.body, request).await?;
        let reads = matches!(call.method, Method::GET | Method::HEAD);
        let location = response
            .headers()
            .get(header::LOCATION)
            .and_then(|l| l.to_str().ok());
        match location {
            Some(location) if reads && response.status().is_redirection() => {
                url = url.join(location).map_err(|error| RegistryError::NotARegistry {
                    host: host.name.clone(),
                    why: format!("it redirects to something that is no address: {error}"),
                })?;
            }
            _ => return Ok(response),
        }
    }
    Err(RegistryError::NotARegistry {
        host: host.name.clone(),
        why: "it redirects without end".to_owned(),
    })
}

fn absolute(host: &Host, target: &str) -> Result<Url, RegistryError> {
    let text = if target.starts_with('/') {
        format!("{}{target}", host.base)
    } else {
        target.to_owned()
    };
    Url::parse(&text).map_err(|error| RegistryError::NotARegistry {
        host: host.name.clone(),
        why: format!("it named an address that is none: {error}"),
    })
}

async fn transfer(
    host: &Host,
    builder: RequestBuilder,
    body: &mut Body,
    request: &str,
) -> Result<Response, RegistryError> {
    let slow = || RegistryError::Slow {
        host: host.name.clone(),
        seconds: host.idle_timeout.as_secs(),
    };
    let sent = match std::mem::replace(body, Body::None) {
        Body::None => tokio::time::timeout(host.idle_timeout, builder.send())
            .await
            .map_err(|_| slow())?,
        Body::Bytes(bytes) => {
            *body = Body::Bytes(bytes.clone());
            tokio::time::timeout(host.idle_timeout, builder.body(bytes).send())
                .await
                .map_err(|_| slow())?
        }
        Body::Stream {
            body: stream,
            size,
            activity,
        } => {
            let sending = builder.header(header::CONTENT_LENGTH, size).body(stream).send();
            tokio::select! {
                sent = sending => sent,
                () = activity.stalled(host.idle_timeout) => return Err(slow()),
            }
        }
    };
    sent.map_err(|error| of_network(host, &error, request))
}

/// What a failed exchange was, in words that a person can act upon.
fn of_network(host: &Host, error: &reqwest::Error, request: &str) -> RegistryError {
    let mut why = String::new();
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = source {
        why = cause.to_string();
        source = cause.source();
    }
    let why = clean_line(&if why.is_empty() { error.to_string() } else { why });
    if error.is_timeout() {
        RegistryError::Slow {
            host: host.name.clone(),
            seconds: host.idle_timeout.as_secs(),
        }
    } else if error.is_connect() {
        RegistryError::Unreachable {
            host: host.name.clone(),
            why,
        }
    } else {
        RegistryError::Broken {
            host: host.name.clone(),
            request: request.to_owned(),
            why,
        }
    }
}

const fn is_passing(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Broken { .. })
}

/// The wait before another attempt: doubling from 100 ms, with chance, so that many clients do not come back at once.
fn backoff(attempt: u32) -> Duration {
    let base = Duration::from_millis(100) * 2_u32.pow(attempt.min(6) - 1);
    base.mul_f64(0.5 + rand::random::<f64>())
}

/// How long an overloaded or broken host is left alone; none for an answer that stands.
fn wait_for(response: &Response, attempt: u32) -> Option<Duration> {
    match response.status().as_u16() {
        429 | 503 => Some(
            retry_after(response.headers(), Timestamp::now())
                .unwrap_or_else(|| backoff(attempt))
                .min(LONGEST_WAIT),
        ),
        500 | 502 | 504 => Some(backoff(attempt)),
        _ => None,
    }
}

/// 429 and 503 say that nothing was done, so that even a POST may be sent again, as long as its body is still there.
fn may_repeat(call: &Call, status: StatusCode) -> bool {
    call.is_repeatable()
        || (matches!(status.as_u16(), 429 | 503) && !matches!(call.body, Body::Stream { .. }))
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = u64::try_from(date.as_second() - now.as_second()).unwrap_or(0);
    Some(Duration::from_secs(seconds))
}

/// The header for a call, from what is known of the host; none before its first challenge.
async fn authorization(host: &Host, scopes: &BTreeSet<Scope>) -> Result<Option<String>, RegistryError> {
    match host.challenge() {
        None => Ok(None),
        Some(Challenge::Basic) => Ok(auth::basic(host.credentials().await?)),
        Some(Challenge::Bearer {
            realm,
            service,
            scope,
        }) => {
            if let Some(token) = host.token(scopes) {
                return Ok(Some(token.header()));
            }
            let token = fetch_token(host, &realm, service.as_deref(), scope.as_deref(), scopes).await?;
            let header = token.header();
            host.keep(scopes, Some(token));
            Ok(Some(header))
        }
    }
}

/// Takes a challenge in; whether it is worth asking again.
async fn learn(host: &Host, scopes: &BTreeSet<Scope>, headers: &HeaderMap) -> Result<bool, RegistryError> {
    let mut values = headers
        .get_all(header::WWW_AUTHENTICATE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let Some(challenge) = values.find_map(Challenge::parse) else {
        return Ok(false);
    };
    let fresh_token = matches!(challenge, Challenge::Bearer { .. });
    host.keep(scopes, None);
    host.remember(challenge);
    Ok(fresh_token || !matches!(host.credentials().await?, Credentials::Anonymous))
}

/// Fetches a token for all scopes of a call. A failure is an error: going on without a token would turn "your
/// credentials are wrong" into "there is no such image".
async fn fetch_token(
    host: &Host,
    realm: &str,
    service: Option<&str>,
    challenged: Option<&str>,
    scopes: &BTreeSet<Scope>,
) -> Result<auth::Token, RegistryError> {
    use secrecy::ExposeSecret as _;
    let fail = |why: String| RegistryError::Credentials {
        host: host.name.clone(),
        why,
    };
    let credentials = host.credentials().await?;
    let mut wanted: Vec<String> = scopes
        .iter()
        .filter(|s| !s.path.is_empty())
        .map(Scope::text)
        .collect();
    if wanted.is_empty() {
        wanted.extend(challenged.map(str::to_owned));
    }
    let mut url = Url::parse(realm).map_err(|error| fail(format!("its token address is none: {error}")))?;
    let secure = url.scheme() == "https" || host.base.starts_with("http://");
    if !secure && !matches!(credentials, Credentials::Anonymous) {
        return Err(fail(
            "its token address is not https, and credentials are not sent in the clear".to_owned(),
        ));
    }
    let builder = match credentials {
        Credentials::IdentityToken(token) => {
            let mut form = vec![
                ("grant_type", "refresh_token".to_owned()),
                ("refresh_token", token.expose_secret().to_owned()),
                ("client_id", "windlass".to_owned()),
                ("scope", wanted.join(" ")),
            ];
            form.extend(service.map(|service| ("service", service.to_owned())));
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            host.client
                .post(url)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body)
        }
        Credentials::Anonymous | Credentials::Password { .. } => {
            {
                let mut query = url.query_pairs_mut();
                query.extend_pairs(service.map(|service| ("service", service)));
                query.extend_pairs(wanted.iter().map(|scope| ("scope", scope)));
            }
            let builder = host.client.get(url);
            match auth::basic(credentials) {
                Some(basic) => builder.header(header::AUTHORIZATION, basic),
                None => builder,
            }
        }
    };
    let response = transfer(host, builder, &mut Body::None, "the request for a token").await?;
    let status = response.status();
    if matches!(status.as_u16(), 400 | 401 | 403) {
        let why = match credentials {
            Credentials::Anonymous => format!("wants credentials for {}", wanted.join(" ")),
            _ => format!("refuses the credentials for {}", wanted.join(" ")),
        };
        return Err(RegistryError::Unauthorised {
            host: host.name.clone(),
            why,
        });
    }
    if !status.is_success() {
        return Err(fail(format!("its token address answered {status}")));
    }
    let body = response
        .bytes()
        .await
        .map_err(|error| of_network(host, &error, "the request for a token"))?;
    auth::token(&body).ok_or_else(|| fail("its token address answered without a token".to_owned()))
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn host(&self) -> &str {
        &self.host.name
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// Where the registry says that a thing is, made absolute; with the query it came with.
    pub(super) fn location(&self) -> Option<String> {
        self.resolve(self.header("location")?)
    }

    /// An address that the answer names, made absolute.
    pub(super) fn resolve(&self, address: &str) -> Option<String> {
        self.response.url().join(address).ok().map(Into::into)
    }

    /// The next piece of the body; none at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        match tokio::time::timeout(self.host.idle_timeout, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(of_network(&self.host, &error, &self.request)),
            Err(_) => Err(RegistryError::Slow {
                host: self.host.name.clone(),
                seconds: self.host.idle_timeout.as_secs(),
            }),
        }
    }

    /// The whole body, as long as it has at most `limit` bytes.
    pub(super) async fn bytes(mut self, limit: u64, what: &str) -> Result<Bytes, RegistryError> {
        let too_large = |size| RegistryError::TooLarge {
            host: self.host.name.clone(),
            what: what.to_owned(),
            size,
            limit,
        };
        if let Some(size) = self.response.content_length().filter(|size| *size > limit) {
            return Err(too_large(size));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > limit {
                return Err(RegistryError::TooLarge {
                    host: self.host.name.clone(),
                    what: what.to_owned(),
                    size: bytes.len() as u64,
                    limit,
                });
            }
        }
        Ok(bytes.into())
    }

    /// This answer as the error that it is; `what` was asked for.
    pub(super) async fn into_error(self, what: &str) -> RegistryError {
        let host = self.host.name.clone();
        let status = self.status();
        let request = self.request.clone();
        let anonymous = matches!(self.host.credentials().await, Ok(Credentials::Anonymous));
        let is_html = self
            .header("content-type")
            .is_some_and(|t| t.starts_with("text/html"));
        let message = match self.bytes(ERROR_LIMIT as u64, "an error").await {
            Ok(body) => own_words(&body),
            Err(_) => String::new(),
        };
        match status {
            401 if anonymous => RegistryError::Unauthorised {
                host,
                why: format!("wants credentials for {what}"),
            },
            401 | 403 => RegistryError::Unauthorised {
                host,
                why: format!("refuses the credentials for {what}"),
            },
            404 if is_html => RegistryError::NotARegistry {
                host,
                why: format!("it answers {request} with a web page"),
            },
            404 => RegistryError::NotFound {
                host,
                what: what.to_owned(),
            },
            _ => RegistryError::Status {
                host,
                request,
                status,
                message,
            },
        }
    }
}

/// The message of an OCI error body, harmless and short.
fn own_words(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let first = &value["errors"][0];
    let words = match (first["code"].as_str(), first["message"].as_str()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    };
    clean_line(&words).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            read("Mon, 23 Nov 2026 10:00:09 GMT"),
            Some(Duration::from_secs(9))
        );
        assert_eq!(read("Mon, 23 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn an_error_body_is_made_harmless() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no \u001b[31mway"}]}"#;
        assert_eq!(own_words(body), "DENIED: no way");
        assert_eq!(own_words(b"<html>"), "");
    }
}
