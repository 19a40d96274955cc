//! `windlass watch --webhook`: each drift is posted once.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use windlass::domain::Digest;
use windlass::http::{SIGNATURE_HEADER, signature};

use crate::call::text;
use crate::drift::observed;
use crate::program::windlass;

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn receive(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    received.lock().unwrap().push((headers, body));
    StatusCode::NO_CONTENT
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drift_is_posted_to_the_webhook_signed_and_what_is_not_delivered_is_told_without_the_path() {
    let (world, _, file) = observed().await;
    let foreign = Digest::of(b"foreign");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let secret = world.folder.path().join("secret");
    std::fs::write(&secret, "hidden\n").unwrap();
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(receive).with_state(Arc::clone(&received));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let url = format!("http://{address}/hooks/{{environment}}/private");
    let secret = secret.display().to_string();
    let args = [
        "watch",
        "--once",
        "--json",
        "--webhook",
        &url,
        "--webhook-secret-file",
        &secret,
    ];
    let output = windlass(&world, &args).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let printed: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let posted: Vec<Value> = received
        .lock()
        .unwrap()
        .iter()
        .map(|(headers, body)| {
            let signed = signature(&"hidden".to_owned().into(), body);
            assert_eq!(headers[SIGNATURE_HEADER], signed);
            serde_json::from_slice(body).unwrap()
        })
        .collect();
    assert_eq!(posted, printed);
    assert!(
        posted
            .iter()
            .any(|change| change.to_string().contains(foreign.hex())),
        "{posted:?}"
    );

    serving.abort();
    let _ = serving.await;
    let output = windlass(&world, &args).await;
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(
        told.contains("not delivered: ") && told.contains("cannot be reached"),
        "{told}"
    );
    assert!(!told.contains("private") && !told.contains("hidden"), "{told}");
}
