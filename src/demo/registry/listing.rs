//! Lists: the repositories, the tags of one, and what refers to a digest.

use axum::Json;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, LINK};
use axum::response::{AppendHeaders, IntoResponse};
use url::form_urlencoded::Serializer;

use super::call::Answer;
use super::failure::{Code, Failure};
use super::repository::Repository;
use super::route::{Name, Query, digest_of};
use super::server::Server;
use crate::domain::Digest;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// `GET /v2/_catalog`, in the order of the bytes. No part of the specification, but what registries have beside it.
pub(super) fn catalog(server: &Server, query: Query<'_>) -> Answer {
    let asked = asked(query)?;
    let last = query.get("last");
    let page = server.store.read(|state| {
        let names = state.repositories.keys().map(ToString::to_string);
        let after = names.filter(|name| last.as_deref().is_none_or(|last| name.as_str() > last));
        Page::of(after, limit(server, asked))
    });
    let link = page.link("/v2/_catalog", asked);
    let body = Json(serde_json::json!({ "repositories": page.items }));
    Ok((AppendHeaders(link.map(|link| (LINK, link))), body).into_response())
}

/// How many items a client wants at most.
fn asked(query: Query<'_>) -> Result<Option<usize>, Failure> {
    let n = query.get("n").map(|n| n.parse()).transpose();
    n.map_err(|_| Failure::new(Code::Unsupported, "`n` is not a number"))
}

fn limit(server: &Server, asked: Option<usize>) -> usize {
    asked.map_or(server.page_limit, |asked| asked.min(server.page_limit))
}

/// `GET /v2/<name>/tags/list`, in the order of the bytes.
pub(super) fn tags(server: &Server, name: &Name, query: Query<'_>) -> Answer {
    let asked = asked(query)?;
    let last = query.get("last");
    let page = server.store.read(|state| {
        let repository = state.repositories.get(name)?;
        let tags = repository.tags.keys().map(ToString::to_string);
        let after = tags.filter(|tag| last.as_deref().is_none_or(|last| tag.as_str() > last));
        Some(Page::of(after, limit(server, asked)))
    });
    let page =
        page.ok_or_else(|| Failure::new(Code::NameUnknown, format!("there is no repository {name}")))?;
    let link = page.link(&format!("/v2/{name}/tags/list"), asked);
    let body = Json(serde_json::json!({ "name": name, "tags": page.items }));
    Ok((AppendHeaders(link.map(|link| (LINK, link))), body).into_response())
}

/// `GET /v2/<name>/referrers/<digest>`. A repository that is not there has no referrers, which is no error.
pub(super) fn referrers(server: &Server, name: &Name, subject: &Digest, query: Query<'_>) -> Answer {
    if !server.referrers_api {
        return Err(Failure::new(
            Code::NameUnknown,
            "this registry has no referrers API",
        ));
    }
    let wanted = query.get("artifactType");
    let last = query.get("last").map(|last| digest_of(&last)).transpose()?;
    let page = server.store.read(|state| {
        let repository = state.repositories.get(name);
        let descriptors = repository.into_iter().flat_map(|repository| {
            let after = repository
                .manifests
                .keys()
                .filter(|digest| last.as_ref().is_none_or(|last| *digest > last));
            after.filter_map(|digest| {
                let size = state.content(digest)?.size();
                descriptor(repository, digest, size, subject, wanted.as_deref())
            })
        });
        Page::of(descriptors, server.page_limit)
    });
    let link = page
        .next()
        .and_then(|last| last.get("digest")?.as_str())
        .map(|last| {
            let mut query = Serializer::new(String::new());
            query.append_pair("last", last);
            if let Some(wanted) = &wanted {
                query.append_pair("artifactType", wanted);
            }
            format!(
                "</v2/{name}/referrers/{subject}?{}>; rel=\"next\"",
                query.finish()
            )
        });
    let mut headers = vec![(CONTENT_TYPE, "application/vnd.oci.image.index.v1+json".to_owned())];
    headers.extend(link.map(|link| (LINK, link)));
    headers.extend(wanted.map(|_| (FILTERS_APPLIED, "artifactType".to_owned())));
    let index = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": page.items,
    });
    Ok((AppendHeaders(headers), Body::from(index.to_string())).into_response())
}

/// The descriptor of a manifest, if it refers to `subject` and is of the artifact type that is wanted.
fn descriptor(
    repository: &Repository,
    digest: &Digest,
    size: u64,
    subject: &Digest,
    wanted: Option<&str>,
) -> Option<serde_json::Value> {
    let manifest = repository.manifests.get(digest)?;
    let referrer = manifest
        .referrer
        .as_ref()
        .filter(|referrer| referrer.subject == *subject)?;
    if wanted.is_some_and(|wanted| referrer.artifact_type.as_deref() != Some(wanted)) {
        return None;
    }
    let mut descriptor = serde_json::json!({
        "mediaType": manifest.media_type,
        "digest": digest,
        "size": size,
    });
    if let Some(artifact_type) = &referrer.artifact_type {
        descriptor["artifactType"] = artifact_type.as_str().into();
    }
    if !referrer.annotations.is_empty() {
        descriptor["annotations"] = serde_json::json!(referrer.annotations);
    }
    Some(descriptor)
}

/// The first items of a list, and whether there are more.
#[derive(Debug, PartialEq, Eq)]
struct Page<T> {
    items: Vec<T>,
    more: bool,
}

impl<T> Page<T> {
    fn of(mut items: impl Iterator<Item = T>, limit: usize) -> Self {
        let first = items.by_ref().take(limit).collect();
        Self {
            items: first,
            more: items.next().is_some(),
        }
    }

    /// The item after which the next page begins, if there is one. A page of nothing leads nowhere.
    fn next(&self) -> Option<&T> {
        self.items.last().filter(|_| self.more)
    }
}

impl Page<String> {
    /// The `Link` to the page after this one, if there is one.
    fn link(&self, path: &str, asked: Option<usize>) -> Option<String> {
        let mut query = Serializer::new(String::new());
        query.append_pair("last", self.next()?);
        if let Some(asked) = asked {
            query.append_pair("n", &asked.to_string());
        }
        Some(format!("<{path}?{}>; rel=\"next\"", query.finish()))
    }
}
