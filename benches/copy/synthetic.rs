//! A registry that makes up what is read from it and drops what is written to it, after its hash was found to be right.
//! It has no disk to wait for and needs no room, so it shows what a client can do, and how much memory it takes, with
//! more bytes than the machine would keep.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RANGE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use color_eyre::eyre::OptionExt as _;
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Result;
use crate::image::{self, Blob};

/// A layer is this block, over and over.
const BLOCK: usize = 1 << 20;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A running registry. It ends when this is dropped.
pub struct Synthetic {
    host: String,
    content: Arc<Mutex<Content>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Content {
    /// By `repository/blobs/DIGEST`.
    blobs: HashMap<String, Stored>,
    /// By `repository/manifests/NAME`.
    manifests: HashMap<String, (String, Bytes)>,
    uploads: HashMap<String, (Sha256, u64)>,
}

#[derive(Clone)]
enum Stored {
    Made { block: Bytes, size: u64 },
    Dropped { size: u64 },
}

impl Synthetic {
    /// Starts one, empty, on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?.to_string();
        let content = Arc::<Mutex<Content>>::default();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&content));
        let serving = tokio::spawn(async move {
            // It only ends with the task.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self {
            host,
            content,
            serving,
        })
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Makes up an image of `count` layers of `size` bytes each, which must be whole blocks.
    pub async fn image(&self, repository: &str, tag: &str, count: u8, size: u64) -> Result<()> {
        let layers: Vec<(Blob, String)> = tokio::task::spawn_blocking(move || {
            (0..count)
                .map(|_| {
                    let block = Blob::layer(BLOCK);
                    let mut hash = Sha256::new();
                    (0..size / BLOCK as u64).for_each(|_| hash.update(&block.bytes));
                    (block, format!("sha256:{}", hex::encode(hash.finalize())))
                })
                .collect()
        })
        .await?;
        let named: Vec<_> = layers.iter().map(|(_, digest)| (digest.clone(), size)).collect();
        let (config, manifest) = image::manifest("amd64", &named);
        let mut content = locked(&self.content);
        for (block, digest) in layers {
            content.blobs.insert(
                format!("{repository}/blobs/{digest}"),
                Stored::Made {
                    block: block.bytes,
                    size,
                },
            );
        }
        let size = config.bytes.len() as u64;
        content.blobs.insert(
            format!("{repository}/blobs/{}", config.digest),
            Stored::Made {
                block: config.bytes,
                size,
            },
        );
        content.keep(repository, tag, MANIFEST, &manifest.bytes);
        Ok(())
    }
}

impl Drop for Synthetic {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Content {
    fn keep(&mut self, repository: &str, name: &str, media_type: &str, bytes: &Bytes) -> String {
        let digest = image::digest(bytes);
        for name in [name, &digest] {
            self.manifests.insert(
                format!("{repository}/manifests/{name}"),
                (media_type.to_owned(), bytes.clone()),
            );
        }
        digest
    }
}

fn locked(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(content): State<Arc<Mutex<Content>>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/v2/").to_owned();
    if let Some((repository, rest)) = path.split_once("/blobs/uploads/") {
        let query = request.uri().query().unwrap_or_default();
        let digest = query
            .split('&')
            .find_map(|part| part.strip_prefix("digest="))
            .map(|text| text.replace("%3A", ":"));
        let method = request.method().clone();
        return upload(&content, repository, rest, &method, digest, request.into_body())
            .await
            .unwrap_or_else(|error| (StatusCode::BAD_REQUEST, error.to_string()).into_response());
    }
    if path.contains("/blobs/") {
        return blob(&content, &path, request.method(), request.headers());
    }
    if let Some((repository, name)) = path.split_once("/manifests/") {
        return manifest(&content, repository, name, request).await;
    }
    StatusCode::OK.into_response()
}

/// Mounts nothing: each upload begins at its beginning.
async fn upload(
    content: &Mutex<Content>,
    repository: &str,
    id: &str,
    method: &Method,
    digest: Option<String>,
    body: Body,
) -> Result<Response> {
    let id = if *method == Method::POST {
        rand::random::<u64>().to_string()
    } else {
        id.to_owned()
    };
    let begun = if *method == Method::POST {
        Some((Sha256::new(), 0))
    } else {
        locked(content).uploads.remove(&id)
    };
    let (mut hash, mut size) = begun.ok_or_eyre("no such upload")?;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        hash.update(&chunk);
        size += chunk.len() as u64;
    }
    if *method == Method::PUT {
        let digest = digest.ok_or_eyre("no digest")?;
        if digest != format!("sha256:{}", hex::encode(hash.finalize())) {
            return Ok((StatusCode::BAD_REQUEST, "another digest").into_response());
        }
        let headers = [
            ("location", format!("/v2/{repository}/blobs/{digest}")),
            ("docker-content-digest", digest.clone()),
        ];
        locked(content)
            .blobs
            .insert(format!("{repository}/blobs/{digest}"), Stored::Dropped { size });
        return Ok((StatusCode::CREATED, headers).into_response());
    }
    locked(content).uploads.insert(id.clone(), (hash, size));
    let status = if *method == Method::GET {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::ACCEPTED
    };
    let headers = [
        (LOCATION, format!("/v2/{repository}/blobs/uploads/{id}")),
        (RANGE, format!("0-{}", size.saturating_sub(1))),
    ];
    Ok((status, headers).into_response())
}

fn blob(content: &Mutex<Content>, path: &str, method: &Method, headers: &HeaderMap) -> Response {
    let Some(stored) = locked(content).blobs.get(path).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match stored {
        // What was dropped is known to have been there, but not to be had.
        Stored::Dropped { size } if method == Method::HEAD => ([(CONTENT_LENGTH, size)]).into_response(),
        Stored::Dropped { .. } => StatusCode::NOT_FOUND.into_response(),
        Stored::Made { block, size } => {
            let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
            let from = range.and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .split('-')
                    .next()?
                    .parse::<u64>()
                    .ok()
            });
            let status = if from.is_some() {
                StatusCode::PARTIAL_CONTENT
            } else {
                StatusCode::OK
            };
            let from = from.unwrap_or(0).min(size);
            let length = [(CONTENT_LENGTH, size - from)];
            (
                status,
                length,
                Body::from_stream(stream::iter(over_and_over(block, from, size))),
            )
                .into_response()
        }
    }
}

/// The bytes `from..size` of what `block` repeats.
fn over_and_over(block: Bytes, from: u64, size: u64) -> impl Iterator<Item = io::Result<Bytes>> {
    let mut at = from;
    std::iter::from_fn(move || {
        let start = usize::try_from(at % block.len() as u64).ok()?;
        let part = block.slice(start..block.len().min(start + (256 << 10)));
        let left = usize::try_from(size - at).unwrap_or(usize::MAX);
        let part = part.slice(..part.len().min(left));
        at += part.len() as u64;
        (!part.is_empty()).then_some(Ok(part))
    })
}

async fn manifest(content: &Mutex<Content>, repository: &str, name: &str, request: Request) -> Response {
    if request.method() == Method::PUT {
        let media_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or(MANIFEST);
        let media_type = media_type.to_owned();
        let Ok(bytes) = axum::body::to_bytes(request.into_body(), 4 << 20).await else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let digest = locked(content).keep(repository, name, &media_type, &bytes);
        let location = format!("/v2/{repository}/manifests/{digest}");
        return (
            StatusCode::CREATED,
            [("location", location), ("docker-content-digest", digest)],
        )
            .into_response();
    }
    let found = locked(content)
        .manifests
        .get(&format!("{repository}/manifests/{name}"))
        .cloned();
    let Some((media_type, bytes)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    (
        [
            ("content-type", media_type),
            ("docker-content-digest", image::digest(&bytes)),
        ],
        bytes,
    )
        .into_response()
}
