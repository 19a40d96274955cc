//! Blobs in part, manifests by tag and by digest, and what deletions leave.

use reqwest::{Method, StatusCode};
use serde_json::json;
use windlass::demo::registry::Options;
use windlass::domain::{Algorithm, Digest, Hasher};

use crate::client::{IMAGE, Registry, code, digest_of, header, image};
use crate::storage::in_folder;

#[tokio::test]
async fn answers_ranges_from_memory_and_from_files() {
    let folder = tempfile::tempdir().unwrap();
    for options in [Options::default(), in_folder(folder.path())] {
        let registry = Registry::start(options).await;
        let digest = registry.push_blob("a", b"0123456789").await;
        let blob = format!("/v2/a/blobs/{digest}");
        let part = async |range: &str| {
            let request = registry.request(Method::GET, &blob).header("range", range);
            request.send().await.unwrap()
        };
        for (range, answered, bytes) in [
            ("bytes=2-4", "bytes 2-4/10", "234"),
            ("bytes=8-", "bytes 8-9/10", "89"),
            ("bytes=-3", "bytes 7-9/10", "789"),
        ] {
            let response = part(range).await;
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
            assert_eq!(header(&response, "content-range"), answered);
            assert_eq!(header(&response, "content-length"), bytes.len().to_string());
            assert_eq!(response.bytes().await.unwrap(), bytes);
        }
        let outside = part("bytes=10-").await;
        assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(header(&outside, "content-range"), "bytes */10");
    }
}

#[tokio::test]
async fn a_head_tells_size_digest_and_type_and_sends_nothing() {
    let registry = Registry::default().await;
    let digest = registry.push_image("a", "v1", "one").await;
    let size = image("one").to_string().len().to_string();
    for path in [
        "/v2/a/manifests/v1".to_owned(),
        format!("/v2/a/manifests/{digest}"),
    ] {
        let response = registry.request(Method::HEAD, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "content-length"), size);
        assert_eq!(header(&response, "content-type"), IMAGE);
        assert_eq!(header(&response, "docker-content-digest"), digest.to_string());
        assert_eq!(response.bytes().await.unwrap(), "");
    }
    let blob = format!("/v2/a/blobs/{}", Digest::of(b"{}"));
    let response = registry.request(Method::HEAD, &blob).send().await.unwrap();
    assert_eq!(header(&response, "content-length"), "2");
}

#[tokio::test]
async fn gives_a_manifest_back_as_the_bytes_it_was_pushed_as() {
    let registry = Registry::default().await;
    let odd = "{ \"z\":1,\n\t\"a\" : 2 }\n";
    let put = registry
        .request(Method::PUT, "/v2/a/manifests/v1")
        .header(
            "content-type",
            "application/vnd.example.thing+json; charset=utf-8",
        )
        .body(odd);
    assert_eq!(put.send().await.unwrap().status(), StatusCode::CREATED);
    let back = registry.get("/v2/a/manifests/v1").await;
    assert_eq!(
        header(&back, "content-type"),
        "application/vnd.example.thing+json"
    );
    assert_eq!(back.bytes().await.unwrap(), odd);
}

#[tokio::test]
async fn refuses_manifests_that_lie_are_broken_or_want_what_is_not_there() {
    let registry = Registry::default().await;
    let early = registry.put_manifest("a", "v1", &image("early")).await;
    assert_eq!(code(early).await, "MANIFEST_BLOB_UNKNOWN");
    registry.push_blob("a", b"{}").await;
    let other = Digest::of(b"other").to_string();
    let lying = registry.put_manifest("a", &other, &image("lying")).await;
    assert_eq!(lying.status(), StatusCode::BAD_REQUEST);
    assert_eq!(code(lying).await, "DIGEST_INVALID");
    let broken = registry.put_manifest("a", "v1", &json!("no manifest")).await;
    assert_eq!(code(broken).await, "MANIFEST_INVALID");
    let mut other_kind = image("another kind");
    other_kind["mediaType"] = "application/vnd.oci.image.index.v1+json".into();
    let other_kind = registry.put_manifest("a", "v1", &other_kind).await;
    assert_eq!(code(other_kind).await, "MANIFEST_INVALID");
    assert_eq!(
        registry.get("/v2/a/manifests/v1").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn takes_manifests_without_their_blobs_where_it_is_told_to() {
    let registry = Registry::start(Options {
        accept_sparse: true,
        ..Options::default()
    })
    .await;
    let put = registry.put_manifest("a", "v1", &image("sparse")).await;
    assert_eq!(put.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn takes_manifests_up_to_four_mebibytes() {
    let registry = Registry::default().await;
    let put = async |size: usize| {
        let request = registry.request(Method::PUT, "/v2/a/manifests/v1");
        let request = request.header("content-type", "application/vnd.example+json");
        request.body(" ".repeat(size)).send().await.unwrap()
    };
    assert_eq!(put(4 * 1024 * 1024).await.status(), StatusCode::CREATED);
    let large = put(4 * 1024 * 1024 + 1).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(large).await, "SIZE_INVALID");
}

#[tokio::test]
async fn keeps_a_manifest_under_a_sha512_digest() {
    let registry = Registry::default().await;
    registry.push_blob("a", b"{}").await;
    let manifest = image("sha512");
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(manifest.to_string().as_bytes());
    let digest = hasher.finish().to_string();
    let put = registry.put_manifest("a", &digest, &manifest).await;
    assert_eq!(header(&put, "docker-content-digest"), digest);
    let back = registry.get(&format!("/v2/a/manifests/{digest}")).await;
    assert_eq!(back.bytes().await.unwrap(), manifest.to_string());
}

#[tokio::test]
async fn points_several_tags_at_a_manifest_in_one_request() {
    let registry = Registry::default().await;
    registry.push_blob("a", b"{}").await;
    let image = image("one");
    let digest = digest_of(&image);
    let put = registry
        .put_manifest("a", &format!("{digest}?tag=1.2&tag=1"), &image)
        .await;
    let tags: Vec<_> = put.headers().get_all("oci-tag").iter().collect();
    assert_eq!(tags, ["1.2", "1"]);
    for tag in ["1.2", "1"] {
        let resolved = registry.get(&format!("/v2/a/manifests/{tag}")).await;
        assert_eq!(header(&resolved, "docker-content-digest"), digest.to_string());
    }
}

#[tokio::test]
async fn deleting_a_tag_leaves_its_manifest_and_its_neighbours() {
    let registry = Registry::default().await;
    let digest = registry.push_image("a", "v1", "one").await;
    registry.push_image("a", "also-v1", "one").await;
    registry.push_image("a", "v2", "two").await;
    assert_eq!(
        registry.delete("/v2/a/manifests/v1").await.status(),
        StatusCode::ACCEPTED
    );
    let gone = registry.get("/v2/a/manifests/v1").await;
    assert_eq!(code(gone).await, "MANIFEST_UNKNOWN");
    for left in ["also-v1", "v2", &digest.to_string()] {
        let path = format!("/v2/a/manifests/{left}");
        assert_eq!(registry.get(&path).await.status(), StatusCode::OK, "{left}");
    }
}

#[tokio::test]
async fn deleting_a_digest_takes_all_its_tags_along() {
    let registry = Registry::default().await;
    let digest = registry.push_image("a", "v1", "one").await;
    registry.push_image("a", "also-v1", "one").await;
    registry.push_image("a", "v2", "two").await;
    registry.push_image("b", "v1", "one").await;
    let deleted = registry.delete(&format!("/v2/a/manifests/{digest}")).await;
    assert_eq!(deleted.status(), StatusCode::ACCEPTED);
    let tags: serde_json::Value = registry.get("/v2/a/tags/list").await.json().await.unwrap();
    assert_eq!(tags["tags"], json!(["v2"]));
    assert_eq!(
        registry.get("/v2/b/manifests/v1").await.status(),
        StatusCode::OK,
        "another repository"
    );
}
