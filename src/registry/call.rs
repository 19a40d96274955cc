//! A request, before it knows its host's ways.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderName;
use reqwest::{Method, Url};
use tokio::time::Instant;

use super::auth::Scope;

/// A request to one host.
pub(super) struct Call {
    pub(super) method: Method,
    /// An absolute URL, or a path on the host.
    pub(super) target: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Body,
    pub(super) scopes: BTreeSet<Scope>,
    /// Whether the caller holds a place in the host's budget for it already.
    pub(super) holds_place: bool,
    /// Whether the body of its answer is read piece by piece, because it may be large.
    pub(super) piecewise: bool,
    /// Where it is counted, each time that it is sent.
    pub(super) sent: Option<Arc<AtomicU64>>,
}

/// What a request carries.
pub(super) enum Body {
    None,
    Bytes(Bytes),
    /// Can be sent once only.
    Stream {
        body: reqwest::Body,
        size: u64,
        activity: Activity,
    },
}

/// When bytes of a stream last moved.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<Instant>>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn moved(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends when nothing has moved for `patience`.
    pub(super) async fn stalled(&self, patience: Duration) {
        loop {
            let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + patience;
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

impl Call {
    pub(super) fn new(method: Method, target: impl Into<String>, scope: Scope) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: Body::None,
            scopes: BTreeSet::from([scope]),
            holds_place: false,
            piecewise: false,
            sent: None,
        }
    }

    pub(super) fn count(&self) {
        if let Some(sent) = &self.sent {
            sent.fetch_add(1, Ordering::Relaxed);
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

    pub(super) const fn holding_place(mut self) -> Self {
        self.holds_place = true;
        self
    }

    pub(super) const fn piecewise(mut self) -> Self {
        self.piecewise = true;
        self
    }

    /// What it is, for errors: without the host and without a query, which may carry a session's secrets.
    pub(super) fn words(&self) -> String {
        let path = Url::parse(&self.target).map_or_else(|_| self.target.clone(), |url| url.path().to_owned());
        format!("{} {}", self.method, path.split('?').next().unwrap_or_default())
    }

    pub(super) const fn is_streamed(&self) -> bool {
        matches!(self.body, Body::Stream { .. })
    }

    /// Sent twice, it does no more than sent once. An upload's session ends with its PUT, so that one is begun anew by
    /// whoever opened it.
    pub(super) fn is_repeatable(&self) -> bool {
        !self.is_streamed()
            && (matches!(self.method, Method::GET | Method::HEAD)
                || self.method == Method::PUT && self.words().contains("/manifests/"))
    }
}
