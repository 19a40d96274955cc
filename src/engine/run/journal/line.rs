//! The lines of a journal. Each begins with its hash, over the hash of the line before it and all that follows in the line
//! itself: a byte that is changed anywhere is found out, in the last line too. Lines of the versions before named the hash of
//! the line before them instead.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::JournalError;
use super::older::OlderLines;
use super::version::{HASHED, LATEST};
use crate::domain::Digest;
use crate::engine::run::event::Event;

/// How a line begins.
const BEGINNING: &str = "{\"hash\":\"";

/// What follows the hash in a line.
#[derive(Serialize)]
struct Body<'a> {
    version: u64,
    #[serde(flatten)]
    event: &'a Event,
}

/// What is read of a line, whichever version it has.
#[derive(Deserialize)]
struct Read {
    /// The hash of the line before it, in versions before [`HASHED`].
    previous: Option<Digest>,
    #[serde(flatten)]
    event: Event,
}

/// The hashes of the lines so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HashChain(Digest);

impl Default for HashChain {
    /// That of no line.
    fn default() -> Self {
        Self(Digest::of(b""))
    }
}

impl HashChain {
    /// The line for `event`, with its end, and the chain with it.
    pub(super) fn line(&self, event: &Event) -> serde_json::Result<(Vec<u8>, Self)> {
        let body = Body {
            version: LATEST,
            event,
        };
        let body = serde_json::to_string(&body)?;
        let next = self.with(&body);
        // The body is an object with a field at least.
        let line = format!("{BEGINNING}{}\",{}\n", next.0, &body[1..]);
        Ok((line.into_bytes(), next))
    }

    fn with(&self, body: &str) -> Self {
        Self(Digest::of(format!("{}{body}", self.0).as_bytes()))
    }
}

/// Reads the lines of one journal, in order.
pub(super) struct LineReader {
    path: PathBuf,
    older: OlderLines,
}

impl LineReader {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            older: OlderLines::default(),
        }
    }

    /// Line `number`, without its end, which has to follow from `chain`; and the chain with it.
    pub(super) fn follow(
        &mut self,
        chain: &HashChain,
        text: &[u8],
        number: usize,
    ) -> Result<(Event, HashChain), JournalError> {
        let (version, read) = self.parse(text, number)?;
        let next = if version < HASHED {
            (read.previous.as_ref() == Some(&chain.0)).then(|| HashChain(Digest::of(text)))
        } else {
            hash_and_body(text).and_then(|(hash, body)| {
                let next = chain.with(&body);
                (next.0.to_string() == hash).then_some(next)
            })
        };
        let next = next.ok_or_else(|| self.broken(number))?;
        Ok((read.event, next))
    }

    /// Line `number`, whatever comes before it.
    pub(super) fn alone(&mut self, text: &[u8], number: usize) -> Result<Event, JournalError> {
        Ok(self.parse(text, number)?.1.event)
    }

    /// A line of an older version becomes one of this; one of a newer version says so, whatever else is in it.
    fn parse(&mut self, text: &[u8], number: usize) -> Result<(u64, Read), JournalError> {
        let mut value: Value = serde_json::from_slice(text).map_err(|_| self.broken(number))?;
        // Lines without a version are of the first.
        let version = value.get("version").map_or(Some(1), Value::as_u64);
        let version = version.ok_or_else(|| self.broken(number))?;
        match version {
            2..=LATEST => {}
            0 | 1 => self.older.upgrade(&mut value),
            _ => {
                return Err(JournalError::Newer {
                    path: self.path.clone(),
                    version,
                });
            }
        }
        let read = serde_json::from_value(value).map_err(|_| self.broken(number))?;
        Ok((version, read))
    }

    fn broken(&self, line: usize) -> JournalError {
        JournalError::Broken {
            path: self.path.clone(),
            line,
        }
    }
}

/// The hash that a line begins with, and what was hashed with the hash of the line before.
fn hash_and_body(text: &[u8]) -> Option<(&str, String)> {
    let rest = std::str::from_utf8(text).ok()?.strip_prefix(BEGINNING)?;
    let (hash, fields) = rest.split_once("\",")?;
    Some((hash, format!("{{{fields}")))
}
