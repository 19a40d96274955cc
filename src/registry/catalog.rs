//! The repositories of a registry: the catalog API, which distribution had before there was a specification and most
//! registries have taken over. Some have none, or show it to administrators only.

use std::collections::HashSet;
use std::sync::Arc;

use reqwest::Method;
use serde::Deserialize;

use super::Registries;
use super::auth::Scope;
use super::call::Call;
use super::error::RegistryError;
use super::pages::Pages;
use crate::domain::clean_line;

/// The most of one page.
const PAGE_LIMIT: u64 = 16 * 1024 * 1024;
const WHAT: &str = "the list of repositories";

#[derive(Deserialize)]
struct Page {
    repositories: Option<Vec<String>>,
}

impl Registries {
    /// The paths of all repositories of `host` that it shows, in its own order; text from outside, made harmless.
    ///
    /// # Errors
    /// [`RegistryError::NoCatalog`] where the registry lists no repositories, at all or to this user.
    pub async fn repositories(&self, host: &str) -> Result<Vec<String>, RegistryError> {
        let no_catalog = |status: u16, denied| RegistryError::NoCatalog {
            host: host.to_owned(),
            status,
            denied,
        };
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        // Few have a limit of their own that is lower, and refuse what is over it.
        let mut next = Some("/v2/_catalog?n=1000".to_owned());
        let mut first = true;
        let mut pages = Pages::default();
        while let Some(target) = next.take() {
            // Without a repository, a token is asked for with the scope that the registry names itself.
            let scope = Scope::pull("");
            let answer = match self
                .transport
                .send(host, Call::new(Method::GET, target, scope))
                .await
            {
                Err(RegistryError::Unauthorised { .. }) => return Err(no_catalog(401, true)),
                answer => answer?,
            };
            match answer.status() {
                200 if !answer.is_html() => {}
                400 if first && answer.is_own() => {
                    first = false;
                    next = Some("/v2/_catalog".to_owned());
                    continue;
                }
                status @ (401 | 403) if answer.is_own() => return Err(no_catalog(status, true)),
                status @ (404 | 405 | 501) if answer.is_own() && found.is_empty() => {
                    return Err(no_catalog(status, false));
                }
                _ => return Err(answer.into_error(WHAT).await),
            }
            first = false;
            let host_answers = Arc::clone(&answer.host);
            next = pages.next(&answer, WHAT)?;
            let bytes = answer.bytes(PAGE_LIMIT, WHAT).await?;
            let page: Page = serde_json::from_slice(&bytes).map_err(|error| RegistryError::NotARegistry {
                host: host.to_owned(),
                why: format!(
                    "it returned an invalid list of repositories: {}",
                    clean_line(&host_answers.mask(&error.to_string()))
                ),
            })?;
            let before = found.len();
            let names = page.repositories.unwrap_or_default();
            let page_is_empty = names.is_empty();
            for name in names {
                if seen.insert(name.clone()) {
                    found.push(clean_line(&name));
                }
            }
            if found.len() == before && next.is_some() && !page_is_empty {
                return Err(pages.stands_still(host, WHAT));
            }
        }
        Ok(found)
    }
}
