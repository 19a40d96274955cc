//! What is attached to a digest: signatures, reports, attestations. By the referrers API where there is one, else by
//! the index at the fallback tag (OCI distribution 1.1, "Listing Referrers" and "Referrers Tag Schema").

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE;
use reqwest::{Method, header};
use serde::Deserialize as _;
use serde_json::Value;

use super::concurrency::together;
use super::error::RegistryError;
use super::manifest::{Descriptor, MANIFEST_LIMIT};
use super::pages::Pages;
use super::reader::Reader;
use crate::domain::{Digest, ImageError, Tag, Target, clean_line};

/// What is listed as attached to a digest.
pub(super) struct ListedReferrers {
    pub(super) entries: Vec<Descriptor>,
    /// Whether the registry keeps the list itself, and knows what it lists.
    pub(super) by_api: bool,
}

/// An index at a fallback tag, and what of its entries is understood.
pub(super) struct FallbackIndex {
    pub(super) bytes: Bytes,
    pub(super) media_type: String,
    pub(super) entries: Vec<Descriptor>,
}

impl Reader {
    /// The referrers of `digest`, all or those of one artifact type. "None" is only ever said by the registry: an
    /// error on the way is an error. An entry of a list narrows only what is surely something else; where it does not
    /// say, or somebody else than the registry wrote it, the manifest decides.
    pub async fn referrers(
        &self,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let listed = self.list_referrers(digest).await?;
        let Some(wanted) = artifact_type else {
            return Ok(listed.entries);
        };
        let mut found = self.describe_referrers(listed).await?;
        // A manifest that is gone cannot say what it was.
        found.retain(|entry| match entry.artifact_type.as_deref() {
            Some(kind) => kind == wanted || is_generic_type(kind),
            None => true,
        });
        Ok(found)
    }

    /// Whether the registry lists the referrers of `digest` by its API, or others have to keep a list at the fallback tag.
    pub async fn has_referrers_api(&self, digest: &Digest) -> Result<bool, RegistryError> {
        Ok(self.by_api(digest).await?.is_some())
    }

    /// All that is listed for `digest`, as it is listed.
    pub(super) async fn list_referrers(&self, digest: &Digest) -> Result<ListedReferrers, RegistryError> {
        match self.by_api(digest).await? {
            Some(entries) => Ok(ListedReferrers {
                entries,
                by_api: true,
            }),
            None => Ok(ListedReferrers {
                entries: self.by_fallback_tag(digest).await?,
                by_api: false,
            }),
        }
    }

    /// Entries as their manifests say, where the list cannot be relied on. A manifest is read once in the life of the
    /// program; the entry of one that is gone stays as it is.
    pub(super) async fn describe_referrers(
        &self,
        listed: ListedReferrers,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let ListedReferrers { entries, by_api } = listed;
        let describing = entries.into_iter().map(|entry| async move {
            let kind = entry.artifact_type.as_deref();
            if by_api && kind.is_some_and(|kind| !is_generic_type(kind)) {
                return Ok(entry);
            }
            self.described(entry).await
        });
        together(describing.collect()).await
    }

    async fn described(&self, entry: Descriptor) -> Result<Descriptor, RegistryError> {
        let known = &self.transport.known;
        if let Some(described) = known.referrer(&entry.digest) {
            return Ok(described);
        }
        match self.manifest(&Target::Digest(entry.digest.clone())).await {
            Ok(manifest) => {
                let described = manifest.descriptor().clone();
                known.learn_referrer(described.clone());
                Ok(described)
            }
            Err(error) if error.is_of_one_manifest() => {
                tracing::warn!(%error, "a listed referrer cannot be read");
                Ok(entry)
            }
            Err(error) => Err(error),
        }
    }

    /// Through the API; none where the registry has none.
    pub(super) async fn by_api(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let what = format!("the list of referrers of {}@{}", self.repository, digest.short());
        let mut call = self
            .call(Method::GET, &format!("referrers/{digest}"))
            .header(header::ACCEPT, OCI_IMAGE_INDEX_MEDIA_TYPE);
        let mut found: Vec<Descriptor> = Vec::new();
        let mut known = BTreeSet::new();
        let mut pages = Pages::default();
        let mut is_first = true;
        loop {
            let answer = self.send(call).await?;
            match answer.status() {
                200 => {}
                // A registry with the API answers 200 for any digest, known or not; these say that it has none.
                400 | 404 | 405 | 501 if is_first && answer.is_own() => return Ok(None),
                _ => return Err(answer.into_error(&what).await),
            }
            is_first = false;
            let next = pages.next(&answer, &what)?;
            let (host, masking) = (answer.host().to_owned(), Arc::clone(&answer.host));
            let is_page = answer.is_html();
            let bytes = answer.bytes(MANIFEST_LIMIT, &what).await?;
            let page = entries(&bytes, &what).map_err(|why| RegistryError::NotARegistry {
                host: host.clone(),
                // The page of a proxy that wants a login, for instance: it says nothing about referrers.
                why: if is_page {
                    format!("it returned a web page for {what}")
                } else {
                    format!("it returned something for {what} that {}", masking.mask(&why))
                },
            })?;
            let (before, is_empty) = (known.len(), page.is_empty());
            found.extend(
                page.into_iter()
                    .filter(|entry| known.insert(entry.digest.clone())),
            );
            match next {
                Some(_) if known.len() == before && !is_empty => return Err(pages.stands_still(&host, &what)),
                Some(next) => call = self.absolute(Method::GET, next),
                None => return Ok(Some(found)),
            }
        }
    }

    /// From the index at the fallback tag.
    pub(super) async fn by_fallback_tag(&self, digest: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let index = self.fallback_index(digest).await?;
        Ok(index.map_or_else(Vec::new, |index| index.entries))
    }

    /// The index at `sha256-<hex>`, if there is one. GitLab may resolve such a name to the subject itself: an index is
    /// taken only if it is another one than the subject.
    pub(super) async fn fallback_index(
        &self,
        digest: &Digest,
    ) -> Result<Option<FallbackIndex>, RegistryError> {
        let target = Target::Tag(fallback_tag(digest)?);
        let fetched = match self.fetch_manifest(&target).await {
            Ok(fetched) if fetched.digest == *digest => return Ok(None),
            Ok(fetched) => fetched,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let entries =
            entries(&fetched.bytes, &self.name(&target)).map_err(|why| self.malformed(&target, &why))?;
        let media_type = media_type_of(&fetched.bytes).or(fetched.content_type);
        Ok(Some(FallbackIndex {
            entries,
            media_type: media_type.unwrap_or_else(|| OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
            bytes: fetched.bytes,
        }))
    }
}

/// Whether an artifact type says nothing about what the artifact is: tools write the type of its empty configuration there.
/// Where such a type stands in a list, only the manifest knows better.
pub fn is_generic_type(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    matches!(
        kind,
        "" | "application/json"
            | "application/octet-stream"
            | "application/vnd.oci.empty.v1+json"
            | "application/vnd.unknown.config.v1+json"
            | "application/vnd.unknown.artifact.v1"
            | "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json"
    ) || kind == OCI_IMAGE_INDEX_MEDIA_TYPE
        || kind == oci_client::manifest::OCI_IMAGE_MEDIA_TYPE
}

fn media_type_of(index: &[u8]) -> Option<String> {
    let index: Value = serde_json::from_slice(index).ok()?;
    index["mediaType"].as_str().map(str::to_owned)
}

/// The entries of a list of referrers, to which anybody may write: one that is odd is passed over, and the others stay.
/// A list that is `null` is empty.
fn entries(bytes: &[u8], what: &str) -> Result<Vec<Descriptor>, String> {
    let list: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("is not an index: {}", clean_line(&error.to_string())))?;
    let listed = match list.get("manifests") {
        Some(Value::Array(listed)) => listed.as_slice(),
        Some(Value::Null) => &[],
        _ => return Err("is not an index, although it has the tag of a referrers list".to_owned()),
    };
    let mut found: Vec<Descriptor> = Vec::with_capacity(listed.len());
    for entry in listed {
        match Descriptor::deserialize(entry) {
            Ok(entry) => found.push(entry),
            Err(error) => {
                let error = clean_line(&error.to_string());
                tracing::warn!(what, error, "skipped an invalid entry");
            }
        }
    }
    Ok(found)
}

pub(super) fn fallback_tag(digest: &Digest) -> Result<Tag, RegistryError> {
    digest
        .fallback_tag()
        .parse()
        .map_err(|error: ImageError| RegistryError::Malformed {
            host: String::new(),
            what: digest.to_string(),
            why: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_null_is_empty_and_odd_entries_hide_no_good_ones() {
        let good = Digest::of(b"good");
        assert!(
            entries(br#"{"schemaVersion":2,"manifests":null}"#, "x")
                .unwrap()
                .is_empty()
        );
        let list = format!(
            r#"{{"manifests":[null, 7, {{}}, {{"mediaType":"x","digest":"latest","size":1}},
            {{"mediaType":"x","digest":"{good}","size":1,"annotations":null,"urls":null,"artifactType":null}}]}}"#
        );
        let found = entries(list.as_bytes(), "x").unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].digest, good);
        for odd in [
            "<html>",
            "{}",
            r#"{"manifests":{}}"#,
            r#"{"config":{}}"#,
            "[]",
            "null",
        ] {
            assert!(entries(odd.as_bytes(), "x").is_err(), "{odd}");
        }
    }
}
