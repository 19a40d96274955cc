//! An answer of the forge: with an etag, by which one that has not changed is not sent and not counted again.

use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::domain::Digest;

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Value,
}

impl Answer {
    pub(super) const fn ok(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            body,
        }
    }

    pub(super) const fn with(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            location: None,
            body,
        }
    }

    /// Why there is no other.
    pub(super) fn refused(status: StatusCode, message: &str) -> Self {
        let documentation = "https://docs.github.com/rest";
        let body = json!({"message": message, "documentation_url": documentation, "status": status.as_str()});
        Self::with(status, body)
    }

    pub(super) fn not_found() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "Not Found")
    }

    /// As it is sent to whoever knows what `headers` say; whether it counts.
    pub(super) fn send(self, headers: &HeaderMap, remaining: u64) -> (Response<Body>, bool) {
        let text = match &self.body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let etag = format!("W/\"{}\"", Digest::of(text.as_bytes()).hex());
        let is_known = self.status == StatusCode::OK
            && headers
                .get(header::IF_NONE_MATCH)
                .is_some_and(|known| known == etag.as_str());
        let (status, text) = if is_known {
            (StatusCode::NOT_MODIFIED, String::new())
        } else {
            (self.status, text)
        };
        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("x-ratelimit-limit", "5000")
            .header("x-ratelimit-remaining", remaining.to_string());
        if self.status == StatusCode::OK {
            response = response.header(header::ETAG, etag);
        }
        if let Some(location) = self.location {
            response = response.header(header::LOCATION, location);
        }
        let response = response.body(Body::from(text)).unwrap_or_default();
        (response, !is_known)
    }
}
