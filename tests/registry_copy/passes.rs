//! The proxy itself: what passes when nothing is wrong.

use windlass::demo::registry::{EmbeddedRegistry, Options};

use crate::proxy;

#[tokio::test]
async fn what_passes_is_unchanged_and_counted() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let proxy = proxy::start(&registry.host()).await;
    let client = reqwest::Client::new();
    let base = format!("http://{}", proxy.host());
    let bytes = vec![7_u8; 3_000_000];
    let digest = windlass::domain::Digest::of(&bytes);
    let opened = client
        .post(format!("{base}/v2/app/blobs/uploads/"))
        .send()
        .await
        .unwrap();
    let location = opened.headers()["location"].to_str().unwrap().to_owned();
    let put = client
        .put(format!("{base}{location}?digest={digest}"))
        .body(bytes.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 201);
    let got = client
        .get(format!("{base}/v2/app/blobs/{digest}"))
        .send()
        .await
        .unwrap();
    assert_eq!(got.bytes().await.unwrap(), bytes);
    let told: Vec<_> = proxy
        .requests()
        .into_iter()
        .map(|one| (one.method, one.status, one.up, one.down))
        .collect();
    let length = bytes.len() as u64;
    assert_eq!(
        told,
        [
            ("POST".to_owned(), Some(202), 0, 0),
            ("PUT".to_owned(), Some(201), length, 0),
            ("GET".to_owned(), Some(200), 0, length),
        ]
    );
    let traffic = proxy.traffic();
    assert_eq!((traffic.requests, traffic.up, traffic.down), (3, length, length));
    assert_eq!(registry.requests().len(), 3);
    proxy.forget();
    assert_eq!(proxy.traffic(), proxy::Traffic::default());
}
