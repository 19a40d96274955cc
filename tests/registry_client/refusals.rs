//! What registries do wrong, each with its own words.

use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::domain::{Digest, Exit, Target};
use windlass::registry::{MANIFEST_LIMIT, Registries, RegistryError};

use crate::raw::RawServer;
use crate::world::{INDEX, MANIFEST, hasty, journey, planned, registries, registry, repository};

fn latest() -> Target {
    Target::Tag("latest".parse().unwrap())
}

/// What a manifest of this content type and these bytes comes to.
async fn manifest(content_type: &'static str, bytes: Vec<u8>) -> RegistryError {
    let server =
        RawServer::start(move |_| (200, format!("content-type: {content_type}\r\n"), bytes.clone())).await;
    let reader = registries().reader(&repository(&server.host, "app"));
    reader.manifest(&latest()).await.unwrap_err()
}

#[tokio::test]
async fn a_registry_that_is_down_is_named() {
    let gone = registry(Options::default()).await;
    let repository = repository(&gone.host(), "app");
    gone.shutdown().await;
    let error = registries()
        .reader(&repository)
        .resolve(&latest())
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(repository.host()), "{error}");
}

#[tokio::test]
async fn a_registry_that_is_silent_is_slow_within_the_time_that_was_set() {
    let server = registry(Options::default()).await;
    server.inject(Fault::new(Effect::Stall { after: 0 }).always());
    let all = Registries::new(hasty()).unwrap();
    let error = all
        .reader(&repository(&server.host(), "app"))
        .resolve(&latest())
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Slow { .. }), "{error:?}");
    assert!(error.to_string().contains("300ms"), "{error}");
}

#[tokio::test]
async fn a_web_server_is_not_a_registry() {
    for status in [200, 404] {
        let page = move |_: &str| {
            (
                status,
                "content-type: text/html; charset=utf-8\r\n".to_owned(),
                b"<html>hello</html>".to_vec(),
            )
        };
        let server = RawServer::start(page).await;
        let all = registries();
        let reader = all.reader(&repository(&server.host, "app"));
        for error in [
            reader.resolve(&latest()).await.unwrap_err(),
            reader.manifest(&latest()).await.unwrap_err(),
            reader.tags().await.unwrap_err(),
            all.ping(&server.host).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, RegistryError::NotARegistry { .. }),
                "{status}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = registry(Options::default()).await;
    let reader = registries().reader(&repository(&server.host(), "app"));
    assert_eq!(reader.resolve(&latest()).await.unwrap(), None);
    assert_eq!(
        reader.manifest(&latest()).await.unwrap_err().exit(),
        Exit::NotFound
    );
    assert_eq!(reader.tags().await.unwrap(), []);
}

#[tokio::test]
async fn a_manifest_that_is_no_manifest_is_refused() {
    let error = manifest(MANIFEST, b"{ not json".to_vec()).await;
    assert!(error.to_string().contains("is not a manifest"), "{error}");
    let error = manifest(MANIFEST, br#"{"schemaVersion":1,"fsLayers":[]}"#.to_vec()).await;
    assert!(error.to_string().contains("schema 1"), "{error}");
    let size = usize::try_from(MANIFEST_LIMIT).unwrap() + 1;
    let error = manifest(MANIFEST, vec![b' '; size]).await;
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn a_digest_that_lies_is_found_out() {
    let journey = journey(Options::default(), Options::default()).await;
    let target = Target::Digest(journey.digest.clone());
    for effect in [Effect::LieAboutDigest, Effect::FlipByte { at: 3 }] {
        journey
            .from
            .inject(Fault::new(effect.clone()).on_path("/manifests/"));
        let error = journey.source.manifest(&target).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::DigestMismatch { .. }),
            "{effect:?}: {error:?}"
        );
    }
    journey
        .from
        .inject(Fault::new(Effect::LieAboutDigest).on_method("HEAD"));
    let error = journey.source.resolve(&target).await.unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error:?}");
}

#[tokio::test]
async fn an_index_that_contains_itself_is_refused() {
    // With true digests there is no such index: whoever serves one lies about a digest.
    let inner = Digest::of(b"anything");
    let bytes = serde_json::json!({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{"mediaType": INDEX, "digest": inner, "size": 1}],
    })
    .to_string()
    .into_bytes();
    let outer = Digest::of(&bytes);
    let server = RawServer::start(move |line| {
        if line.contains("/manifests/sha256:") {
            return (200, format!("content-type: {INDEX}\r\n"), bytes.clone());
        }
        (404, String::new(), Vec::new())
    })
    .await;
    let reader = registries().reader(&repository(&server.host, "app"));
    let error = planned(&reader, &reader, &outer).await.unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error:?}");
}

#[tokio::test]
async fn pages_of_referrers_and_tags_are_read_to_the_end() {
    let small = Options {
        page_limit: 1,
        ..Options::default()
    };
    let journey = journey(small, Options::default()).await;
    let subject = journey
        .source
        .resolve(&journey.digest.clone().into())
        .await
        .unwrap()
        .unwrap();
    for kind in ["a/b", "c/d"] {
        let layers = vec![("text/plain".to_owned(), "x".into())];
        journey
            .source
            .attach(&subject, kind, layers, std::collections::BTreeMap::new())
            .await
            .unwrap();
    }
    assert_eq!(
        journey
            .source
            .referrers(&journey.digest, None)
            .await
            .unwrap()
            .len(),
        3
    );
    let one = journey
        .source
        .referrers(&journey.digest, Some("c/d"))
        .await
        .unwrap();
    assert_eq!(one.len(), 1);
    for tag in ["v1", "v2", "v3"] {
        let rule = windlass::registry::TagRule::Immutable;
        journey
            .source
            .tag(&journey.digest, &tag.parse().unwrap(), rule)
            .await
            .unwrap();
    }
    assert_eq!(journey.source.tags().await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_error_while_listing_referrers_is_an_error() {
    let journey = journey(Options::default(), Options::default()).await;
    let denied = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    journey.from.inject(Fault::new(denied).on_path("/referrers/"));
    let error = journey.source.referrers(&journey.digest, None).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotAuthorised);
}

#[tokio::test]
async fn a_tag_list_whose_pages_lead_in_a_circle_is_an_error() {
    let server = RawServer::start(|_| {
        let headers =
            "content-type: application/json\r\nlink: </v2/app/tags/list?n=100&last=b>; rel=\"next\"\r\n";
        (200, headers.to_owned(), br#"{"tags":["a","b"]}"#.to_vec())
    })
    .await;
    let error = registries()
        .reader(&repository(&server.host, "app"))
        .tags()
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    assert!(error.to_string().contains("links back"), "{error}");
}
