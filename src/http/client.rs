//! One client for all of them.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::error::{HttpError, deepest};
use super::retry::{Attempts, asked, is_passing, retry_after};
use super::secret::{SIGNATURE_HEADER, signature};
use super::tls::tls;
use crate::domain::{clean_line, is_loopback};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The media type of most bodies.
const JSON: &str = "application/json";
/// What most answers are best.
const JSON_OR_ANY: &str = "application/json, */*;q=0.5";
/// The longest answer that is read, in bytes.
const MAX_ANSWER_SIZE: usize = 1024 * 1024;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where to.
    pub url: Url,
    /// What is posted; a GET without one.
    pub body: Option<Vec<u8>>,
    /// The media type of what is posted.
    pub content_type: &'static str,
    /// The media types of answers that are understood.
    pub accept: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The token that it shows (RFC 6750).
    pub token: Option<SecretString>,
    /// A secret that the body holds: as the token, it is masked in the answer.
    pub masked: Option<SecretString>,
    /// How long one attempt may take.
    pub limit: Duration,
}

impl Request {
    /// A GET.
    pub const fn get(url: Url, limit: Duration) -> Self {
        Self {
            url,
            body: None,
            content_type: JSON,
            accept: JSON_OR_ANY,
            headers: Vec::new(),
            token: None,
            masked: None,
            limit,
        }
    }

    /// A POST of a JSON document, signed with `secret` if there is one.
    pub fn post(url: Url, body: Vec<u8>, secret: Option<&SecretString>, limit: Duration) -> Self {
        let signed = secret.map(|secret| (SIGNATURE_HEADER, signature(secret, &body)));
        Self {
            url,
            body: Some(body),
            content_type: JSON,
            accept: JSON_OR_ANY,
            headers: signed.into_iter().collect(),
            token: None,
            masked: None,
            limit,
        }
    }

    /// The host with its port, as people see it: the path may hold a secret.
    pub fn host(&self) -> String {
        clean_line(&self.url.origin().ascii_serialization())
    }
}

/// An answer, of any status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// Where it leads to.
    pub location: Option<String>,
    /// When it asks to come back.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Whether it is a success (2xx).
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What it says, in words: its status and the first line of its body.
    pub fn words(&self) -> String {
        const SHOWN_CHARACTERS: usize = 120;
        let text = self.text();
        let first = text.lines().map(clean_line).find(|line| !line.trim().is_empty());
        let shown: String = first
            .iter()
            .flat_map(|line| line.chars())
            .take(SHOWN_CHARACTERS)
            .collect();
        if shown.is_empty() {
            format!("status {}", self.status)
        } else {
            format!("status {}: {shown}", self.status)
        }
    }
}

/// What sends requests.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// A client for requests to the host of `url`. Loopback never uses a proxy.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(url: &Url) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(tls(url)?);
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        builder.build().map(Self).map_err(|error| deepest(&error))
    }

    /// Sends `request`, and again where it could not be received, where nobody knows, or where the answer says that it may
    /// succeed later (429 and 5xx). A wait that a host asks for is kept.
    ///
    /// # Errors
    /// When there was no answer in the end.
    pub async fn send(
        &self,
        request: &Request,
        attempts: Attempts,
        cancel: &CancellationToken,
    ) -> Result<Answer, HttpError> {
        let mut attempt = 1;
        loop {
            let result = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(HttpError::Interrupted),
                result = self.send_once(request) => result,
            };
            let wait = match &result {
                Ok((_, Err(_too_long))) => None,
                Ok((answer, Ok(wait))) if is_passing(answer.status) => {
                    Some(wait.unwrap_or_else(|| attempts.wait_after(attempt)))
                }
                Err(HttpError::Unreachable { .. } | HttpError::Broken { .. } | HttpError::Slow { .. }) => {
                    Some(attempts.wait_after(attempt))
                }
                _ => None,
            };
            let Some(wait) = wait.filter(|_| attempt < attempts.most) else {
                return result.map(|(answer, _)| answer);
            };
            tokio::select! {
                () = cancel.cancelled() => return Err(HttpError::Interrupted),
                () = tokio::time::sleep(wait) => {}
            }
            attempt += 1;
        }
    }

    /// The answer, and what [`asked`] says of it.
    async fn send_once(
        &self,
        request: &Request,
    ) -> Result<(Answer, Result<Option<Duration>, Duration>), HttpError> {
        let host = request.host();
        let mut builder = match &request.body {
            None => self.0.get(request.url.clone()),
            Some(body) => self
                .0
                .post(request.url.clone())
                .header(header::CONTENT_TYPE, request.content_type)
                .body(body.clone()),
        };
        builder = builder.header(header::ACCEPT, request.accept);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(token) = &request.token {
            builder = builder.bearer_auth(token.expose_secret());
        }
        let exchange = async {
            let mut response = builder.send().await.map_err(|error| failed(&host, &error))?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| failed(&host, &error))? {
                if body.len() + chunk.len() > MAX_ANSWER_SIZE {
                    return Err(HttpError::TooMuch {
                        host: host.clone(),
                        limit: MAX_ANSWER_SIZE,
                    });
                }
                body.extend_from_slice(&chunk);
            }
            for secret in request.token.iter().chain(&request.masked) {
                body = without(body, secret.expose_secret().as_bytes());
            }
            let (headers, now) = (response.headers(), Timestamp::now());
            let location = headers
                .get(header::LOCATION)
                .and_then(|value| value.to_str().ok());
            let answer = Answer {
                status: response.status().as_u16(),
                body,
                location: location.map(str::to_owned),
                retry_after: retry_after(headers, now),
            };
            Ok((answer, asked(headers, now)))
        };
        match tokio::time::timeout(request.limit, exchange).await {
            Ok(result) => result,
            Err(_) => Err(HttpError::Slow {
                host: host.clone(),
                limit: request.limit,
            }),
        }
    }
}

/// A body in which a secret that was sent does not come back: what a service answers is shown and kept.
fn without(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if secret.is_empty() || !body.windows(secret.len()).any(|part| part == secret) {
        return body;
    }
    let mut masked = Vec::with_capacity(body.len());
    let mut rest = &body[..];
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(secret) {
            masked.extend_from_slice(b"***");
            rest = after;
        } else {
            masked.push(*first);
            rest = &rest[1..];
        }
    }
    masked
}

fn failed(host: &str, error: &reqwest::Error) -> HttpError {
    let (host, why) = (host.to_owned(), deepest(error));
    if error.is_connect() {
        HttpError::Unreachable { host, why }
    } else {
        HttpError::Broken { host, why }
    }
}
