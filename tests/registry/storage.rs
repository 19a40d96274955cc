//! Registries in a folder: what a restart finds, and who may use the folder.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use reqwest::{Method, StatusCode};
use windlass::demo::registry::{EmbeddedRegistry, Options, Storage};
use windlass::domain::Digest;

use crate::client::{Registry, digest_of, header, referrer};

pub fn in_folder(folder: &Path) -> Options {
    Options {
        storage: Storage::Disk(folder.to_owned()),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_restart_finds_all_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(in_folder(folder.path())).await;
    let blob = registry.push_blob("team/a", b"layer").await;
    let subject = registry.push_image("team/a", "v1", "one").await;
    registry.push_image("team/a", "gone", "two").await;
    registry.delete("/v2/team/a/manifests/gone").await;
    let report = referrer(&subject, "application/vnd.example.report");
    registry
        .put_manifest("team/a", &digest_of(&report).to_string(), &report)
        .await;
    registry.server.shutdown().await;

    let registry = Registry::start(in_folder(folder.path())).await;
    let layer = registry.get(&format!("/v2/team/a/blobs/{blob}")).await;
    assert_eq!(layer.bytes().await.unwrap(), "layer");
    let tagged = registry.get("/v2/team/a/manifests/v1").await;
    assert_eq!(header(&tagged, "docker-content-digest"), subject.to_string());
    let tags: serde_json::Value = registry.get("/v2/team/a/tags/list").await.json().await.unwrap();
    assert_eq!(tags["tags"], serde_json::json!(["v1"]));
    let referrers = registry.get(&format!("/v2/team/a/referrers/{subject}")).await;
    let referrers: serde_json::Value = referrers.json().await.unwrap();
    assert_eq!(
        referrers["manifests"][0]["digest"],
        digest_of(&report).to_string()
    );
    assert_eq!(referrers["manifests"][0]["annotations"]["label"], "a referrer");
}

#[tokio::test]
async fn a_restart_bears_a_log_that_was_cut_short_and_content_that_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(in_folder(folder.path())).await;
    let kept = registry.push_blob("a", b"kept").await;
    let lost = registry.push_blob("a", b"lost").await;
    registry.server.shutdown().await;
    let log = folder.path().join("registry.ndjson");
    let mut log = OpenOptions::new().append(true).open(log).unwrap();
    write!(log, "{{\"repository\":\"a\",\"chan").unwrap();
    fs::remove_file(folder.path().join("blobs/sha256").join(lost.hex())).unwrap();

    for _ in 0..2 {
        let registry = Registry::start(in_folder(folder.path())).await;
        let status = async |digest: &Digest| registry.get(&format!("/v2/a/blobs/{digest}")).await.status();
        assert_eq!(status(&kept).await, StatusCode::OK);
        assert_eq!(status(&lost).await, StatusCode::NOT_FOUND);
        registry.push_blob("b", b"written after the cut").await;
        registry.server.shutdown().await;
    }
}

#[tokio::test]
async fn deleted_content_leaves_the_folder_with_its_last_repository() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(in_folder(folder.path())).await;
    let digest = registry.push_blob("a", b"shared").await;
    registry.push_blob("b", b"shared").await;
    let file = folder.path().join("blobs/sha256").join(digest.hex());
    registry.delete(&format!("/v2/a/blobs/{digest}")).await;
    assert!(file.exists());
    registry.delete(&format!("/v2/b/blobs/{digest}")).await;
    assert!(!file.exists());
}

#[tokio::test]
async fn a_cancelled_upload_leaves_nothing_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(in_folder(folder.path())).await;
    let location = registry.open_upload("a").await;
    registry
        .request(Method::PATCH, &location)
        .body("abc")
        .send()
        .await
        .unwrap();
    registry.delete(&location).await;
    assert_eq!(folder.path().join("uploads").read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn two_registries_never_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = EmbeddedRegistry::start(in_folder(folder.path())).await.unwrap();
    let error = EmbeddedRegistry::start(in_folder(folder.path()))
        .await
        .unwrap_err();
    assert!(
        error.to_string().ends_with("is in use by another registry"),
        "{error}"
    );
    first.shutdown().await;
    EmbeddedRegistry::start(in_folder(folder.path())).await.unwrap();
}

#[tokio::test]
async fn leaves_a_folder_of_other_things_alone() {
    let folder = tempfile::tempdir().unwrap();
    let uploads = folder.path().join("uploads");
    fs::create_dir(&uploads).unwrap();
    let error = EmbeddedRegistry::start(in_folder(folder.path()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("holds other things"), "{error}");
    assert!(uploads.exists());
}

#[tokio::test]
async fn a_port_is_free_again_after_the_end() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let host = registry.host();
    let port = host.rsplit_once(':').unwrap().1.parse().unwrap();
    let again = || {
        EmbeddedRegistry::start(Options {
            port,
            ..Options::default()
        })
    };
    assert!(again().await.is_err());
    registry.shutdown().await;
    assert_eq!(again().await.unwrap().host(), host);
}
