//! What the registry does wrong when it is told to.

use reqwest::StatusCode;
use windlass::demo::faults::{Effect, Fault};

use crate::client::{Registry, header};

async fn with_blob(bytes: &[u8]) -> (Registry, String) {
    let registry = Registry::default().await;
    let digest = registry.push_blob("a", bytes).await;
    (registry, format!("/v2/a/blobs/{digest}"))
}

#[tokio::test]
async fn answers_another_status_and_when_to_come_back() {
    let (registry, blob) = with_blob(b"layer").await;
    registry.server.inject(
        Fault::new(Effect::Answer {
            status: 429,
            retry_after: Some("7".to_owned()),
        })
        .on_path("/blobs/")
        .times(2),
    );
    assert_eq!(registry.get("/v2/").await.status(), StatusCode::OK);
    for _ in 0..2 {
        let refused = registry.get(&blob).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(header(&refused, "retry-after"), "7");
    }
    assert_eq!(registry.get(&blob).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn resets_the_connection_before_the_request_is_served() {
    let (registry, blob) = with_blob(b"layer").await;
    registry
        .server
        .inject(Fault::new(Effect::Reset).on_method("DELETE"));
    let request = registry.request(reqwest::Method::DELETE, &blob);
    let error = request.send().await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert_eq!(registry.server.requests().last().unwrap().status, None);
    assert_eq!(registry.get(&blob).await.bytes().await.unwrap(), "layer");
}

#[tokio::test]
async fn breaks_off_a_body_after_as_many_bytes_as_it_was_told() {
    let bytes = vec![7; 3_000_000];
    let (registry, blob) = with_blob(&bytes).await;
    for after in [0, 1, 1_500_000] {
        registry.server.inject(Fault::new(Effect::Truncate { after }));
        let mut response = registry.get(&blob).await;
        assert_eq!(header(&response, "content-length"), "3000000");
        let mut received = 0;
        let error = loop {
            match response.chunk().await {
                Ok(chunk) => received += chunk.expect("the body ended as if whole").len() as u64,
                Err(error) => break error,
            }
        };
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        assert_eq!(received, after);
    }
    assert_eq!(registry.get(&blob).await.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn changes_one_byte_of_a_body() {
    let (registry, blob) = with_blob(b"layer").await;
    registry.server.inject(Fault::new(Effect::FlipByte { at: 1 }));
    assert_eq!(*registry.get(&blob).await.bytes().await.unwrap(), *b"l\x9eyer");
    assert_eq!(registry.get(&blob).await.bytes().await.unwrap(), "layer");
}

#[tokio::test]
async fn lies_about_a_digest_and_sends_the_right_bytes() {
    let (registry, blob) = with_blob(b"layer").await;
    registry.server.inject(Fault::new(Effect::LieAboutDigest));
    let lying = registry.get(&blob).await;
    assert!(!blob.ends_with(&header(&lying, "docker-content-digest")));
    assert_eq!(lying.bytes().await.unwrap(), "layer");
}

#[tokio::test]
async fn stalls_until_it_ends_and_still_ends() {
    let (registry, blob) = with_blob(b"layer").await;
    registry.server.inject(Fault::new(Effect::Stall { after: 2 }));
    let mut stalled = registry.get(&blob).await;
    assert_eq!(stalled.chunk().await.unwrap().unwrap(), "la");
    let more = tokio::spawn(async move { stalled.chunk().await });
    assert!(!more.is_finished());
    registry.server.shutdown().await;
    assert!(more.await.unwrap().is_err());
}
