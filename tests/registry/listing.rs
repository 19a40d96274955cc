//! Tags by pages, and referrers.

use reqwest::StatusCode;
use serde_json::{Value, json};
use windlass::demo::registry::Options;
use windlass::domain::Digest;

use crate::client::{Registry, code, digest_of, header, referrer};

/// The path in a `Link` header.
fn next(response: &reqwest::Response) -> Option<String> {
    let link = response.headers().get("link")?.to_str().unwrap();
    let (path, relation) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(relation, "; rel=\"next\"");
    Some(path.to_owned())
}

/// The lists that follow each other by `Link`, from `path` on.
async fn pages(registry: &Registry, path: &str, list: &str) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(at) = path {
        let response = registry.get(&at).await;
        path = next(&response);
        pages.push(response.json::<Value>().await.unwrap()[list].take());
    }
    pages
}

#[tokio::test]
async fn lists_tags_in_order_and_by_pages() {
    let registry = Registry::default().await;
    for tag in ["c", "a", "B", "d", "e"] {
        registry.push_image("x", tag, "one").await;
    }
    let of = async |query: &str| pages(&registry, &format!("/v2/x/tags/list{query}"), "tags").await;
    assert_eq!(of("").await, [json!(["B", "a", "c", "d", "e"])]);
    assert_eq!(
        of("?n=2").await,
        [json!(["B", "a"]), json!(["c", "d"]), json!(["e"])]
    );
    assert_eq!(of("?n=2&last=c").await, [json!(["d", "e"])]);
    assert_eq!(of("?last=a").await, [json!(["c", "d", "e"])]);
    assert_eq!(of("?n=0").await, [json!([])]);
}

#[tokio::test]
async fn never_lists_more_than_its_own_limit() {
    let registry = Registry::start(Options {
        page_limit: 2,
        ..Options::default()
    })
    .await;
    for tag in ["a", "b", "c"] {
        registry.push_image("x", tag, "one").await;
    }
    let expected = [json!(["a", "b"]), json!(["c"])];
    assert_eq!(pages(&registry, "/v2/x/tags/list", "tags").await, expected);
    assert_eq!(pages(&registry, "/v2/x/tags/list?n=100", "tags").await, expected);
}

#[tokio::test]
async fn says_that_a_repository_is_not_there() {
    let registry = Registry::default().await;
    let response = registry.get("/v2/nowhere/tags/list").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(code(response).await, "NAME_UNKNOWN");
}

#[tokio::test]
async fn lists_referrers_and_filters_them_by_artifact_type() {
    let registry = Registry::default().await;
    let subject = registry.push_image("a", "v1", "one").await;
    let report = referrer(&subject, "application/vnd.example.report");
    let signature = referrer(&subject, "application/vnd.example.signature");
    for artifact in [&report, &signature] {
        let put = registry
            .put_manifest("a", &digest_of(artifact).to_string(), artifact)
            .await;
        assert_eq!(header(&put, "oci-subject"), subject.to_string());
    }
    let list = format!("/v2/a/referrers/{subject}");
    let all: Value = registry.get(&list).await.json().await.unwrap();
    assert_eq!(all["manifests"].as_array().unwrap().len(), 2);

    let filtered = registry
        .get(&format!("{list}?artifactType=application/vnd.example.report"))
        .await;
    assert_eq!(header(&filtered, "oci-filters-applied"), "artifactType");
    assert_eq!(
        header(&filtered, "content-type"),
        "application/vnd.oci.image.index.v1+json"
    );
    let filtered: Value = filtered.json().await.unwrap();
    assert_eq!(
        filtered["manifests"],
        json!([{
            "mediaType": report["mediaType"],
            "digest": digest_of(&report),
            "size": report.to_string().len(),
            "artifactType": "application/vnd.example.report",
            "annotations": { "label": "a referrer" },
        }])
    );

    registry
        .delete(&format!("/v2/a/manifests/{}", digest_of(&report)))
        .await;
    let left: Value = registry.get(&list).await.json().await.unwrap();
    assert_eq!(left["manifests"][0]["digest"], json!(digest_of(&signature)));
}

#[tokio::test]
async fn takes_referrers_before_their_subject_and_lists_them_by_pages() {
    let registry = Registry::start(Options {
        page_limit: 2,
        ..Options::default()
    })
    .await;
    registry.push_blob("a", b"{}").await;
    let subject = Digest::of(b"not pushed yet");
    for kind in ["one", "two", "three"] {
        let artifact = referrer(&subject, kind);
        let put = registry.put_manifest("a", kind, &artifact).await;
        assert_eq!(put.status(), StatusCode::CREATED);
    }
    let pages = pages(&registry, &format!("/v2/a/referrers/{subject}"), "manifests").await;
    let sizes: Vec<_> = pages.iter().map(|page| page.as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 1]);
}

#[tokio::test]
async fn without_the_referrers_api_the_client_is_told_to_fall_back() {
    let registry = Registry::start(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let subject = registry.push_image("a", "v1", "one").await;
    let put = registry
        .put_manifest("a", "report", &referrer(&subject, "x"))
        .await;
    assert_eq!(put.status(), StatusCode::CREATED);
    assert!(put.headers().get("oci-subject").is_none());
    let list = registry.get(&format!("/v2/a/referrers/{subject}")).await;
    assert_eq!(list.status(), StatusCode::NOT_FOUND);
}
