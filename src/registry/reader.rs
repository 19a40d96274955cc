//! Reading one repository.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use reqwest::{Method, header};
use serde::Deserialize;

use super::answer::Answer;
use super::auth::Scope;
use super::call::Call;
use super::error::RegistryError;
use super::host::Host;
use super::manifest::{ACCEPT, Descriptor, MANIFEST_LIMIT, Manifest};
use super::pages::Pages;
use super::transport::Transport;
use crate::domain::{Digest, Hasher, Repository, Tag, Target, clean_line};

/// The most bytes of an image's configuration; real ones have a few thousand.
const CONFIG_LIMIT: u64 = 8 * 1024 * 1024;
/// The most of one page of a listing.
const PAGE_LIMIT: u64 = 16 * 1024 * 1024;

/// Reads a repository. There is no way from here to a write.
#[derive(Clone)]
pub struct Reader {
    pub(super) transport: Arc<Transport>,
    pub(super) repository: Repository,
    /// Whether its tokens allow pushing too, because it is a writer's: one token then serves for both.
    pub(super) push: bool,
    /// The requests that it has sent, clones of it included.
    pub(super) sent: Arc<AtomicU64>,
}

/// A manifest as it came.
pub(super) struct FetchedManifest {
    pub(super) bytes: Bytes,
    /// Computed here.
    pub(super) digest: Digest,
    pub(super) content_type: Option<String>,
}

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<String>>,
}

impl Reader {
    /// The repository that is read.
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// How many requests this reader and its clones have sent so far, those for tokens apart.
    pub fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn host(&self) -> Result<Arc<Host>, RegistryError> {
        self.transport.host(self.repository.host())
    }

    /// What `target` is now; none if it is not there. One HEAD; a GET where the registry's HEAD tells no digest.
    pub async fn resolve(&self, target: &Target) -> Result<Option<Descriptor>, RegistryError> {
        let call = self
            .call(Method::HEAD, &format!("manifests/{target}"))
            .header(header::ACCEPT, ACCEPT);
        let answer = self.send(call).await?;
        match answer.status() {
            200 => {}
            404 if answer.is_own() => return self.absent(&answer, target),
            // A storage may answer GET only (presigned addresses), and what it says is not what the registry says.
            _ if !answer.is_own() => {
                drop(answer);
                return Ok(Some(self.manifest(target).await?.descriptor));
            }
            _ => return Err(answer.into_error(&self.name(target)).await),
        }
        let announced: Option<Digest> = answer
            .header("docker-content-digest")
            .and_then(|text| text.parse().ok());
        let digest = match (target, announced) {
            (Target::Digest(asked), Some(told))
                if told.algorithm() == asked.algorithm() && told != *asked =>
            {
                return Err(RegistryError::DigestMismatch {
                    host: answer.host().to_owned(),
                    what: self.name(target),
                    found: told.to_string(),
                });
            }
            (Target::Digest(asked), _) => Some(asked.clone()),
            (Target::Tag(_), announced) => announced,
        };
        let size = answer.header("content-length").and_then(|text| text.parse().ok());
        let media_type = answer.header("content-type").map(str::to_owned);
        match (digest, size, media_type) {
            (Some(digest), Some(size), Some(media_type)) if !media_type.starts_with("text/html") => {
                Ok(Some(Descriptor::new(media_type, digest, size)))
            }
            _ => {
                drop(answer);
                Ok(Some(self.manifest(target).await?.descriptor))
            }
        }
    }

    /// A missing manifest is none, unless what answers is no registry at all. A HEAD's 404 has no body to tell by.
    fn absent(&self, answer: &Answer, target: &Target) -> Result<Option<Descriptor>, RegistryError> {
        if answer.is_html() {
            return Err(RegistryError::NotARegistry {
                host: answer.host().to_owned(),
                why: format!("it returned a web page for {}", self.name(target)),
            });
        }
        Ok(None)
    }

    /// The manifest `target`, its bytes unchanged and its digest computed here: what was asked for by digest, or
    /// announced in the header, and what came must be the same.
    pub async fn manifest(&self, target: &Target) -> Result<Manifest, RegistryError> {
        let fetched = self.fetch_manifest(target).await?;
        let content_type = fetched.content_type.as_deref();
        Manifest::parse(fetched.bytes, fetched.digest, content_type)
            .map_err(|why| self.malformed(target, &why))
    }

    /// A manifest that cannot be understood; what is said of it may repeat what the registry wrote.
    pub(super) fn malformed(&self, target: &Target, why: &str) -> RegistryError {
        let host = self.repository.host();
        let why = self.host().map_or_else(|_| why.to_owned(), |host| host.mask(why));
        RegistryError::Malformed {
            host: host.to_owned(),
            what: self.name(target),
            why,
        }
    }

    /// The bytes of the manifest `target`, their digest checked as [`Reader::manifest`] does, not yet understood.
    pub(super) async fn fetch_manifest(&self, target: &Target) -> Result<FetchedManifest, RegistryError> {
        let what = self.name(target);
        let call = self
            .call(Method::GET, &format!("manifests/{target}"))
            .header(header::ACCEPT, ACCEPT);
        let answer = self.send(call).await?;
        if answer.status() != 200 {
            return Err(answer.into_error(&what).await);
        }
        let host = answer.host().to_owned();
        let content_type = answer.header("content-type").map(str::to_owned);
        if answer.is_html() {
            return Err(RegistryError::NotARegistry {
                host,
                why: format!("it returned a web page for {what}"),
            });
        }
        let announced: Option<Digest> = answer
            .header("docker-content-digest")
            .and_then(|text| text.parse().ok());
        let expected = match target {
            Target::Digest(digest) => Some(digest.clone()),
            Target::Tag(_) => announced.clone(),
        };
        let bytes = answer.bytes(MANIFEST_LIMIT, &what).await?;
        let algorithm = expected
            .as_ref()
            .map_or(crate::domain::Algorithm::Sha256, Digest::algorithm);
        let mut hasher = Hasher::new(algorithm);
        hasher.update(&bytes);
        let found = hasher.finish();
        let lies =
            announced.is_some_and(|announced| announced.algorithm() == algorithm && announced != found);
        if lies || expected.is_some_and(|expected| expected != found) {
            return Err(RegistryError::DigestMismatch {
                host,
                what,
                found: found.to_string(),
            });
        }
        Ok(FetchedManifest {
            bytes,
            digest: found,
            content_type,
        })
    }

    /// The configuration of an image; none of another artifact.
    pub(super) async fn config_bytes(&self, config: &Descriptor) -> Result<Option<Bytes>, RegistryError> {
        if !config.media_type.ends_with("+json") {
            return Ok(None);
        }
        self.blob(&config.digest, CONFIG_LIMIT).await.map(Some)
    }

    /// A small blob, whole, its digest checked; at most `limit` bytes.
    pub async fn blob(&self, digest: &Digest, limit: u64) -> Result<Bytes, RegistryError> {
        let what = format!("blob {} of {}", digest.short(), self.repository);
        let answer = self.open_blob(digest, self.blob_call(digest)).await?;
        let host = answer.host().to_owned();
        let bytes = answer.bytes(limit, &what).await?;
        let mut hasher = Hasher::new(digest.algorithm());
        hasher.update(&bytes);
        let found = hasher.finish();
        if found == *digest {
            Ok(bytes)
        } else {
            Err(RegistryError::DigestMismatch {
                host,
                what,
                found: found.to_string(),
            })
        }
    }

    pub(super) fn blob_call(&self, digest: &Digest) -> Call {
        self.call(Method::GET, &format!("blobs/{digest}"))
    }

    /// Begins to read a blob; whoever reads it checks the digest.
    pub(super) async fn open_blob(&self, digest: &Digest, call: Call) -> Result<Answer, RegistryError> {
        let answer = self.send(call).await?;
        match answer.status() {
            200 | 206 => Ok(answer),
            _ => Err(answer
                .into_error(&format!("blob {} of {}", digest.short(), self.repository))
                .await),
        }
    }

    /// All tags, in the registry's order. A repository that does not exist has none.
    pub async fn tags(&self) -> Result<Vec<Tag>, RegistryError> {
        self.tags_after("").await
    }

    /// All tags, in the registry's order; none at all where there is no such repository.
    pub async fn tags_if_any(&self) -> Result<Option<Vec<Tag>>, RegistryError> {
        self.list_tags("", usize::MAX).await
    }

    /// The first of the tags that come after `last`, as many as the registry gives in one answer. One request.
    pub async fn next_tags(&self, last: &Tag) -> Result<Vec<Tag>, RegistryError> {
        Ok(self.list_tags(last.as_str(), 1).await?.unwrap_or_default())
    }

    /// The tags that come after `last` in lexical order; see `last` of the tags API. Registries that ignore it give
    /// all of them, so the rest is left out here too.
    pub async fn tags_after(&self, last: &str) -> Result<Vec<Tag>, RegistryError> {
        Ok(self.list_tags(last, usize::MAX).await?.unwrap_or_default())
    }

    /// The tags after `last`, on at most `most` pages.
    async fn list_tags(&self, last: &str, most: usize) -> Result<Option<Vec<Tag>>, RegistryError> {
        let what = format!("the tag list of {}", self.repository);
        let from = if last.is_empty() {
            String::new()
        } else {
            format!("&last={last}")
        };
        let mut call = self.call(Method::GET, &format!("tags/list?n=100{from}"));
        let mut tags = Vec::new();
        let mut known = BTreeSet::new();
        let mut pages = Pages::default();
        let mut read = 0;
        loop {
            let answer = self.send(call).await?;
            if answer.status() == 404 && read == 0 && answer.is_own() && !answer.is_html() {
                return Ok(None);
            }
            if answer.status() != 200 {
                return Err(answer.into_error(&what).await);
            }
            read += 1;
            let next = pages.next(&answer, &what)?.filter(|_| read < most);
            let (host, masking) = (answer.host().to_owned(), Arc::clone(&answer.host));
            let bytes = answer.bytes(PAGE_LIMIT, &what).await?;
            let page: TagPage =
                serde_json::from_slice(&bytes).map_err(|error| RegistryError::NotARegistry {
                    host,
                    why: format!(
                        "it returned an invalid answer for {what}: {}",
                        clean_line(&masking.mask(&error.to_string()))
                    ),
                })?;
            let page = page.tags.unwrap_or_default();
            let before = known.len();
            let is_empty = page.is_empty();
            let new = page.into_iter().filter(|tag| known.insert(tag.clone()));
            let new: Vec<_> = new.filter(|tag| tag.as_str() > last).collect();
            tags.extend(new.iter().filter_map(|tag| tag.parse::<Tag>().ok()));
            match next {
                Some(_) if known.len() == before && !is_empty => {
                    return Err(pages.stands_still(self.repository.host(), &what));
                }
                Some(next) => call = self.absolute(Method::GET, next),
                None => return Ok(Some(tags)),
            }
        }
    }

    pub(super) fn call(&self, method: Method, rest: &str) -> Call {
        Call::new(
            method,
            format!("/v2/{}/{rest}", self.repository.path()),
            self.scope(),
        )
    }

    pub(super) fn absolute(&self, method: Method, url: String) -> Call {
        Call::new(method, url, self.scope())
    }

    pub(super) fn scope(&self) -> Scope {
        Scope {
            push: self.push,
            ..Scope::pull(self.repository.path())
        }
    }

    pub(super) async fn send(&self, mut call: Call) -> Result<Answer, RegistryError> {
        call.sent = Some(Arc::clone(&self.sent));
        self.transport.send(self.repository.host(), call).await
    }

    pub(super) fn name(&self, target: &Target) -> String {
        match target {
            Target::Tag(tag) => format!("{}:{tag}", self.repository),
            Target::Digest(digest) => format!("{}@{}", self.repository, digest.short()),
        }
    }
}
