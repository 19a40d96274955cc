//! Manifests, by tag and by digest, of any media type.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use axum::http::{Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde::Deserialize;

use super::call::{Answer, CONTENT_DIGEST, Call};
use super::failure::{Code, Failure};
use super::repository::{Manifest, Referrer, Repository};
use super::route::{Name, tag_of};
use super::server::Server;
use crate::domain::{Algorithm, Digest, Tag, Target};

/// The largest manifest that is taken: what the specification says clients may count on.
const LIMIT: usize = 4 * 1024 * 1024;

const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// `GET` and `HEAD /v2/<name>/manifests/<tag-or-digest>`
pub(super) async fn get(server: &Server, name: &Name, target: &Target, method: &Method) -> Answer {
    let found = server.store.read(|state| {
        let repository = state.repositories.get(name)?;
        let digest = repository.resolve(target)?;
        let media_type = repository.manifests.get(&digest)?.media_type.clone();
        let content = state.content(&digest)?;
        Some((digest, media_type, content))
    });
    let (digest, media_type, content) = found.ok_or_else(|| unknown(name, target))?;
    let size = content.size();
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_LENGTH, size.to_string()),
        (CONTENT_DIGEST, digest.to_string()),
    ];
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        content.stream(0..size).await?
    };
    Ok((headers, body).into_response())
}

/// `PUT /v2/<name>/manifests/<tag-or-digest>`, by digest with any number of `?tag=`.
pub(super) async fn put(server: &Server, name: &Name, target: &Target, call: &mut Call<'_>) -> Answer {
    let bytes = receive(call).await?;
    let (tags, algorithm) = match target {
        Target::Tag(tag) => (vec![tag.clone()], Algorithm::Sha256),
        Target::Digest(digest) => {
            let tags: Result<Vec<Tag>, Failure> = call.query.all("tag").map(|tag| tag_of(&tag)).collect();
            (tags?, digest.algorithm())
        }
    };
    let mut incoming = server.store.incoming(algorithm)?;
    incoming.append(&bytes).await?;
    let (digest, whole) = incoming.finish(algorithm).await?;
    if let Target::Digest(expected) = target
        && *expected != digest
    {
        let message = format!("the manifest is {digest}, not {expected}");
        return Err(Failure::new(Code::DigestInvalid, message));
    }
    let content_type = call
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let fields = Fields::read(&bytes, content_type)?;
    if !server.accept_sparse {
        server
            .store
            .read(|state| fields.references.all_in(state.repositories.get(name)))?;
    }
    let mut headers = vec![
        (LOCATION, format!("/v2/{name}/manifests/{digest}")),
        (CONTENT_DIGEST, digest.to_string()),
    ];
    if let Some(referrer) = fields.manifest.referrer.as_ref().filter(|_| server.referrers_api) {
        headers.push((OCI_SUBJECT, referrer.subject.to_string()));
    }
    if matches!(target, Target::Digest(_)) {
        headers.extend(tags.iter().map(|tag| (OCI_TAG, tag.to_string())));
    }
    server
        .store
        .add_manifest(name, &digest, fields.manifest, whole, &tags)?;
    Ok((StatusCode::CREATED, AppendHeaders(headers)).into_response())
}

/// `DELETE /v2/<name>/manifests/<tag-or-digest>`: a tag alone, or a manifest with all its tags.
pub(super) fn delete(server: &Server, name: &Name, target: &Target) -> Answer {
    if server.store.remove_manifest(name, target)? {
        Ok(StatusCode::ACCEPTED.into_response())
    } else {
        Err(unknown(name, target))
    }
}

fn unknown(name: &Name, target: &Target) -> Failure {
    Failure::new(Code::ManifestUnknown, format!("{name} has no manifest {target}"))
}

async fn receive(call: &mut Call<'_>) -> Result<Bytes, Failure> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = call.body.next().await {
        let chunk = chunk
            .map_err(|error| Failure::new(Code::ManifestInvalid, format!("the body broke off: {error}")))?;
        if bytes.len() + chunk.len() > LIMIT {
            let message = format!("this registry takes manifests of up to {LIMIT} bytes");
            return Err(Failure::new(Code::SizeInvalid, message).with_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// What the registry reads in a manifest.
#[derive(Debug)]
struct Fields {
    manifest: Manifest,
    references: References,
}

/// What must be there before a manifest.
#[derive(Debug, Default)]
struct References {
    blobs: Vec<Digest>,
    manifests: Vec<Digest>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: Digest,
    #[serde(default)]
    urls: Option<Vec<String>>,
}

impl Descriptor {
    /// Layers that live elsewhere and need not be pushed.
    fn is_foreign(&self) -> bool {
        self.media_type.contains(".nondistributable.")
            || self.media_type.contains(".foreign.")
            || self.urls.as_ref().is_some_and(|urls| !urls.is_empty())
    }
}

impl Fields {
    /// Manifests of the known kinds must be what they say. Of other kinds anything is taken, and what can be read
    /// in it is.
    fn read(bytes: &[u8], content_type: Option<&str>) -> Result<Self, Failure> {
        let invalid = |why: String| Failure::new(Code::ManifestInvalid, why);
        // Parameters mean nothing here, the specification says.
        let pushed_as = content_type.map(|value| value.split(';').next().unwrap_or_default().trim());
        let parsed = serde_json::from_slice::<Document>(bytes);
        let inside = parsed
            .as_ref()
            .ok()
            .and_then(|document| document.media_type.clone());
        let media_type = match (pushed_as, inside) {
            (Some(outside), Some(inside)) if outside != inside => {
                let why = format!("the manifest was pushed as {outside} and says that it is {inside}");
                return Err(invalid(why));
            }
            (Some(outside), _) => outside.to_owned(),
            (None, Some(inside)) => inside,
            (None, None) => return Err(invalid("the manifest has no media type".to_owned())),
        };
        let is_index = matches!(media_type.as_str(), OCI_INDEX | DOCKER_LIST);
        let is_image = matches!(media_type.as_str(), OCI_IMAGE | DOCKER_IMAGE);
        let document = match parsed {
            Ok(document) => document,
            Err(error) if is_index || is_image => {
                return Err(invalid(format!("the manifest cannot be read: {error}")));
            }
            Err(_) => Document::default(),
        };
        if is_image && document.config.is_none() {
            return Err(invalid("the image manifest has no config".to_owned()));
        }
        let config_type = document
            .config
            .as_ref()
            .filter(|_| !is_index)
            .map(|config| &config.media_type);
        let stated = document.artifact_type.as_ref().filter(|kind| !kind.is_empty());
        let artifact_type = stated.or(config_type).cloned();
        let layers = document
            .layers
            .into_iter()
            .flatten()
            .filter(|layer| !layer.is_foreign());
        let references = References {
            blobs: document
                .config
                .into_iter()
                .chain(layers)
                .map(|blob| blob.digest)
                .collect(),
            manifests: document
                .manifests
                .into_iter()
                .flatten()
                .map(|child| child.digest)
                .collect(),
        };
        let referrer = document.subject.map(|subject| Referrer {
            subject: subject.digest,
            artifact_type,
            annotations: document.annotations.unwrap_or_default(),
        });
        Ok(Self {
            manifest: Manifest { media_type, referrer },
            references,
        })
    }
}

impl References {
    /// Build caches keep layers in an index, so what an index names may be a blob as well.
    fn all_in(&self, repository: Option<&Repository>) -> Result<(), Failure> {
        let holds_blob = |digest: &&Digest| repository.is_some_and(|held| held.blobs.contains(digest));
        let holds_manifest =
            |digest: &&Digest| repository.is_some_and(|held| held.manifests.contains_key(digest));
        let blob = self.blobs.iter().find(|digest| !holds_blob(digest));
        let child = self
            .manifests
            .iter()
            .find(|digest| !holds_manifest(digest) && !holds_blob(digest));
        match blob.or(child) {
            None => Ok(()),
            Some(missing) => Err(Failure::new(
                Code::ManifestBlobUnknown,
                format!("the manifest refers to {missing}, which is not there"),
            )),
        }
    }
}
