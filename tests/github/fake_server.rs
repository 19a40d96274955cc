//! How the fake speaks HTTP: each request is noted, goes wrong if it is to, or is answered, with what it is known by.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};
use windlass::domain::Digest;

use super::exchanges::Wrong;
use super::fake::{Answer, Asked, Fault, Question, Store};

type Shared = Arc<Mutex<Store>>;

pub async fn serve(
    State(store): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path_and_query().unwrap().to_string();
    let authorization = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    let (fault, done) = {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        store.asked.push(Asked {
            method: method.to_string(),
            path: path.clone(),
            authorization: authorization.clone(),
        });
        let fault = store
            .faults
            .iter_mut()
            .find(|(of, part, times, _)| method.as_str() == *of && path.contains(part) && *times > 0);
        let fault = fault.map(|(_, _, times, fault)| {
            *times -= 1;
            fault.clone()
        });
        let undone = matches!(fault, Some(Fault::Answer(..) | Fault::Garbage));
        let done = (!undone).then(|| {
            let question = Question {
                method: &method,
                path: uri.path(),
                query: uri.query().unwrap_or_default(),
                token: authorization.as_deref(),
                body: &body,
            };
            store.answer(&question)
        });
        (fault, done)
    };
    let failed = || json!({"message": "out of order"});
    let is_wrong = fault.is_some();
    let mut response = match (fault, done) {
        (Some(Fault::Garbage), _) => respond(200, &[], "<html>\u{1b}[2Jwelcome to the hotel</html>"),
        (Some(Fault::DoneBut(status)), _) => respond(status, &[], &failed().to_string()),
        (Some(Fault::DoneLate(wait)), _) => {
            tokio::time::sleep(wait).await;
            respond(200, &[], "[]")
        }
        (Some(Fault::NextAt(link)), Some((status, _, body))) => respond(
            status,
            &[("link", format!("<{link}>; rel=\"next\""))],
            &body.to_string(),
        ),
        (Some(Fault::Answer(status, headers, body)), _) => respond(status, &headers, &body.to_string()),
        // A log itself is what Gitea answers with.
        (None, Some((200, _, Value::String(log)))) => {
            let mut response = respond(200, &[], &log);
            response.extensions_mut().insert(Wrong);
            response
        }
        (None, Some(answer)) => unless_known(&store, &headers, &method, answer),
        (_, None) => respond(500, &[], &failed().to_string()),
    };
    if is_wrong {
        response.extensions_mut().insert(Wrong);
    }
    response
}

/// The host of logs: another origin, which is no business of the token.
pub async fn serve_log(State(store): State<Shared>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let token = headers.get("authorization");
    store
        .log_tokens
        .push(token.map(|value| value.to_str().unwrap().to_owned()));
    let job = uri.path().trim_start_matches('/').parse().unwrap();
    let range = headers
        .get("range")
        .map(|value| value.to_str().unwrap().to_owned());
    let from = range.as_deref().map(|range| {
        let from = range
            .strip_prefix("bytes=")
            .and_then(|range| range.strip_suffix('-'));
        from.unwrap().parse().unwrap()
    });
    store.log_ranges.extend(from);
    let log = store.actions.logs.get(&job).cloned();
    drop(store);
    log.map_or_else(|| respond(404, &[], "no such blob"), |log| log.response(from))
}

/// The answer, or that it is the one which is known already.
fn unless_known(store: &Shared, headers: &HeaderMap, method: &Method, answer: Answer) -> Response<Body> {
    let (status, mut more, body) = answer;
    let text = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    if method == Method::GET && status == 200 {
        let etag = format!("W/\"{}\"", Digest::of(text.as_bytes()).hex());
        if headers
            .get("if-none-match")
            .is_some_and(|known| known == etag.as_str())
        {
            store.lock().unwrap_or_else(PoisonError::into_inner).unchanged += 1;
            return respond(304, &[("etag", etag)], "");
        }
        more.push(("etag", etag));
    }
    respond(status, &more, &text)
}

fn respond(status: u16, headers: &[(&'static str, String)], body: &str) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=utf-8");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body.to_owned())).unwrap()
}
