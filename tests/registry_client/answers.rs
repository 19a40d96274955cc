//! What an answer says, and what it does not: pages, other origins, challenges, lists that others write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use windlass::demo::registry::Options;
use windlass::domain::{Digest, Exit, HostSettings, Target};
use windlass::registry::{Registries, RegistryError, Settings};

use crate::raw::RawServer;
use crate::world::{INDEX, MANIFEST, access, hasty, logged_in, registries, registry, repository, settings};

const JSON: &str = "content-type: application/json\r\n";

fn tags(names: &str, link: &str) -> (u16, String, Vec<u8>) {
    let link = if link.is_empty() {
        String::new()
    } else {
        format!("link: {link}\r\n")
    };
    (
        200,
        format!("{JSON}{link}"),
        format!(r#"{{"tags":[{names}]}}"#).into_bytes(),
    )
}

#[tokio::test]
async fn the_next_page_is_followed_whatever_links_stand_before_it() {
    let server = RawServer::start(|line| {
        if line.contains("last=b") {
            tags(r#""c""#, r#"</v2/app/tags/list?last=>; rel="prev""#)
        } else {
            tags(
                r#""a","b""#,
                r#"</v2/app/tags/list?last=>; rel="prev", </v2/app/tags/list?last=b>; rel="next""#,
            )
        }
    })
    .await;
    let found = registries()
        .reader(&repository(&server.host, "app"))
        .tags()
        .await
        .unwrap();
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}

#[tokio::test]
async fn a_list_whose_end_cannot_be_told_is_an_error_and_no_shorter_list() {
    for link in [
        r#"</v2/app/tags/list?n=100>; rel="next""#,
        "</v2/app/tags/list?last=x>",
        r#"<http://elsewhere.invalid/v2/app/tags/list?last=x>; rel="next""#,
        r#"</v2/app/tags/list?last=x>; rel="next", </v2/app/tags/list?last=y>; rel="next""#,
    ] {
        let server = RawServer::start(move |_| tags(r#""a""#, link)).await;
        let reader = registries().reader(&repository(&server.host, "app"));
        let error = reader.tags().await.unwrap_err();
        assert_eq!(error.exit(), Exit::Failed, "{link}: {error}");
    }
    // Every page has another address, and the same tags.
    let server = RawServer::start(|line| {
        let next = line.len();
        tags(
            r#""a""#,
            &format!(r#"</v2/app/tags/list?last={}>; rel="next""#, "x".repeat(next)),
        )
    })
    .await;
    let error = registries()
        .reader(&repository(&server.host, "app"))
        .tags()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("only repeats"), "{error}");
}

#[tokio::test]
async fn a_challenge_of_the_storage_that_a_blob_lies_in_is_answered_by_nobody() {
    let thief = RawServer::start(|_| (200, JSON.to_owned(), br#"{"token":"t"}"#.to_vec())).await;
    let realm = format!("http://{}/token", thief.host);
    for status in [401, 403, 429] {
        let realm = realm.clone();
        let storage = RawServer::start(move |_| {
            let challenge = format!("www-authenticate: Bearer realm=\"{realm}\"\r\nretry-after: 0\r\n");
            (status, challenge, Vec::new())
        })
        .await;
        let there = format!("http://{}/x", storage.host);
        let server = RawServer::start(move |_| (307, format!("location: {there}\r\n"), Vec::new())).await;
        let (all, _folder) = logged_in(&[&server.host], &json!({"username": "ana", "password": "right"}));
        let reader = all.reader(&repository(&server.host, "app"));
        let error = reader.blob(&Digest::of(b"x"), 10).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Failed, "{error}");
        assert!(error.to_string().contains(&storage.host), "{error}");
        assert!(
            !error.hint().unwrap().contains("docker login"),
            "{:?}",
            error.hint()
        );
        assert_eq!(thief.seen(), "");
        assert!(!storage.seen().to_lowercase().contains("authorization:"));
    }
}

#[tokio::test]
async fn a_storage_that_refuses_head_is_asked_by_get() {
    let index = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[]}}"#);
    let digest = Digest::of(index.as_bytes());
    let storage = RawServer::start(move |line| {
        if line.starts_with("GET") {
            (
                200,
                format!("content-type: {INDEX}\r\n"),
                index.clone().into_bytes(),
            )
        } else {
            (403, String::new(), Vec::new())
        }
    })
    .await;
    let there = format!("http://{}/x", storage.host);
    let server = RawServer::start(move |_| (307, format!("location: {there}\r\n"), Vec::new())).await;
    let reader = registries().reader(&repository(&server.host, "app"));
    let found = reader.resolve(&Target::Tag("v1".parse().unwrap())).await.unwrap();
    assert_eq!(found.unwrap().digest, digest);
    // Nor does it say that a blob is not there.
    assert!(reader.has_blob(&digest).await.unwrap());
}

#[tokio::test]
async fn each_repository_of_a_host_may_ask_in_its_own_way() {
    let tokens = RawServer::start(|_| {
        (
            200,
            JSON.to_owned(),
            br#"{"token":"good","expires_in":"60"}"#.to_vec(),
        )
    })
    .await;
    let realm = format!("http://{}/token", tokens.host);
    let server = RawServer::start_with_head(move |line, head| {
        let has = |value: &str| head.contains(value);
        let basic = STANDARD.encode("ana:right");
        if line.contains("/basic/") && !has(&format!("Basic {basic}")) {
            (
                401,
                "www-authenticate: Basic realm=\"x\"\r\n".to_owned(),
                Vec::new(),
            )
        } else if line.contains("/bearer/") && !has("Bearer good") {
            (
                401,
                format!("www-authenticate: Bearer realm=\"{realm}\"\r\n"),
                Vec::new(),
            )
        } else {
            tags("", "")
        }
    })
    .await;
    let (all, _folder) = logged_in(&[&server.host], &json!({"username": "ana", "password": "right"}));
    for path in [
        "basic/app",
        "bearer/app",
        "basic/app",
        "bearer/app",
        "bearer/other",
        "basic/other",
    ] {
        all.reader(&repository(&server.host, path)).tags().await.unwrap();
    }
}

#[tokio::test]
async fn what_was_sent_is_not_shown_when_the_registry_repeats_it() {
    let server = RawServer::start_with_head(|_, head| {
        if !head.to_lowercase().contains("authorization:") {
            return (
                401,
                "www-authenticate: Basic realm=\"x\"\r\n".to_owned(),
                Vec::new(),
            );
        }
        let sent = head
            .lines()
            .find(|line| line.to_lowercase().starts_with("authorization"))
            .unwrap();
        let body =
            json!({"errors": [{"code": "DENIED", "message": format!("bad header {sent} geheim-wort")}]});
        (400, JSON.to_owned(), body.to_string().into_bytes())
    })
    .await;
    let (all, _folder) = logged_in(
        &[&server.host],
        &json!({"username": "ana", "password": "geheim-wort"}),
    );
    let error = all
        .reader(&repository(&server.host, "app"))
        .tags()
        .await
        .unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("bad header") && shown.contains("[masked]"),
        "{shown}"
    );
    assert!(
        !shown.contains("geheim") && !shown.contains(&STANDARD.encode("ana:geheim-wort")),
        "{shown}"
    );
}

#[tokio::test]
async fn a_password_never_goes_out_in_the_clear_whatever_the_settings_say() {
    let proxy = RawServer::start(|_| {
        (
            401,
            "www-authenticate: Basic realm=\"x\"\r\n".to_owned(),
            Vec::new(),
        )
    })
    .await;
    let name = "corp.example";
    let (_, folder) = logged_in(&[name], &json!({"username": "ana", "password": "right"}));
    let of_host = HostSettings {
        plain_http: true,
        proxy: Some(format!("http://{}", proxy.host).parse().unwrap()),
        ..HostSettings::default()
    };
    let all = Registries::new(Settings {
        docker_config: Some(folder.path().join("config.json")),
        hosts: [(name.to_owned(), of_host)].into(),
        ..settings()
    })
    .unwrap();
    let error = all.reader(&repository(name, "app")).tags().await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotAuthorised);
    assert!(
        error.to_string().contains("without TLS") && error.to_string().contains("`corp.example`"),
        "{error}"
    );
    assert!(
        !proxy.seen().to_lowercase().contains("authorization:"),
        "{}",
        proxy.seen()
    );
}

#[tokio::test]
async fn a_host_that_never_answers_is_waited_for_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let all = Registries::new(hasty()).unwrap();
    let began = std::time::Instant::now();
    let readers: Vec<_> = (0..40)
        .map(|n| all.reader(&repository(&host, &format!("app{n}"))))
        .collect();
    let asking = readers.iter().map(windlass::registry::Reader::tags);
    for answer in futures_util::future::join_all(asking).await {
        assert!(matches!(answer.unwrap_err(), RegistryError::Slow { .. }));
    }
    // Its patience is 0.3 s; forty requests that are tried three times each would take several times that.
    assert!(
        began.elapsed() < std::time::Duration::from_millis(900),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_page_of_a_proxy_in_place_of_the_list_of_referrers_is_an_error_and_never_none() {
    for kind in ["text/html", "text/plain", "application/json"] {
        let server = RawServer::start(move |line| {
            if line.contains("/referrers/") {
                (
                    200,
                    format!("content-type: {kind}\r\n"),
                    b"<html>log in</html>".to_vec(),
                )
            } else {
                (404, String::new(), Vec::new())
            }
        })
        .await;
        let reader = registries().reader(&repository(&server.host, "app"));
        let error = reader.referrers(&Digest::of(b"x"), None).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::NotARegistry { .. }),
            "{kind}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_list_of_referrers_that_is_null_is_empty_and_one_odd_entry_hides_no_others() {
    let good = Digest::of(b"good");
    let lists = [
        (r#"{"schemaVersion":2,"manifests":null}"#.to_owned(), 0),
        (
            format!(
                r#"{{"schemaVersion":2,"manifests":[{{"digest":7}},null,
                {{"mediaType":"{MANIFEST}","digest":"{good}","size":4,"annotations":null}}]}}"#
            ),
            1,
        ),
    ];
    for (list, wanted) in lists {
        for api in [200, 400, 404, 405, 501] {
            let list = list.clone();
            let server = RawServer::start(move |line| {
                let here = if line.contains("/referrers/") { api } else { 200 };
                (
                    here,
                    format!("content-type: {INDEX}\r\n"),
                    list.clone().into_bytes(),
                )
            })
            .await;
            let reader = registries().reader(&repository(&server.host, "app"));
            let found = reader.referrers(&Digest::of(b"x"), None).await.unwrap();
            assert_eq!(found.len(), wanted, "{api}");
        }
    }
}

#[tokio::test]
async fn the_manifest_says_what_a_referrer_is_and_not_its_entry_in_a_list_that_anybody_writes() {
    let server = registry(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let writer = registries().writer(&repository(&server.host(), "app"), access());
    let digest = crate::world::image(&writer).await;
    let subject = writer.resolve(&digest.clone().into()).await.unwrap().unwrap();
    let layers = vec![("text/plain".to_owned(), bytes::Bytes::from_static(b"report"))];
    let kind = "application/vnd.example.newer";
    let attached = writer
        .attach(&subject, kind, layers, std::collections::BTreeMap::new())
        .await
        .unwrap();
    let list = Target::Tag(digest.fallback_tag().parse().unwrap());
    let index = writer.manifest(&list).await.unwrap();
    for wrong in [
        "application/vnd.oci.empty.v1+json",
        "application/vnd.example.other",
    ] {
        let text = String::from_utf8(index.bytes().to_vec())
            .unwrap()
            .replace(kind, wrong);
        writer.put_manifest(&list, INDEX, text.into()).await.unwrap();
        let found = registries()
            .reader(&repository(&server.host(), "app"))
            .referrers(&digest, Some(kind))
            .await
            .unwrap();
        assert_eq!(found.len(), 1, "{wrong}");
        assert_eq!(found[0].digest, attached.digest);
    }
}
