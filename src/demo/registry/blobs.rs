//! Blobs: whole, in part, looked up and deleted.

use std::ops::Range;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};

use super::call::{Answer, CONTENT_DIGEST};
use super::failure::{Code, Failure};
use super::route::Name;
use super::server::Server;
use crate::domain::Digest;

/// `GET` and `HEAD /v2/<name>/blobs/<digest>`
pub(super) async fn get(
    server: &Server,
    name: &Name,
    digest: &Digest,
    method: &Method,
    headers: &HeaderMap,
) -> Answer {
    let content = server.store.read(|state| {
        let repository = state.repositories.get(name)?;
        repository.blobs.contains(digest).then(|| state.content(digest))?
    });
    let content = content.ok_or_else(|| unknown(name, digest))?;
    let size = content.size();
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let mut answered = vec![
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CONTENT_DIGEST, digest.to_string()),
    ];
    if *method == Method::HEAD {
        answered.push((CONTENT_LENGTH, size.to_string()));
        return Ok((AppendHeaders(answered), Body::empty()).into_response());
    }
    let (status, part) = match asked.map_or(Asked::Whole, |asked| Asked::of(asked, size)) {
        Asked::Whole => (StatusCode::OK, 0..size),
        Asked::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            answered.push((CONTENT_RANGE, range));
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Asked::Outside => {
            let message = format!("the blob has {size} bytes");
            return Err(Failure::new(Code::SizeInvalid, message)
                .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
                .with_header(CONTENT_RANGE, format!("bytes */{size}")));
        }
    };
    answered.push((CONTENT_LENGTH, (part.end - part.start).to_string()));
    let body = content.stream(part).await?;
    Ok((status, AppendHeaders(answered), body).into_response())
}

/// `DELETE /v2/<name>/blobs/<digest>`
pub(super) fn delete(server: &Server, name: &Name, digest: &Digest) -> Answer {
    if server.store.remove_blob(name, digest)? {
        Ok(StatusCode::ACCEPTED.into_response())
    } else {
        Err(unknown(name, digest))
    }
}

fn unknown(name: &Name, digest: &Digest) -> Failure {
    Failure::new(Code::BlobUnknown, format!("{name} has no blob {digest}"))
}

/// What a `Range` header asks for (RFC 9110, section 14).
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Outside,
}

impl Asked {
    /// What is not understood, and several ranges at once, are answered with the whole, as the RFC allows.
    fn of(header: &str, size: u64) -> Self {
        let Some((first, last)) = header
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
        else {
            return Self::Whole;
        };
        let part = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) => first..last.saturating_add(1).min(size),
            (Ok(first), Err(_)) if last.is_empty() => first..size,
            (Err(_), Ok(suffix)) if first.is_empty() => size.saturating_sub(suffix)..size,
            _ => return Self::Whole,
        };
        if part.is_empty() {
            Self::Outside
        } else {
            Self::Part(part)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges_as_the_rfc_does() {
        for (header, asked) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=2-5", Asked::Part(2..6)),
            ("bytes=2-500", Asked::Part(2..10)),
            ("bytes=2-", Asked::Part(2..10)),
            ("bytes=-3", Asked::Part(7..10)),
            ("bytes=-30", Asked::Part(0..10)),
            ("bytes=10-", Asked::Outside),
            ("bytes=5-2", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("lines=0-1", Asked::Whole),
        ] {
            assert_eq!(Asked::of(header, 10), asked, "{header}");
        }
        assert_eq!(Asked::of("bytes=0-", 0), Asked::Outside);
    }
}
