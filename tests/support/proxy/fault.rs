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

/// A fault of the line: the registry's rule of which requests it strikes, with effects of its own.
pub type Fault = windlass::demo::faults::Fault<Effect>;
