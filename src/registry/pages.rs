//! Lists that come in pages: where the next one is, and that there is an end.

use std::collections::BTreeSet;

use super::answer::Answer;
use super::error::RegistryError;
use crate::domain::next_link;

/// More pages than any list has; with a hundred entries on each, a million.
const MAX_PAGES: usize = 10_000;

/// The pages of one list so far.
#[derive(Default)]
pub(super) struct Pages {
    seen: BTreeSet<String>,
}

impl Pages {
    /// The address of the page after `answer`, made absolute; none at the end of the list. `what` is listed.
    ///
    /// # Errors
    /// Where the end cannot be told, where a page leads to one that was read before, where it leads to another host
    /// (which no list of a registry does), and where the pages do not end.
    pub(super) fn next(&mut self, answer: &Answer, what: &str) -> Result<Option<String>, RegistryError> {
        let odd = |why: String| RegistryError::Malformed {
            host: answer.host().to_owned(),
            what: what.to_owned(),
            why,
        };
        self.seen.insert(answer.address().to_owned());
        let next = next_link(answer.headers("link"))
            .map_err(|error| odd(format!("cannot be read to the end: {error}")))?;
        let Some(next) = next else { return Ok(None) };
        let next = answer
            .resolve(&next)
            .ok_or_else(|| odd("has a next page with an invalid URL".to_owned()))?;
        if !answer.host.is_own(&next) {
            return Err(odd(format!(
                "has its next page on another host ({})",
                answer.host.mask(&next.origin().ascii_serialization())
            )));
        }
        let next = String::from(next);
        if !self.seen.insert(next.clone()) {
            return Err(odd("has a page that links back to an earlier one".to_owned()));
        }
        if self.seen.len() > MAX_PAGES {
            return Err(odd(format!("has more than {MAX_PAGES} pages")));
        }
        Ok(Some(next))
    }

    /// The error of a page without anything new, though others are to follow: such a list would go on for ever.
    pub(super) fn stands_still(&self, host: &str, what: &str) -> RegistryError {
        RegistryError::Malformed {
            host: host.to_owned(),
            what: what.to_owned(),
            why: format!("has a page ({}) that only repeats earlier ones", self.seen.len()),
        }
    }
}
