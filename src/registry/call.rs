//! A request, before it knows its host's ways.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt as _};
use reqwest::header::HeaderName;
use reqwest::{Method, Url};
use tokio::time::Instant;

use super::auth::Scope;

/// What is more than this is sent in pieces of this size.
pub(super) const PIECE: usize = 64 * 1024;

/// A request to one host.
pub(super) struct Call {
    pub(super) method: Method,
    /// An absolute URL, or a path on the host.
    pub(super) target: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Body,
    pub(super) scopes: BTreeSet<Scope>,
    /// The repository that it is about, whose credentials are used for it; empty for the registry itself.
    pub(super) path: String,
    /// Whether the caller holds a place in the host's budget for it already.
    pub(super) holds_place: bool,
    /// Whether the body of its answer is read piece by piece, because it may be large.
    pub(super) piecewise: bool,
    /// The bytes that the host may have to hash before it answers, beside those of the body.
    pub(super) hashed: u64,
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
        /// How many of its bytes have gone out.
        gone: Arc<AtomicU64>,
        activity: Activity,
    },
}

impl Body {
    /// A body of `size` bytes that is fed piece by piece, and what tells that it moves.
    pub(super) fn stream(
        size: u64,
        pieces: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
        activity: Activity,
    ) -> Self {
        let gone = Arc::new(AtomicU64::new(0));
        let (count, moves) = (Arc::clone(&gone), activity.clone());
        let pieces = pieces.inspect_ok(move |piece| {
            count.fetch_add(piece.len() as u64, Ordering::Relaxed);
            moves.moved();
        });
        Self::Stream {
            body: reqwest::Body::wrap_stream(pieces),
            size,
            gone,
            activity,
        }
    }

    /// Many bytes piece by piece, so that a slow link is known from one that stands still.
    pub(super) fn in_pieces(mut bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        let pieces = stream::iter(std::iter::from_fn(move || {
            (!bytes.is_empty()).then(|| Ok(bytes.split_to(PIECE.min(bytes.len()))))
        }));
        Self::stream(size, pieces, Activity::new())
    }
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

    /// Ends when nothing has moved for as long as `patience` says, which may say more later. Returns how long that was.
    pub(super) async fn stalled(&self, patience: impl Fn() -> Duration) -> Duration {
        loop {
            let patience = patience();
            let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + patience;
            if until <= Instant::now() {
                return patience;
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
            path: scope.path.clone(),
            scopes: BTreeSet::from([scope]),
            holds_place: false,
            piecewise: false,
            hashed: 0,
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

    /// That the host may hash so many bytes, which it has got before, when it gets this.
    pub(super) const fn hashing(mut self, bytes: u64) -> Self {
        self.hashed = bytes;
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
