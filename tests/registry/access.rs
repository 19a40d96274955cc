//! Credentials, tokens and their scopes, and a registry that only reads.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use windlass::demo::registry::{Auth, Credentials, Options};

use crate::client::{Registry, code, header, image};

async fn start(auth: fn(Credentials) -> Auth) -> Registry {
    Registry::start(Options {
        auth: auth(Credentials::new("ann", "secret")),
        ..Options::default()
    })
    .await
}

async fn token(registry: &Registry, password: &str, scope: &str) -> reqwest::Response {
    let url = format!("http://{}/token?service=x&scope={scope}", registry.server.host());
    let request = registry.http.get(url).basic_auth("ann", Some(password));
    request.send().await.unwrap()
}

/// The same registry, for a client that has a token of this scope.
async fn with_scope(registry: Registry, scope: &str) -> Registry {
    let answer: Value = token(&registry, "secret", scope).await.json().await.unwrap();
    registry.with_token(answer["token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn says_where_to_get_a_token_and_what_it_must_allow() {
    let registry = start(Auth::Bearer).await;
    let refused = registry.put_manifest("a/b", "v1", &image("x")).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let host = registry.server.host();
    let challenge = header(&refused, "www-authenticate");
    let expected = format!("Bearer realm=\"http://{host}/token\",service=\"");
    assert!(challenge.starts_with(&expected), "{challenge}");
    assert!(
        challenge.ends_with(",scope=\"repository:a/b:pull,push\""),
        "{challenge}"
    );
    assert_eq!(code(refused).await, "UNAUTHORIZED");
    assert_eq!(registry.get("/v2/").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn gives_tokens_to_those_who_know_the_password() {
    let registry = start(Auth::Bearer).await;
    let refused = token(&registry, "wrong", "repository:a:pull").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let registry = with_scope(registry, "repository:a:pull,push").await;
    registry.push_image("a", "v1", "one").await;
    assert_eq!(registry.get("/v2/a/manifests/v1").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_good_for_its_scope_alone() {
    let registry = with_scope(start(Auth::Bearer).await, "repository:a:pull,push").await;
    registry.push_image("a", "v1", "one").await;
    let elsewhere = registry.get("/v2/b/tags/list").await;
    assert!(header(&elsewhere, "www-authenticate").contains("scope=\"repository:b:pull\""));
    let deletion = registry.delete("/v2/a/manifests/v1").await;
    assert_eq!(deletion.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&deletion, "www-authenticate").contains("insufficient_scope"));
    let registry = with_scope(registry, "repository:a:pull").await;
    let push = registry.post("/v2/a/blobs/uploads/").await;
    assert_eq!(push.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn mounts_only_from_where_the_token_may_pull() {
    let registry = with_scope(start(Auth::Bearer).await, "repository:a:pull,push").await;
    let digest = registry.push_blob("a", b"private").await;
    let registry = with_scope(registry, "repository:b:pull,push").await;
    let named = registry
        .post(&format!("/v2/b/blobs/uploads/?mount={digest}&from=a"))
        .await;
    assert_eq!(named.status(), StatusCode::UNAUTHORIZED);
    let unnamed = registry
        .post(&format!("/v2/b/blobs/uploads/?mount={digest}"))
        .await;
    assert_eq!(unnamed.status(), StatusCode::ACCEPTED);
    let registry = with_scope(registry, "repository:b:pull,push repository:a:pull").await;
    let mounted = registry
        .post(&format!("/v2/b/blobs/uploads/?mount={digest}&from=a"))
        .await;
    assert_eq!(mounted.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_revoked_token_is_refused() {
    let registry = with_scope(start(Auth::Bearer).await, "repository:a:pull").await;
    assert_eq!(
        registry.get("/v2/a/tags/list").await.status(),
        StatusCode::NOT_FOUND
    );
    registry.server.revoke_tokens();
    assert_eq!(
        registry.get("/v2/a/tags/list").await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn takes_basic_credentials_where_it_wants_those() {
    let registry = start(Auth::Basic).await;
    let refused = registry.get("/v2/").await;
    assert!(header(&refused, "www-authenticate").starts_with("Basic "));
    let ping = registry
        .request(Method::GET, "/v2/")
        .basic_auth("ann", Some("secret"));
    assert_eq!(ping.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_read_only_registry_refuses_every_write() {
    let registry = Registry::start(Options {
        read_only: true,
        ..Options::default()
    })
    .await;
    for refused in [
        registry.post("/v2/a/blobs/uploads/").await,
        registry.put_manifest("a", "v1", &image("x")).await,
        registry.delete("/v2/a/manifests/v1").await,
    ] {
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(code(refused).await, "UNSUPPORTED");
    }
}

#[tokio::test]
async fn remembers_the_requests_it_answered() {
    let registry = Registry::default().await;
    registry.get("/v2/").await;
    registry.server.forget_requests();
    registry.get("/v2/a/tags/list?n=3").await;
    let lines = registry.server.requests();
    assert_eq!(lines.len(), 1);
    let line = (lines[0].method.as_str(), lines[0].path.as_str(), lines[0].status);
    assert_eq!(line, ("GET", "/v2/a/tags/list?n=3", Some(404)));
}
