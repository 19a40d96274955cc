//! A request as its handler sees it, and what the handler answers.

use axum::body::BodyDataStream;
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::failure::Failure;
use super::route::Query;

/// Names the content of an answer.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// What a handler answers.
pub(super) type Answer = Result<Response, Failure>;

/// A request, as its handler sees it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) query: Query<'a>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a mut BodyDataStream,
}
