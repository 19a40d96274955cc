//! What a registry answered: its head, its body within limits, and the error that it is.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{Response, Url};

use super::budget::Place;
use super::credentials::refusal;
use super::error::RegistryError;
use super::host::Host;
use super::manifest::MANIFEST_LIMIT;
use super::network_error::of_network;
use super::retry::comes_back;
use crate::domain::clean_line;

/// The most that is read of an error's body.
const ERROR_LIMIT: u64 = 64 * 1024;

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The registry.
    Registry,
    /// Another place, by its scheme, host and port. What it answers says nothing about the registry: not who is let in,
    /// not how much it bears, not what it has.
    Elsewhere(String),
}

/// An answer; its place in the host's budget is given back when it is dropped.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) host: Arc<Host>,
    pub(super) request: String,
    /// The repository that it was about, whose credentials it was asked with.
    pub(super) path: String,
    /// Who gave it: the registry itself, or a place that it led to (a storage, an upload host).
    pub(super) from: Origin,
    /// What was read of the body too early, and is given out again first.
    pub(super) put_back: Option<Bytes>,
    pub(super) place: Option<Place>,
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether the registry itself gave it.
    pub(super) fn is_own(&self) -> bool {
        self.from == Origin::Registry
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

    /// Whether the body is a web page, which no part of the protocol is.
    pub(super) fn is_html(&self) -> bool {
        self.header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
    }

    /// Where the registry says that a thing is, made absolute; with the query it came with.
    pub(super) fn location(&self) -> Option<String> {
        self.resolve(self.header("location")?).map(Into::into)
    }

    /// All values of a header.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.response.headers().get_all(name).iter();
        // What is no text is left to the parser of the header, which refuses it.
        values.map(|value| value.to_str().unwrap_or("\u{fffd}"))
    }

    /// The address that answered.
    pub(super) fn address(&self) -> &str {
        self.response.url().as_str()
    }

    /// An address of this answer, made absolute.
    pub(super) fn resolve(&self, address: &str) -> Option<Url> {
        self.response.url().join(address).ok()
    }

    /// Gives the rest of a piece back, to be the next one.
    pub(super) fn put_back(&mut self, piece: Bytes) {
        self.put_back = Some(piece);
    }

    /// The next piece of the body; none at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        if let Some(piece) = self.put_back.take() {
            return Ok(Some(piece));
        }
        match tokio::time::timeout(self.host.idle_timeout, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(of_network(&self.host, &error, &self.request)),
            Err(_) => Err(self.host.slow(self.host.idle_timeout)),
        }
    }

    /// Reads the body ahead, so that a connection that breaks in it breaks now; of a large one only the beginning.
    pub(super) async fn read_ahead(&mut self) -> Result<(), RegistryError> {
        let mut bytes = Vec::new();
        while bytes.len() as u64 <= MANIFEST_LIMIT
            && let Some(chunk) = self.chunk().await?
        {
            bytes.extend_from_slice(&chunk);
        }
        if !bytes.is_empty() {
            self.put_back(bytes.into());
        }
        Ok(())
    }

    /// The whole body, as long as it has at most `limit` bytes.
    pub(super) async fn bytes(mut self, limit: u64, what: &str) -> Result<Bytes, RegistryError> {
        let host = self.host.name.clone();
        let too_large = |size| RegistryError::TooLarge {
            host,
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
                return Err(too_large(bytes.len() as u64));
            }
        }
        Ok(bytes.into())
    }

    /// This answer as the error that it is; `what` was asked for.
    pub(super) async fn into_error(self, what: &str) -> RegistryError {
        let host = self.host.name.clone();
        let status = self.status();
        let request = self.request.clone();
        if let Origin::Elsewhere(storage) = &self.from {
            return RegistryError::Elsewhere {
                host,
                storage: clean_line(&self.host.mask(storage)),
                what: what.to_owned(),
                status,
            };
        }
        let login = self.host.login(&self.path).await.ok();
        let is_html = self.is_html();
        let wait = comes_back(status, self.response.headers(), Timestamp::now())
            .or_else(|| self.host.grants_again().filter(|_| status == 429));
        let masking = Arc::clone(&self.host);
        let mut message = match self.bytes(ERROR_LIMIT, "an error").await {
            Ok(body) => clean_line(&masking.mask(&own_words(&body))),
            Err(_) => String::new(),
        };
        if let Some(wait) = wait {
            let comma = if message.is_empty() { "" } else { ", " };
            message = format!("{message}{comma}retry after {} s", wait.as_secs());
        }
        match status {
            401 | 403 => RegistryError::Unauthorised {
                host,
                why: refusal(login.as_deref(), what),
                message,
            },
            404 if is_html => RegistryError::NotARegistry {
                host,
                why: format!("it returned a web page for {request}"),
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
    fn an_error_body_is_made_harmless() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no \u001b[31mway"}]}"#;
        assert_eq!(own_words(body), "DENIED: no way");
        assert_eq!(own_words(b"<html>"), "");
    }
}
