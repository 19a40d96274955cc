//! A service on loopback that keeps what is posted to it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What was posted: the path, the headers and the body.
pub type Posted = (String, HeaderMap, Bytes);

pub struct Receiver {
    pub address: String,
    received: Arc<Mutex<Vec<Posted>>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Answering {
    status: StatusCode,
    received: Arc<Mutex<Vec<Posted>>>,
    answers: Arc<Semaphore>,
}

/// Its answer repeats the path, as those of many servers do.
async fn answer(
    State(state): State<Answering>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let posted = (uri.path().to_owned(), headers, body);
    state.received.lock().unwrap().push(posted);
    state.answers.acquire().await.unwrap().forget();
    (state.status, format!("Cannot POST {uri}"))
}

impl Receiver {
    /// One that answers with `status`.
    pub async fn start(status: u16) -> Self {
        Self::answering(status, Arc::new(Semaphore::new(Semaphore::MAX_PERMITS))).await
    }

    /// One that answers with `status`, once for each permit of `answers`.
    pub async fn answering(status: u16, answers: Arc<Semaphore>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Answering {
            status: StatusCode::from_u16(status).unwrap(),
            received: Arc::default(),
            answers,
        };
        let received = Arc::clone(&state.received);
        let router = Router::new().fallback(answer).with_state(state);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            received,
            task,
        }
    }

    /// What was posted to `path`, in order.
    pub fn posted(&self, path: &str) -> Vec<(HeaderMap, Bytes)> {
        let received = self.received.lock().unwrap();
        let here = received.iter().filter(|(posted, _, _)| posted == path);
        here.map(|(_, headers, body)| (headers.clone(), body.clone()))
            .collect()
    }

    /// The documents that were posted to `path`.
    pub fn documents(&self, path: &str) -> Vec<Value> {
        let posted = self.posted(path);
        let documents = posted
            .iter()
            .map(|(_, body)| serde_json::from_slice(body).unwrap());
        documents.collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
