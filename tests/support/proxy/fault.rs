//! What a proxy does wrong, and to which requests.

use std::time::Duration;

use jiff::Timestamp;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The request is not passed on; this is answered once its body has been read.
    Answer {
        /// The status of the answer.
        status: u16,
        /// Its `Retry-After`, if it has one.
        retry_after: Option<RetryAfter>,
    },
    /// The request is passed on without its credentials, so that a registry that wants some answers 401.
    WithoutCredentials,
    /// The upload session that the request belongs to is lost, for this request and for all that follow: 404.
    LoseSession,
    /// A request for a mount is passed on as one for an ordinary upload (202).
    RefuseMount,
    /// The connection is reset; the request is not passed on.
    ResetBefore,
    /// Half of the request's body is passed on, then both connections are reset. Without a body, as
    /// [`Self::ResetAfter`].
    ResetInRequest,
    /// The registry serves the request, then the connection is reset before anything of the answer is passed on.
    ResetAfter,
    /// Half of the answer's body is passed on, then the connection is reset. Without a body, half of its head.
    ResetInAnswer,
    /// As [`Self::ResetInAnswer`], but the connection ends in an orderly way.
    Truncate,
    /// Half of the request's body is passed on, then nothing moves until the client gives up. Without a body, as
    /// [`Self::StallBeforeAnswer`].
    StallRequest,
    /// The registry serves the request, but nothing of the answer is passed on until the client gives up.
    StallBeforeAnswer,
    /// Half of the answer's body is passed on, then nothing moves until the client gives up. Without a body, as
    /// [`Self::StallBeforeAnswer`].
    StallAnswer,
    /// The byte in the middle of the answer's body is another.
    FlipByte,
    /// `Docker-Content-Digest` names other content.
    LieAboutDigest,
    /// `Location` has another form.
    Location(Form),
    /// `OCI-Subject` is missing from the answer.
    HideSubject,
    /// Tag lists come in pages of so many, with `Link`.
    Pages(usize),
}

/// The form of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With scheme and host.
    Absolute,
    /// A path.
    Relative,
    /// None at all.
    Missing,
}

/// When to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Told as a number of seconds.
    Seconds(u64),
    /// Told as a date, so many seconds from the time of the answer.
    Date(u64),
}

impl RetryAfter {
    /// The value of the header.
    pub fn header(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => {
                let date = Timestamp::now() + Duration::from_secs(seconds);
                let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
                printer.timestamp_to_rfc9110_string(&date).unwrap()
            }
        }
    }
}

impl Effect {
    /// An answer of this status, without more.
    pub const fn answer(status: u16) -> Self {
        Self::Answer {
            status,
            retry_after: None,
        }
    }

    /// An answer that says when to come back.
    pub const fn answer_later(status: u16, retry_after: RetryAfter) -> Self {
        Self::Answer {
            status,
            retry_after: Some(retry_after),
        }
    }
}

/// One fault: which requests it strikes, and what it does to them.
#[derive(Debug, Clone)]
pub struct Fault {
    effect: Effect,
    method: Option<String>,
    path: String,
    skip: u64,
    times: u64,
}

impl Fault {
    /// A fault that strikes the next request, whatever it is, once.
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

    /// The first `count` of those pass unharmed.
    #[must_use]
    pub fn after(self, count: u64) -> Self {
        Self { skip: count, ..self }
    }

    /// How many it strikes before it is used up; one unless said.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { times: count, ..self }
    }

    /// It is never used up.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(u64::MAX)
    }

    pub(super) fn concerns(&self, method: &str, path: &str) -> bool {
        self.times > 0 && self.method.as_deref().is_none_or(|own| own == method) && path.contains(&self.path)
    }

    /// Counts a request that it concerns; its effect, if it strikes.
    pub(super) fn strike(&mut self) -> Option<Effect> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.effect.clone())
    }
}
