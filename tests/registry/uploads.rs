//! Uploads: whole, in chunks, resumed, mounted, at once, and with digests that lie.

use std::io::Write as _;
use std::net::TcpStream;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use windlass::domain::{Algorithm, Digest, Hasher};

use crate::client::{Registry, code, header};

#[tokio::test]
async fn refuses_a_blob_whose_digest_lies_and_keeps_nothing_of_it() {
    let registry = Registry::default().await;
    let digest = Digest::of(b"what it says");
    let location = registry.open_upload("a").await;
    let put = registry
        .request(Method::PUT, &format!("{location}?digest={digest}"))
        .body("what it is");
    let refused = put.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(code(refused).await, "DIGEST_INVALID");
    for content in [digest, Digest::of(b"what it is")] {
        let path = format!("/v2/a/blobs/{content}");
        assert_eq!(registry.get(&path).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(registry.get(&location).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn takes_chunks_in_order_only_and_says_where_to_go_on() {
    let registry = Registry::default().await;
    let location = registry.open_upload("a").await;
    let chunk = async |method: Method, query: &str, range: &str, bytes: &'static str| {
        let request = registry.request(method, &format!("{location}{query}"));
        let request = request.header("content-range", range).body(bytes);
        request.send().await.unwrap()
    };
    assert_eq!(
        chunk(Method::PATCH, "", "0-2", "abc").await.status(),
        StatusCode::ACCEPTED
    );

    let early = chunk(Method::PATCH, "", "6-8", "ghi").await;
    assert_eq!(early.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&early, "range"), "0-2");
    assert_eq!(header(&early, "location"), location);
    let false_length = chunk(Method::PATCH, "", "3-9", "def").await;
    assert_eq!(code(false_length).await, "SIZE_INVALID");

    let status = registry.get(&location).await;
    assert_eq!(status.status(), StatusCode::NO_CONTENT);
    assert_eq!(header(&status, "range"), "0-2");

    let digest = Digest::of(b"abcdef");
    let last = chunk(Method::PUT, &format!("?digest={digest}"), "3-5", "def").await;
    assert_eq!(last.status(), StatusCode::CREATED);
    let blob = registry.get(&header(&last, "location")).await;
    assert_eq!(blob.bytes().await.unwrap(), "abcdef");
}

#[tokio::test]
async fn goes_on_with_an_upload_whose_connection_broke() {
    let registry = Registry::default().await;
    let location = registry.open_upload("a").await;
    let host = registry.server.host();
    let mut broken = TcpStream::connect(&host).unwrap();
    write!(
        broken,
        "PATCH {location} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 6\r\n\r\nabc"
    )
    .unwrap();
    drop(broken);
    // The status waits for the chunk in progress, but the chunk may not have begun yet.
    while header(&registry.get(&location).await, "range") != "0-2" {}
    let digest = Digest::of(b"abcdef");
    let put = registry.request(Method::PUT, &format!("{location}?digest={digest}"));
    let put = put.header("content-range", "3-5").body("def");
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn forgets_a_cancelled_upload() {
    let registry = Registry::default().await;
    let location = registry.open_upload("a").await;
    assert_eq!(registry.delete(&location).await.status(), StatusCode::NO_CONTENT);
    let again = registry.delete(&location).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert_eq!(code(again).await, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn an_upload_belongs_to_its_repository() {
    let registry = Registry::default().await;
    let location = registry.open_upload("a").await.replace("/v2/a/", "/v2/b/");
    assert_eq!(registry.get(&location).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn takes_an_algorithm_that_is_named_only_at_the_end() {
    let registry = Registry::default().await;
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(b"abc");
    let digest = hasher.finish();
    let location = registry.open_upload("a").await;
    registry
        .request(Method::PATCH, &location)
        .body("ab")
        .send()
        .await
        .unwrap();
    let put = registry
        .request(Method::PUT, &format!("{location}?digest={digest}"))
        .body("c");
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn mounts_a_blob_and_opens_an_upload_where_it_cannot() {
    let registry = Registry::default().await;
    let digest = registry.push_blob("dev/a", b"layer").await;
    let mount = async |name: &str, from: &str| {
        let path = format!("/v2/{name}/blobs/uploads/?mount={digest}{from}");
        registry.post(&path).await
    };
    let missing = mount("stage/a", "&from=dev/b").await;
    assert_eq!(missing.status(), StatusCode::ACCEPTED);
    assert!(header(&missing, "location").contains("/blobs/uploads/"));
    let blob = format!("/v2/stage/a/blobs/{digest}");
    assert_eq!(registry.get(&blob).await.status(), StatusCode::NOT_FOUND);

    let mounted = mount("stage/a", "&from=dev/a").await;
    assert_eq!(mounted.status(), StatusCode::CREATED);
    assert_eq!(
        registry
            .get(&header(&mounted, "location"))
            .await
            .bytes()
            .await
            .unwrap(),
        "layer"
    );

    assert_eq!(
        mount("prod/a", "").await.status(),
        StatusCode::CREATED,
        "from anywhere"
    );
    assert_eq!(
        mount("prod/a", "&from=prod/a").await.status(),
        StatusCode::CREATED,
        "from itself"
    );
}

#[tokio::test]
async fn a_mounted_blob_outlives_the_one_it_came_from() {
    let registry = Registry::default().await;
    let digest = registry.push_blob("a", b"layer").await;
    registry
        .post(&format!("/v2/b/blobs/uploads/?mount={digest}&from=a"))
        .await;
    let deleted = registry.delete(&format!("/v2/a/blobs/{digest}")).await;
    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    let gone = registry.get(&format!("/v2/a/blobs/{digest}")).await;
    assert_eq!(code(gone).await, "BLOB_UNKNOWN");
    assert_eq!(
        registry
            .get(&format!("/v2/b/blobs/{digest}"))
            .await
            .bytes()
            .await
            .unwrap(),
        "layer"
    );
}

#[tokio::test]
async fn takes_the_same_blob_many_times_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(crate::storage::in_folder(folder.path())).await;
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let digest = Digest::of(&bytes);
    let names = ["a", "a", "a", "b", "b", "c"];
    join_all(names.map(|name| registry.push_blob(name, &bytes))).await;
    for name in names {
        let blob = registry.get(&format!("/v2/{name}/blobs/{digest}")).await;
        assert_eq!(blob.bytes().await.unwrap(), bytes);
    }
    let kept = folder.path().join("blobs/sha256").read_dir().unwrap().count();
    let staged = folder.path().join("uploads").read_dir().unwrap().count();
    assert_eq!((kept, staged), (1, 0));
}
