//! What was answered before: GitHub does not count a request whose answer has not changed since (304).
//! <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate>

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::domain::LinkError;

/// How many answers are kept.
const MAX_ANSWERS: usize = 128;
/// How many bytes all of them may have.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Why an answer has another form than it should have.
pub(super) type JsonError = serde_path_to_error::Error<serde_json::Error>;

/// An answer that is kept, with what it is known by.
#[derive(Clone)]
pub(super) struct Cached {
    etag: HeaderValue,
    body: Arc<RawValue>,
    next: Result<Option<String>, LinkError>,
}

impl Cached {
    pub(super) fn new(
        etag: HeaderValue,
        body: Box<RawValue>,
        next: Result<Option<String>, LinkError>,
    ) -> Self {
        Self {
            etag,
            body: body.into(),
            next,
        }
    }

    /// The header that asks only for what is newer.
    pub(super) fn condition(&self) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_NONE_MATCH, self.etag.clone())])
    }

    /// The answer, and the address of the next page.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
    ) -> Result<(T, Result<Option<String>, LinkError>), JsonError> {
        let mut json = serde_json::Deserializer::from_str(self.body.get());
        Ok((serde_path_to_error::deserialize(&mut json)?, self.next.clone()))
    }
}

/// The answers that were read last, as many as there is room for.
#[derive(Default)]
pub(super) struct Cache(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    /// By address, those that were asked for last at the end.
    entries: VecDeque<(String, Cached)>,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, address: &str) -> Option<Cached> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = answers.entries.iter().position(|(known, _)| known == address)?;
        let entry = answers.entries.remove(index)?;
        let cached = entry.1.clone();
        answers.entries.push_back(entry);
        Some(cached)
    }

    pub(super) fn keep(&self, address: &str, cached: Cached) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.remove(address);
        answers.bytes += cached.body.get().len();
        answers.entries.push_back((address.to_owned(), cached));
        while answers.entries.len() > MAX_ANSWERS || answers.bytes > MAX_BYTES {
            let Some((oldest, _)) = answers.entries.front() else {
                break;
            };
            let oldest = oldest.clone();
            answers.remove(&oldest);
        }
    }
}

impl Answers {
    fn remove(&mut self, address: &str) {
        let index = self.entries.iter().position(|(known, _)| known == address);
        if let Some((_, removed)) = index.and_then(|index| self.entries.remove(index)) {
            self.bytes -= removed.body.get().len();
        }
    }
}

/// How many requests GitHub takes yet, as its answers say. GraphQL has a limit of its own.
#[derive(Default)]
pub(super) struct Budget {
    remaining: Mutex<Option<u64>>,
    graphql_resets: Mutex<Option<Timestamp>>,
}

impl Budget {
    pub(super) fn note(&self, headers: &HeaderMap) {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if said("x-ratelimit-resource") == Some("graphql") {
            let resets = said("x-ratelimit-reset").and_then(|text| text.trim().parse().ok());
            let resets = resets.and_then(|second| Timestamp::from_second(second).ok());
            *self.graphql_resets.lock().unwrap_or_else(PoisonError::into_inner) = resets;
            return;
        }
        let remaining = said("x-ratelimit-remaining").and_then(|text| text.trim().parse().ok());
        if remaining.is_some() {
            *self.remaining.lock().unwrap_or_else(PoisonError::into_inner) = remaining;
        }
    }

    pub(super) fn remaining(&self) -> Option<u64> {
        *self.remaining.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the limit of GraphQL counts from the start again.
    pub(super) fn graphql_resets(&self) -> Option<Timestamp> {
        *self.graphql_resets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Cached {
        let body = RawValue::from_string(format!("\"{text}\"")).unwrap();
        Cached::new(HeaderValue::from_static("\"1\""), body, Ok(None))
    }

    #[test]
    fn the_cache_keeps_what_was_asked_for_last_and_no_more_than_it_has_room_for() {
        let cache = Cache::default();
        for number in 0..MAX_ANSWERS {
            cache.keep(&number.to_string(), answer("x"));
        }
        assert!(cache.get("0").is_some());
        cache.keep("new", answer("x"));
        assert!(cache.get("0").is_some() && cache.get("1").is_none());
        cache.keep("large", answer(&"x".repeat(MAX_BYTES - 100)));
        assert!(cache.get("large").is_some());
        let answers = cache.0.lock().unwrap();
        assert!(answers.bytes <= MAX_BYTES, "{}", answers.bytes);
        let sum: usize = answers
            .entries
            .iter()
            .map(|(_, entry)| entry.body.get().len())
            .sum();
        assert_eq!(answers.bytes, sum);
    }
}
