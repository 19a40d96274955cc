//! Faults on request: what the embedded registry does wrong when it is told to, so that tests and demonstrations can
//! show how windlass bears it.

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

/// One fault: which requests it hits, and what it does to them.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "the registry does not act on it yet")]
pub struct Fault {
    effect: Effect,
    method: Option<String>,
    path: String,
    skip: u64,
    times: u64,
}

impl Fault {
    /// A fault that hits the next request, whatever it is, once.
    pub const fn new(effect: Effect) -> Self {
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
}
