//! What is asked of a stand-in and what it answers, noted for whoever holds both to GitHub's description of its API:
//! one line of JSON for each exchange, appended to the file that `WINDLASS_GITHUB_EXCHANGES` names.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

static FILE: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let path = std::env::var_os("WINDLASS_GITHUB_EXCHANGES")?;
    let file = OpenOptions::new().create(true).append(true).open(path);
    Some(Mutex::new(file.unwrap()))
});

/// Set on an answer that the test made wrong: only what was asked is held to the description.
#[derive(Debug, Clone, Copy)]
pub struct Wrong;

/// Notes each exchange that passes.
pub async fn note(request: Request, next: Next) -> Response {
    if FILE.is_none() {
        return next.run(request).await;
    }
    let method = request.method().to_string();
    let path = request.uri().path_and_query().unwrap().to_string();
    let (parts, body) = request.into_parts();
    let asked = whole(body).await;
    let response = next
        .run(Request::from_parts(parts, Body::from(asked.clone())))
        .await;
    let (parts, body) = response.into_parts();
    let answered = whole(body).await;
    let is_wrong = parts.extensions.get::<Wrong>().is_some();
    append(&json!({
        "stand_in": "tests",
        "method": method,
        "path": path,
        "asked": parsed(&asked),
        "status": parts.status.as_u16(),
        "answered": if is_wrong { Value::Null } else { parsed(&answered) },
        "wrong": is_wrong,
    }));
    Response::from_parts(parts, Body::from(answered))
}

/// Notes an exchange.
pub fn append(exchange: &Value) {
    if let Some(file) = &*FILE {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{exchange}").unwrap();
    }
}

async fn whole(body: Body) -> Bytes {
    axum::body::to_bytes(body, usize::MAX).await.unwrap()
}

/// A body, where it is JSON; as a text where not.
fn parsed(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
}
