//! Why a request has no answer.

use std::error::Error;
use std::time::Duration;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It was never sent.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why not.
        why: String,
    },
    /// It may have been received.
    #[error("the connection to {host} broke: {why}")]
    Broken {
        /// The host.
        host: String,
        /// Why.
        why: String,
    },
    /// It may have been received.
    #[error("{host} did not answer within {} s", limit.as_secs())]
    Slow {
        /// The host.
        host: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The answer is longer than any that is expected.
    #[error("{host} sent more than {limit} bytes")]
    TooMuch {
        /// The host.
        host: String,
        /// The limit.
        limit: usize,
    },
    /// Somebody cancelled.
    #[error("interrupted")]
    Interrupted,
}

/// The innermost cause, which says what happened; the outer ones repeat the address, which may be secret.
pub(super) fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
