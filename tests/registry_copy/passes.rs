//! The proxy itself: what passes when nothing is wrong.

use std::time::{Duration, Instant};

use windlass::demo::registry::{EmbeddedRegistry, Options};

use crate::proxy;
use crate::proxy::fault::{Effect, Fault};

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

#[tokio::test]
async fn distance_is_added_to_each_request() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let proxy = proxy::start(&registry.host()).await;
    let delay = Duration::from_millis(50);
    proxy.delay(delay);
    let begin = Instant::now();
    for _ in 0..2 {
        reqwest::get(format!("http://{}/v2/", proxy.host()))
            .await
            .unwrap();
    }
    assert!(begin.elapsed() >= delay * 2);
}

#[tokio::test]
async fn a_fault_strikes_whom_it_is_meant_for_until_it_is_taken_back() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let proxy = proxy::start(&registry.host()).await;
    let url = format!("http://{}/v2/", proxy.host());
    let status = || async { reqwest::get(&url).await.unwrap().status().as_u16() };
    proxy.inject(Fault::new(Effect::answer(502)).on_method("PUT").always());
    proxy.inject(Fault::new(Effect::answer(503)).after(1).always());
    assert_eq!([status().await, status().await, status().await], [200, 503, 503]);
    proxy.heal();
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn nothing_passes_while_it_holds() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let proxy = proxy::start(&registry.host()).await;
    let url = format!("http://{}/v2/", proxy.host());
    proxy.hold(|traffic| traffic.requests == 2);
    reqwest::get(&url).await.unwrap();
    let second = tokio::spawn(reqwest::get(url));
    proxy.holds().await;
    assert_eq!(registry.requests().len(), 1);
    proxy.release();
    assert_eq!(second.await.unwrap().unwrap().status(), 200);
}
