//! Lists, which come page by page.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::{Ask, Client};
use crate::github::error::GitHubError;

/// More pages than any list has that is asked for here; GitHub itself ends most lists at a thousand entries.
const PAGES: usize = 50;

/// One page of a list.
pub(in crate::github) struct Page<T> {
    pub(in crate::github) entries: Vec<T>,
    /// How many entries the whole list has, where GitHub says it.
    pub(in crate::github) total: Option<u64>,
}

impl<T> From<Vec<T>> for Page<T> {
    fn from(entries: Vec<T>) -> Self {
        Self { entries, total: None }
    }
}

impl Client {
    /// All entries of a list, page by page. Where the answer says how many there are, that many have to come: fewer are
    /// not the list.
    pub(in crate::github) async fn pages<P: DeserializeOwned, T>(
        &self,
        ask: &Ask,
        route: &str,
        entries: impl Fn(P) -> Page<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let odd = |why: String| GitHubError::Malformed {
            what: ask.what.clone(),
            why,
        };
        let mut all = Vec::new();
        let mut total = None;
        let mut next = Some(route.to_owned());
        let mut seen = BTreeSet::from([self.ours(route).unwrap_or_else(|| route.to_owned())]);
        for _ in 0..PAGES {
            let Some(route) = next else {
                let came = all.len() as u64;
                return match total {
                    Some(total) if total != came => {
                        Err(odd(format!("it reports {total} entries but returned {came}")))
                    }
                    _ => Ok(all),
                };
            };
            let (page, link) = self.page(ask, &route).await?;
            let page = entries(page);
            all.extend(page.entries);
            total = page.total.or(total);
            next = link
                .map_err(|error| odd(error.to_string()))?
                .map(|link| self.ours(&link).ok_or_else(|| elsewhere(ask)))
                .transpose()?;
            if let Some(next) = &next
                && !seen.insert(next.clone())
            {
                return Err(odd("a page links back to an earlier one".to_owned()));
            }
        }
        Err(GitHubError::Malformed {
            what: ask.what.clone(),
            why: format!("it has more than {PAGES} pages"),
        })
    }

    /// The entries of the first `count` pages of a list, or of all where it has fewer.
    pub(in crate::github) async fn first_pages<P: DeserializeOwned, T>(
        &self,
        ask: &Ask,
        route: &str,
        count: usize,
        entries: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let mut all = Vec::new();
        let mut next = Some(route.to_owned());
        for _ in 0..count {
            let Some(route) = next else {
                break;
            };
            let (page, link) = self.page(ask, &route).await?;
            all.extend(entries(page));
            let link = link.map_err(|error| GitHubError::Malformed {
                what: ask.what.clone(),
                why: error.to_string(),
            })?;
            next = link
                .map(|link| self.ours(&link).ok_or_else(|| elsewhere(ask)))
                .transpose()?;
        }
        Ok(all)
    }
}

fn elsewhere(ask: &Ask) -> GitHubError {
    GitHubError::Malformed {
        what: ask.what.clone(),
        why: "its next page is on another host".to_owned(),
    }
}
