//! Faults on request: what the embedded registry does wrong when it is told to, so that tests and demonstrations can
//! show how windlass bears it.

use std::io;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::locked::locked;
use crate::domain::Digest;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The request is not served: this status is answered instead (401, 429, 500, 503…).
    Answer {
        /// The status of the answer.
        status: u16,
        /// The value of `Retry-After`, if there is one: seconds or an HTTP date.
        retry_after: Option<String>,
    },
    /// The connection is reset before anything is answered. The request was not served.
    Reset,
    /// The request is served, but the connection breaks off after this many bytes of the answer's body.
    Truncate {
        /// Bytes that still arrive.
        after: u64,
    },
    /// The request is served, but one byte of the answer's body is changed.
    FlipByte {
        /// Which byte, from 0.
        at: u64,
    },
    /// The request is served, but `Docker-Content-Digest` names other content.
    LieAboutDigest,
    /// The request is served, but after this many bytes of the answer's body nothing more comes until the client gives
    /// up or the registry ends.
    Stall {
        /// Bytes that still arrive; with 0 the head of the answer is held back as well.
        after: u64,
    },
}

/// One fault: which requests it hits, and what it does to them; what that can be is for whoever carries it out to say.
#[derive(Debug, Clone)]
pub struct Fault<E = Effect> {
    effect: E,
    method: Option<String>,
    path: String,
    skip: u64,
    times: u64,
}

impl<E: Clone> Fault<E> {
    /// A fault that hits the next request, whatever it is, once.
    pub const fn new(effect: E) -> Self {
        Self {
            effect,
            method: None,
            path: String::new(),
            skip: 0,
            times: 1,
        }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn on_method(self, method: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            ..self
        }
    }

    /// Only requests whose path and query contain this text.
    #[must_use]
    pub fn on_path(self, part: &str) -> Self {
        Self {
            path: part.to_owned(),
            ..self
        }
    }

    /// The first `count` requests that would be hit pass unharmed.
    #[must_use]
    pub fn after(self, count: u64) -> Self {
        Self { skip: count, ..self }
    }

    /// How many requests it hits before it is used up; once unless said.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { times: count, ..self }
    }

    /// It is never used up.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    /// Whether it is about requests of this method to this path and query, and not used up.
    pub fn concerns(&self, method: &str, path: &str) -> bool {
        self.times > 0 && self.method.as_deref().is_none_or(|own| own == method) && path.contains(&self.path)
    }

    /// Counts a request that it concerns; its effect, if it hits it.
    pub fn strike(&mut self) -> Option<E> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.saturating_sub(1);
        Some(self.effect.clone())
    }
}

/// The faults of one registry.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// One more, after those that are there.
    pub(super) fn add(&self, fault: Fault) {
        locked(&self.0).push(fault);
    }

    /// What hits this request: the effect of the first fault that does.
    pub(super) fn strike(&self, method: &str, path: &str) -> Option<Effect> {
        let mut faults = locked(&self.0);
        faults
            .iter_mut()
            .filter(|fault| fault.concerns(method, path))
            .find_map(Fault::strike)
    }
}

impl Effect {
    /// Spoils an answer; the effects that take the place of one leave it as it is.
    pub(super) async fn distort(self, mut response: Response, stop: &CancellationToken) -> Response {
        match self {
            Self::Answer { .. } | Self::Reset => response,
            Self::LieAboutDigest => {
                let lie = Digest::of(b"other content").to_string();
                if let Ok(lie) = HeaderValue::from_str(&lie) {
                    response.headers_mut().insert("docker-content-digest", lie);
                }
                response
            }
            Self::FlipByte { at } => response.map(|body| flipped(body, at)),
            Self::Truncate { after } => response.map(|body| broken_off(body, after, None)),
            Self::Stall { after } => {
                if after == 0 {
                    stop.cancelled().await;
                }
                let stop = stop.clone();
                response.map(|body| broken_off(body, after, Some(stop)))
            }
        }
    }
}

/// The body with one byte changed.
fn flipped(body: Body, at: u64) -> Body {
    let mut begin = 0;
    Body::from_stream(body.into_data_stream().map(move |chunk| {
        let chunk: Bytes = chunk?;
        let place = usize::try_from(at.wrapping_sub(begin)).unwrap_or(usize::MAX);
        begin += chunk.len() as u64;
        let mut bytes = BytesMut::from(chunk);
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 0xff;
        }
        Ok::<_, axum::Error>(bytes)
    }))
}

/// The first bytes of the body, then an error, which makes the server close the connection: at once, or when it is
/// told to stop.
fn broken_off(body: Body, after: u64, hold: Option<CancellationToken>) -> Body {
    let mut left = usize::try_from(after).unwrap_or(usize::MAX);
    let first = body.into_data_stream().map(move |chunk| {
        let mut chunk: Bytes = chunk.map_err(io::Error::other)?;
        chunk.truncate(left);
        left -= chunk.len();
        if chunk.is_empty() {
            return Err(io::Error::other("a fault, as it was asked for"));
        }
        Ok(chunk)
    });
    let end = stream::once(async move {
        match hold {
            Some(stop) => stop.cancelled().await,
            // The server writes out what it has when a body makes it wait; an error at once would take that along.
            None => tokio::task::yield_now().await,
        }
        Err(io::Error::other("a fault, as it was asked for"))
    });
    let first = first.take_while(|chunk| std::future::ready(chunk.is_ok()));
    Body::from_stream(first.chain(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_the_requests_it_is_meant_for_and_no_others() {
        let faults = Faults::default();
        let second_and_third = Fault::new(Effect::Reset)
            .on_method("PUT")
            .on_path("/blobs/")
            .after(1)
            .times(2);
        faults.add(second_and_third);
        let hits = [
            ("PUT", "/v2/a/manifests/v1"),
            ("GET", "/v2/a/blobs/x"),
            ("PUT", "/v2/a/blobs/1"),
            ("PUT", "/v2/a/blobs/2"),
            ("PUT", "/v2/a/blobs/3"),
            ("PUT", "/v2/a/blobs/4"),
        ]
        .map(|(method, path)| faults.strike(method, path).is_some());
        assert_eq!(hits, [false, false, false, true, true, false]);
    }
}
