//! The way of a request: log, faults, authorisation, and to what it asks for.

use std::sync::Arc;

use axum::Json;
use axum::body::BodyDataStream;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{EXPECT, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;

use super::call::{Answer, Call};
use super::connection::Connection;
use super::failure::{Code, Failure};
use super::options::RequestLine;
use super::route::{Query, Route};
use super::server::Server;
use super::{blobs, listing, manifests, uploads};
use crate::demo::faults::Effect;

/// The most of a refused request's body that is read all the same: a client that is still sending when its connection
/// closes may never see the answer.
const DRAINED: usize = 64 * 1024 * 1024;

/// The most bytes of a form.
const FORM: usize = 64 * 1024;

impl Server {
    async fn route(&self, call: &mut Call<'_>, path: &str) -> Answer {
        let route = Route::of(path)?;
        let method = call.method;
        let query = call.query;
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let unsupported = || Failure::new(Code::Unsupported, format!("{method} does nothing at {path}"));
        if route == Route::Token {
            return match *method {
                Method::GET => self.gatekeeper.issue(query, call.headers),
                Method::POST => {
                    let form = form(call.body).await?;
                    self.gatekeeper.exchange(Query(&form))
                }
                _ => Err(unsupported()),
            };
        }
        let grant = self.gatekeeper.check(method, &route, query, call.headers)?;
        if self.read_only && !reads {
            return Err(Failure::new(Code::Unsupported, "this registry is read-only"));
        }
        match (method.as_str(), &route) {
            ("GET" | "HEAD", Route::Ping) => Ok(Json(serde_json::json!({})).into_response()),
            ("GET" | "HEAD", Route::Catalog) => listing::catalog(self, query),
            ("GET" | "HEAD", Route::Blob(name, digest)) => {
                blobs::get(self, name, digest, method, call.headers).await
            }
            ("GET" | "HEAD", Route::Manifest(name, target)) => {
                manifests::get(self, name, target, method).await
            }
            ("GET" | "HEAD", Route::Tags(name)) => listing::tags(self, name, query),
            ("GET" | "HEAD", Route::Referrers(name, digest)) => listing::referrers(self, name, digest, query),
            ("GET" | "HEAD", Route::Upload(name, id)) => uploads::status(self, name, *id).await,
            ("POST", Route::Uploads(name)) => uploads::start(self, name, &grant, call).await,
            ("PATCH", Route::Upload(name, id)) => uploads::append(self, name, *id, call).await,
            ("PUT", Route::Upload(name, id)) => uploads::finish(self, name, *id, call).await,
            ("PUT", Route::Manifest(name, target)) => manifests::put(self, name, target, call).await,
            ("DELETE", Route::Blob(name, digest)) => blobs::delete(self, name, digest),
            ("DELETE", Route::Manifest(name, target)) => manifests::delete(self, name, target),
            ("DELETE", Route::Upload(name, id)) => uploads::cancel(self, name, *id),
            _ => Err(unsupported()),
        }
    }
}

/// Answers one request.
pub(super) async fn answer(
    State(server): State<Arc<Server>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let method = request.method().to_string();
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .to_owned();
    if !server.delay.is_zero() {
        tokio::time::sleep(server.delay).await;
    }
    let effect = server.faults.strike(&method, &path);
    let response = match &effect {
        Some(Effect::Reset) => {
            connection.cut();
            server.remember(RequestLine {
                method,
                path,
                status: None,
            });
            return Response::default();
        }
        Some(Effect::Answer { status, retry_after }) => {
            drain(&mut request.into_body().into_data_stream()).await;
            refusal(*status, retry_after.as_deref()).into_response()
        }
        _ => {
            // A task of its own goes on when the client goes away: no upload is left half taken in.
            let serving = tokio::spawn(serve(Arc::clone(&server), request));
            let broke =
                |_| Failure::new(Code::Unknown, "the registry failed at this request").into_response();
            serving.await.unwrap_or_else(broke)
        }
    };
    let status = Some(response.status().as_u16());
    server.remember(RequestLine { method, path, status });
    match effect {
        Some(effect) => effect.distort(response, &server.stop).await,
        None => response,
    }
}

async fn serve(server: Arc<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let mut call = Call {
        method: &parts.method,
        query: Query(parts.uri.query().unwrap_or_default()),
        headers: &parts.headers,
        body: &mut body,
    };
    match server.route(&mut call, parts.uri.path()).await {
        Ok(response) => response,
        Err(failure) => {
            if !parts.headers.contains_key(EXPECT) {
                drain(&mut body).await;
            }
            failure.into_response()
        }
    }
}

/// The text of a form, which is short.
async fn form(body: &mut BodyDataStream) -> Result<String, Failure> {
    let mut text = Vec::new();
    while let Some(Ok(chunk)) = body.next().await {
        text.extend_from_slice(&chunk);
        if text.len() > FORM {
            return Err(Failure::new(Code::Unsupported, "a form is not as long as this"));
        }
    }
    String::from_utf8(text).map_err(|_| Failure::new(Code::Unsupported, "this is no form"))
}

async fn drain(body: &mut BodyDataStream) {
    let mut read = 0;
    while read < DRAINED
        && let Some(Ok(chunk)) = body.next().await
    {
        read += chunk.len();
    }
}

/// The answer that a fault gives instead of the registry's own.
fn refusal(status: u16, retry_after: Option<&str>) -> Failure {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status {
        StatusCode::TOO_MANY_REQUESTS => Code::TooManyRequests,
        StatusCode::UNAUTHORIZED => Code::Unauthorized,
        _ => Code::Unknown,
    };
    let failure = Failure::new(code, "a fault, as it was asked for").with_status(status);
    match retry_after {
        Some(after) => failure.with_header(RETRY_AFTER, after.to_owned()),
        None => failure,
    }
}
