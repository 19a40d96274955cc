//! Uploads of blobs: in one request, in two, in chunks, and not at all where a mount will do.

use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use tokio::sync::MutexGuard as AsyncMutexGuard;
use uuid::Uuid;

use super::auth::Grant;
use super::call::{Answer, CONTENT_DIGEST, Call};
use super::content::Incoming;
use super::failure::{Code, Failure};
use super::route::{Name, digest_of, upload_unknown};
use super::server::Server;
use crate::domain::{Algorithm, Digest};

/// `POST /v2/<name>/blobs/uploads/`
pub(super) async fn start(server: &Server, name: &Name, grant: &Grant, call: &mut Call<'_>) -> Answer {
    if let Some(digest) = call.query.get("mount") {
        let digest = digest_of(&digest)?;
        let from: Option<Name> = call.query.get("from").map(|from| from.parse()).transpose()?;
        let accepted = |other: &Name| grant.may_pull(other) && from.as_ref().is_none_or(|from| from == other);
        if server.store.mount(name, &digest, accepted)? {
            return Ok(created(name, &digest));
        }
    } else if let Some(digest) = call.query.get("digest") {
        let digest = digest_of(&digest)?;
        let mut incoming = server.store.incoming(digest.algorithm())?;
        receive(&mut incoming, call).await?;
        return keep(server, name, &digest, incoming).await;
    }
    let algorithm = match call.query.get("digest-algorithm").as_deref() {
        None | Some("sha256") => Algorithm::Sha256,
        Some("sha512") => Algorithm::Sha512,
        Some(other) => {
            let message = format!("this registry knows sha256 and sha512, not `{other}`");
            return Err(Failure::new(Code::DigestInvalid, message));
        }
    };
    let id = server
        .uploads
        .open(name.clone(), server.store.incoming(algorithm)?);
    Ok((StatusCode::ACCEPTED, progress(name, id, 0)).into_response())
}

/// `PATCH <location>`: the next chunk, or all of it as a stream.
pub(super) async fn append(server: &Server, name: &Name, id: Uuid, call: &mut Call<'_>) -> Answer {
    let session = server.uploads.find(name, id)?;
    let mut slot = session.incoming.lock().await;
    let incoming = open(&mut slot, id)?;
    in_order(incoming, name, id, call.headers)?;
    receive(incoming, call).await?;
    Ok((StatusCode::ACCEPTED, progress(name, id, incoming.received())).into_response())
}

/// `PUT <location>?digest=…`: the last chunk, if any, and the end.
pub(super) async fn finish(server: &Server, name: &Name, id: Uuid, call: &mut Call<'_>) -> Answer {
    let digest = call
        .query
        .get("digest")
        .ok_or_else(|| Failure::new(Code::DigestInvalid, "the end of an upload needs `?digest=`"))?;
    let digest = digest_of(&digest)?;
    let session = server.uploads.find(name, id)?;
    let mut slot = session.incoming.lock().await;
    let incoming = open(&mut slot, id)?;
    in_order(incoming, name, id, call.headers)?;
    receive(incoming, call).await?;
    server.uploads.close(id);
    let incoming = slot.take().ok_or_else(|| upload_unknown(&id.to_string()))?;
    keep(server, name, &digest, incoming).await
}

/// `GET <location>`: how far it is.
pub(super) async fn status(server: &Server, name: &Name, id: Uuid) -> Answer {
    let session = server.uploads.find(name, id)?;
    let mut slot = session.incoming.lock().await;
    let received = open(&mut slot, id)?.received();
    Ok((StatusCode::NO_CONTENT, progress(name, id, received)).into_response())
}

/// `DELETE <location>`
pub(super) fn cancel(server: &Server, name: &Name, id: Uuid) -> Answer {
    server.uploads.find(name, id)?;
    server.uploads.close(id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn open<'a>(
    slot: &'a mut AsyncMutexGuard<'_, Option<Incoming>>,
    id: Uuid,
) -> Result<&'a mut Incoming, Failure> {
    slot.as_mut().ok_or_else(|| upload_unknown(&id.to_string()))
}

/// Reads the body. What came before it broke off stays, so that the client can go on from there.
async fn receive(incoming: &mut Incoming, call: &mut Call<'_>) -> Result<(), Failure> {
    while let Some(chunk) = call.body.next().await {
        let chunk = chunk
            .map_err(|error| Failure::new(Code::BlobUploadInvalid, format!("the body broke off: {error}")))?;
        incoming.append(&chunk).await?;
    }
    Ok(())
}

/// A chunk may say where it belongs (`Content-Range: first-last`); then it must follow what is there.
fn in_order(incoming: &Incoming, name: &Name, id: Uuid, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(range) = headers.get(CONTENT_RANGE) else {
        return Ok(());
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let (first, last) = range
        .to_str()
        .ok()
        .and_then(|range| range.split_once('-'))
        .and_then(|(first, last)| Some((number(first)?, number(last)?)))
        .filter(|(first, last)| first <= last)
        .ok_or_else(|| Failure::new(Code::BlobUploadInvalid, "`Content-Range` is not `first-last`"))?;
    if first != incoming.received() {
        let message = format!(
            "the upload has {} bytes, the chunk begins at {first}",
            incoming.received()
        );
        let mut failure =
            Failure::new(Code::BlobUploadInvalid, message).with_status(StatusCode::RANGE_NOT_SATISFIABLE);
        for (name, value) in progress(name, id, incoming.received()) {
            failure = failure.with_header(name, value);
        }
        return Err(failure);
    }
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    if length
        .and_then(number)
        .is_some_and(|length| length != last - first + 1)
    {
        return Err(Failure::new(
            Code::SizeInvalid,
            "`Content-Range` and `Content-Length` do not agree",
        ));
    }
    Ok(())
}

async fn keep(server: &Server, name: &Name, digest: &Digest, incoming: Incoming) -> Answer {
    let (found, whole) = incoming.finish(digest.algorithm()).await?;
    if found != *digest {
        let message = format!("what was uploaded is {found}, not {digest}");
        return Err(Failure::new(Code::DigestInvalid, message));
    }
    server.store.add_blob(name, digest, whole)?;
    Ok(created(name, digest))
}

fn created(name: &Name, digest: &Digest) -> Response {
    let headers = [
        (LOCATION, format!("/v2/{name}/blobs/{digest}")),
        (CONTENT_DIGEST, digest.to_string()),
    ];
    (StatusCode::CREATED, headers).into_response()
}

/// Where to go on, and what is there. The specification's form cannot tell one byte from none.
fn progress(name: &Name, id: Uuid, received: u64) -> [(axum::http::HeaderName, String); 2] {
    [
        (LOCATION, format!("/v2/{name}/blobs/uploads/{id}")),
        (RANGE, format!("0-{}", received.saturating_sub(1))),
    ]
}
