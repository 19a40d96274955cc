//! Who is let in, and what is shown to whom.

use serde_json::json;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::{Auth, Credentials, EmbeddedRegistry, Options};
use windlass::domain::{Exit, Target};
use windlass::registry::copy;
use windlass::registry::{Registries, RegistryError};

use crate::raw::RawServer;
use crate::world::{access, copied, image, logged_in, planned, registries, registry, repository};

async fn guarded(bearer: bool) -> EmbeddedRegistry {
    let credentials = Credentials::new("ana", "right");
    let auth = if bearer {
        Auth::Bearer(credentials)
    } else {
        Auth::Basic(credentials)
    };
    registry(Options {
        auth,
        ..Options::default()
    })
    .await
}

fn latest() -> Target {
    Target::Tag("latest".parse().unwrap())
}

async fn refusal(all: &Registries, host: &str) -> RegistryError {
    all.reader(&repository(host, "app"))
        .resolve(&latest())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn credentials_are_wanted_refused_or_right() {
    for bearer in [false, true] {
        let server = guarded(bearer).await;
        let host = server.host();

        let none = refusal(&registries(), &host).await;
        assert_eq!(none.exit(), Exit::NotAuthorised);
        assert!(none.to_string().contains("requires credentials"), "{none}");

        let (wrong, _folder) = logged_in(&[&host], &json!({"username": "ana", "password": "wrong"}));
        let wrong = refusal(&wrong, &host).await;
        assert!(wrong.to_string().contains("rejected the credentials"), "{wrong}");
        assert!(!format!("{wrong} {wrong:?}").contains("YW5hOndyb25n"));

        let (right, _folder) = logged_in(&[&host], &json!({"username": "ana", "password": "right"}));
        right.ping(&host).await.unwrap();
        let writer = right.writer(&repository(&host, "app"), access());
        let digest = image(&writer).await;
        assert!(writer.resolve(&digest.into()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn one_token_serves_all_who_ask_at_the_same_time() {
    let server = guarded(true).await;
    let (all, _folder) = logged_in(
        &[&server.host()],
        &json!({"username": "ana", "password": "right"}),
    );
    let reader = all.reader(&repository(&server.host(), "app"));
    let target = latest();
    let asking = (0..12).map(|_| reader.resolve(&target));
    futures_util::future::try_join_all(asking).await.unwrap();
    let tokens = server
        .requests()
        .iter()
        .filter(|line| line.path.starts_with("/token"))
        .count();
    assert_eq!(tokens, 1);
}

#[tokio::test]
async fn a_mount_has_one_token_for_both_repositories_and_tokens_may_end_in_the_middle() {
    let server = guarded(true).await;
    let (all, _folder) = logged_in(
        &[&server.host()],
        &json!({"username": "ana", "password": "right"}),
    );
    let source = all.writer(&repository(&server.host(), "dev/app"), access());
    let target = all.writer(&repository(&server.host(), "stage/app"), access());
    let digest = image(&source).await;
    let plan = planned(&source, &target, &digest).await.unwrap();
    server.revoke_tokens();
    let cancel = tokio_util::sync::CancellationToken::new();
    let outcome = copy::run(&plan, &source, &target, &|_| server.revoke_tokens(), &cancel)
        .await
        .unwrap();
    assert!(
        outcome.bytes < 10_000,
        "the layers were mounted, not moved: {outcome:?}"
    );
    let both = |path: &str| path.contains("dev%2Fapp%3Apull") && path.contains("stage%2Fapp%3Apull%2Cpush");
    assert!(
        server.requests().iter().any(|line| both(&line.path)),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn a_token_that_ends_during_an_upload_is_fetched_again() {
    let to = guarded(true).await;
    let from = registry(Options::default()).await;
    let (all, _folder) = logged_in(&[&to.host()], &json!({"username": "ana", "password": "right"}));
    let source = all.writer(&repository(&from.host(), "app"), access());
    let target = all.writer(&repository(&to.host(), "app"), access());
    let digest = image(&source).await;
    let expired = Effect::Answer {
        status: 401,
        retry_after: None,
    };
    to.inject(Fault::new(expired).on_method("PUT").on_path("/blobs/uploads/"));
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&digest.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_token_address_that_fails_is_an_error_and_nothing_goes_out_without_a_token() {
    let server = guarded(true).await;
    let (all, _folder) = logged_in(
        &[&server.host()],
        &json!({"username": "ana", "password": "right"}),
    );
    let broken = Effect::Answer {
        status: 404,
        retry_after: None,
    };
    server.inject(Fault::new(broken).on_path("/token").always());
    let error = refusal(&all, &server.host()).await;
    assert_eq!(error.exit(), Exit::NotAuthorised);
    assert!(error.to_string().contains("token URL returned 404"), "{error}");
    let asked = server
        .requests()
        .iter()
        .filter(|line| line.path.starts_with("/v2/"))
        .count();
    assert_eq!(asked, 1, "only the request that was challenged");
}

#[tokio::test]
async fn an_identity_token_stands_for_the_password() {
    let server = guarded(true).await;
    let entry = |token: &str| json!({"auth": "", "identitytoken": token});
    let (all, _folder) = logged_in(&[&server.host()], &entry(&server.identity_token()));
    let writer = all.writer(&repository(&server.host(), "app"), access());
    let digest = image(&writer).await;
    assert!(writer.resolve(&digest.into()).await.unwrap().is_some());
    let asked = server.requests();
    let tokens = asked.iter().filter(|line| line.path.starts_with("/token"));
    assert!(tokens.clone().count() > 0);
    assert!(
        tokens
            .clone()
            .all(|line| line.method == "POST" && line.path == "/token")
    );

    let (wrong, _folder) = logged_in(&[&server.host()], &entry("made-up"));
    let wrong = refusal(&wrong, &server.host()).await;
    assert!(wrong.to_string().contains("rejected the credentials"), "{wrong}");
    assert!(!format!("{wrong}{wrong:?}").contains("made-up"));
}

#[tokio::test]
async fn a_token_address_that_refuses_the_second_scope_of_a_mount_leads_to_an_upload() {
    let server = guarded(true).await;
    let (all, _folder) = logged_in(
        &[&server.host()],
        &json!({"username": "ana", "password": "right"}),
    );
    let source = all.writer(&repository(&server.host(), "dev/app"), access());
    let target = all.writer(&repository(&server.host(), "stage/app"), access());
    let digest = image(&source).await;
    let refused = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    server.inject(Fault::new(refused).on_path("%3Apull&scope=").always());
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&digest.into()).await.unwrap().is_some());
    let asked = server.requests();
    assert!(asked.iter().any(|line| line.status == Some(403)));
    let mounted = |line: &windlass::demo::registry::RequestLine| {
        line.method == "POST" && line.path.contains("from=dev") && line.status == Some(201)
    };
    assert!(!asked.iter().any(mounted), "{asked:?}");
}

#[tokio::test]
async fn an_identity_token_is_exchanged() {
    let server = RawServer::start(|line| {
        let json = "content-type: application/json\r\n".to_owned();
        if line.starts_with("POST /token") {
            return (200, json, br#"{"access_token":"exchanged"}"#.to_vec());
        }
        (200, json, br#"{"tags":["v1"]}"#.to_vec())
    })
    .await;
    let token = format!("http://{}/token", server.host);
    let gate = RawServer::start(move |line| {
        if line.contains("tags/list") {
            let challenge = format!("www-authenticate: Bearer realm=\"{token}\",service=\"here\"\r\n");
            return (401, challenge, Vec::new());
        }
        (404, String::new(), Vec::new())
    })
    .await;
    let (all, _folder) = logged_in(&[&gate.host], &json!({"auth": "", "identitytoken": "refresh-me"}));
    // The gate never opens; what matters is what it was shown.
    let error = all
        .reader(&repository(&gate.host, "app"))
        .tags()
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::NotAuthorised);
    assert!(server.seen().starts_with("POST /token"), "{}", server.seen());
    assert!(gate.seen().contains("Bearer exchanged"), "{}", gate.seen());
    assert!(!format!("{error}{error:?}").contains("refresh-me"));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_followed_without_authorization() {
    let elsewhere = RawServer::start(|_| (200, String::new(), b"layer".to_vec())).await;
    let there = format!("http://{}/signed?secret=1", elsewhere.host);
    let server = RawServer::start(move |line| {
        if line.contains("/blobs/") {
            return (307, format!("location: {there}\r\n"), Vec::new());
        }
        (
            401,
            "www-authenticate: Basic realm=\"x\"\r\n".to_owned(),
            Vec::new(),
        )
    })
    .await;
    let (all, _folder) = logged_in(&[&server.host], &json!({"username": "ana", "password": "right"}));
    let reader = all.reader(&repository(&server.host, "app"));
    // The challenge is learnt here, so that the next request has credentials from the start.
    assert_eq!(reader.tags().await.unwrap_err().exit(), Exit::NotAuthorised);
    let digest = windlass::domain::Digest::of(b"layer");
    assert_eq!(reader.blob(&digest, 100).await.unwrap(), "layer");
    assert!(server.seen().to_lowercase().contains("authorization: basic"));
    assert!(
        !elsewhere.seen().to_lowercase().contains("authorization"),
        "{}",
        elsewhere.seen()
    );
}

#[tokio::test]
async fn a_token_address_that_asks_for_a_moment_gets_it() {
    let server = guarded(true).await;
    let (all, _folder) = logged_in(
        &[&server.host()],
        &json!({"username": "ana", "password": "right"}),
    );
    let busy = Effect::Answer {
        status: 429,
        retry_after: Some("1".to_owned()),
    };
    server.inject(Fault::new(busy).on_path("/token"));
    let began = std::time::Instant::now();
    all.ping(&server.host()).await.unwrap();
    assert!(began.elapsed().as_secs() >= 1);
}
