//! `rm`: what is to go goes, and nothing else does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::{Auth, Credentials, Options};
use windlass::domain::Digest;
use windlass::registry::{Descriptor, Writer};

use crate::ground::{Ground, MANIFEST, image, on_a_terminal, windlass};
use crate::raw::RawServer;

async fn tags(writer: &Writer) -> Vec<String> {
    let tags = writer.tags().await.unwrap();
    tags.iter().map(ToString::to_string).collect()
}

async fn report(writer: &Writer, subject: &Digest, words: &str) -> Descriptor {
    let subject = writer.resolve(&subject.clone().into()).await.unwrap().unwrap();
    let layers = vec![("text/plain".to_owned(), words.to_owned().into())];
    writer
        .attach(
            &subject,
            "application/vnd.example.report",
            layers,
            BTreeMap::new(),
        )
        .await
        .unwrap()
}

fn deletes(ground: &Ground) -> Vec<String> {
    let requests = ground.registry.requests().into_iter();
    requests
        .filter(|request| request.method == "DELETE")
        .map(|request| request.path)
        .collect()
}

#[tokio::test]
async fn a_deletion_leaves_a_journal() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    image(&writer, "one", &["v1", "v1.0"]).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let said = ground.windlass(&["registry", "rm", &name, "--yes"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let listed = ground.windlass(&["runs", "--json"]).await;
    let newest = crate::runs::newest(listed.out.as_bytes());
    assert_eq!(newest, (format!("delete {name}"), "done".to_owned()));
}

#[tokio::test]
async fn a_tag_goes_alone() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    let digest = image(&writer, "one", &["v1", "v1.0", "latest"]).await;
    image(&writer, "two", &["v2"]).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let said = ground.windlass(&["registry", "rm", &name, "--yes"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains(&format!("✓ deleted the tag {name}")),
        "{}",
        said.out
    );
    for stays in ["latest", "v1.0"] {
        assert!(
            said.err.contains(&format!(":{stays}, which also points to it")),
            "{}",
            said.err
        );
    }
    assert!(!said.err.contains(":v2"), "{}", said.err);
    assert_eq!(tags(&writer).await, ["latest", "v1.0", "v2"]);
    assert!(writer.resolve(&digest.into()).await.unwrap().is_some());
    assert_eq!(deletes(&ground), ["/v2/dev/app/manifests/v1"]);
}

#[tokio::test]
async fn a_dry_run_and_a_read_only_one_delete_nothing() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    image(&writer, "one", &["v1", "latest"]).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let said = ground
        .windlass(&["registry", "rm", &name, "--dry-run", "--read-only"])
        .await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains(&format!("delete the tag {name}")),
        "{}",
        said.out
    );
    assert!(
        said.out.contains(":latest, which also points to it"),
        "{}",
        said.out
    );
    let refused = ground
        .windlass(&["registry", "rm", &name, "--yes", "--read-only"])
        .await;
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert_eq!(deletes(&ground), [""; 0]);
}

#[tokio::test]
async fn somebody_has_to_want_it() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    image(&writer, "one", &["v1", "v2"]).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let nobody = ground.windlass(&["registry", "rm", &name]).await;
    assert_eq!(nobody.code, 2);
    assert!(nobody.err.contains("--yes"), "{}", nobody.err);
    let no = on_a_terminal(&ground.folder, &["registry", "rm", &name], "n\n").await;
    assert_eq!(no.code, 1, "{}", no.out);
    assert!(no.out.contains("nothing was deleted"), "{}", no.out);
    assert_eq!(deletes(&ground), [""; 0]);
    let yes = on_a_terminal(&ground.folder, &["registry", "rm", &name], "y\n").await;
    assert_eq!(yes.code, 0, "{}", yes.out);
    assert_eq!(tags(&writer).await, ["v2"]);
}

#[tokio::test]
async fn where_a_tag_cannot_go_alone_its_digest_is_never_tried() {
    for status in [400, 405] {
        let ground = Ground::new(Options::default()).await;
        let writer = ground.writer("dev/app");
        image(&writer, "one", &["v1", "v2"]).await;
        let effect = Effect::Answer {
            status,
            retry_after: None,
        };
        ground
            .registry
            .inject(Fault::new(effect).on_method("DELETE").always());
        let name = format!("{}:v1", ground.repository("dev/app"));
        let said = ground.windlass(&["registry", "rm", &name, "--yes"]).await;
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
        assert!(
            said.err.contains("refused to delete only the tag v1"),
            "{}",
            said.err
        );
        assert_eq!(deletes(&ground), ["/v2/dev/app/manifests/v1"]);
        assert_eq!(tags(&writer).await, ["v1", "v2"]);
    }
}

#[tokio::test]
async fn a_registry_that_only_says_so_is_not_believed() {
    for status in [202, 404] {
        let ground = Ground::new(Options::default()).await;
        image(&ground.writer("dev/app"), "one", &["v1"]).await;
        let effect = Effect::Answer {
            status,
            retry_after: None,
        };
        ground
            .registry
            .inject(Fault::new(effect).on_method("DELETE").always());
        let name = format!("{}:v1", ground.repository("dev/app"));
        let said = ground.windlass(&["registry", "rm", &name, "--yes"]).await;
        assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
        assert!(said.err.contains(&format!("{name} still exists")), "{}", said.err);
    }
}

/// As some registries do: a tag takes its manifest along, and that all its other tags.
#[tokio::test]
async fn neighbours_that_went_along_are_a_loud_failure() {
    let digest = Digest::of(b"{}");
    let there = AtomicBool::new(true);
    let server = RawServer::start(move |line| {
        if line.starts_with("DELETE") {
            there.store(false, Ordering::SeqCst);
            return (202, String::new(), Vec::new());
        }
        if line.contains("/tags/list") {
            let body = br#"{"name":"app","tags":["v1","v2","v3"]}"#.to_vec();
            return (200, "content-type: application/json\r\n".to_owned(), body);
        }
        if there.load(Ordering::SeqCst) {
            let head = format!("docker-content-digest: {digest}\r\ncontent-type: {MANIFEST}\r\n");
            (200, head, b"{}".to_vec())
        } else {
            (404, String::new(), Vec::new())
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}/app:v1", server.host);
    let said = windlass(&folder, &["registry", "rm", &name, "--yes"]).await;
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
    assert!(
        said.err.contains("2 tags are deleted with it: v2, v3"),
        "{}",
        said.err
    );
}

#[tokio::test]
async fn a_digest_stays_while_tags_name_it_unless_they_are_to_go_too() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    let digest = image(&writer, "one", &["v1", "latest"]).await;
    image(&writer, "two", &["v2"]).await;
    let signature = report(&writer, &digest, "clean").await;
    let name = format!("{}@{digest}", ground.repository("dev/app"));
    for extra in ["--yes", "--dry-run"] {
        let said = ground.windlass(&["registry", "rm", &name, extra]).await;
        assert_eq!(said.code, 4, "{}", said.err);
        assert!(
            said.err.contains("2 tags point to it: latest, v1"),
            "{}",
            said.err
        );
    }
    assert_eq!(deletes(&ground), [""; 0]);
    let said = ground
        .windlass(&["registry", "rm", &name, "--yes", "--with-tags"])
        .await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains(&signature.digest.short()), "{}", said.err);
    assert_eq!(tags(&writer).await, ["v2"]);
    assert!(writer.resolve(&digest.into()).await.unwrap().is_none());
    let again = ground
        .windlass(&["registry", "rm", &name, "--yes", "--with-tags"])
        .await;
    assert_eq!(again.code, 7, "{}", again.err);
}

#[tokio::test]
async fn tags_that_a_registry_does_not_delete_alone_go_with_their_digest() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    let digest = image(&writer, "one", &["v1"]).await;
    let name = format!("{}@{digest}", ground.repository("dev/app"));
    let no = |path: &str| {
        let effect = Effect::Answer {
            status: 405,
            retry_after: None,
        };
        Fault::new(effect).on_method("DELETE").on_path(path)
    };
    ground.registry.inject(no("/manifests/v1"));
    let said = ground
        .windlass(&["registry", "rm", &name, "--yes", "--with-tags"])
        .await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(tags(&writer).await, [""; 0]);

    // The other way round, what has gone already is said.
    image(&writer, "one", &["v1"]).await;
    ground.registry.inject(no("/manifests/sha256:"));
    let said = ground
        .windlass(&["registry", "rm", &name, "--yes", "--with-tags"])
        .await;
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{}", said.err);
    assert!(said.err.contains("deleted before it failed: v1"), "{}", said.err);
}

#[tokio::test]
async fn a_tag_has_no_tags_to_take_along() {
    let ground = Ground::new(Options::default()).await;
    image(&ground.writer("dev/app"), "one", &["v1"]).await;
    let name = format!("{}:v1", ground.repository("dev/app"));
    let said = ground
        .windlass(&["registry", "rm", &name, "--yes", "--with-tags"])
        .await;
    assert_eq!(said.code, 2, "{}", said.err);
    assert_eq!(deletes(&ground), [""; 0]);
}

#[tokio::test]
async fn a_referrer_leaves_the_list_where_nobody_else_keeps_it() {
    let ground = Ground::new(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let writer = ground.writer("dev/app");
    let digest = image(&writer, "one", &["v1"]).await;
    let first = report(&writer, &digest, "first").await;
    let second = report(&writer, &digest, "second").await;
    let name = format!("{}@{}", ground.repository("dev/app"), first.digest);
    let said = ground.windlass(&["registry", "rm", &name, "--yes"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let left = writer.referrers(&digest, None).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].digest, second.digest);
    assert!(writer.resolve(&first.digest.into()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_referrer_that_stays_is_listed_again() {
    let ground = Ground::new(Options {
        referrers_api: false,
        ..Options::default()
    })
    .await;
    let writer = ground.writer("dev/app");
    let digest = image(&writer, "one", &["v1"]).await;
    let only = report(&writer, &digest, "only").await;
    let effect = Effect::Answer {
        status: 405,
        retry_after: None,
    };
    ground
        .registry
        .inject(Fault::new(effect).on_method("DELETE").always());
    let name = format!("{}@{}", ground.repository("dev/app"), only.digest);
    let said = ground.windlass(&["registry", "rm", &name, "--yes"]).await;
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(
        said.err.contains("refused to delete the manifest"),
        "{}",
        said.err
    );
    let left = writer.referrers(&digest, None).await.unwrap();
    assert_eq!(left[0].digest, only.digest);
}

/// Another writer is faster: what was taken out is on the list again when it is read the next time.
#[tokio::test]
async fn a_lost_update_of_the_list_is_found_out_and_made_again() {
    let subject = Digest::of(b"subject");
    let referrer = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::of(b"{}"), "size": 2 },
        "layers": [],
        "subject": { "mediaType": MANIFEST, "digest": subject, "size": 7 },
    })
    .to_string();
    let digest = Digest::of(referrer.as_bytes());
    let entry = serde_json::json!({ "mediaType": MANIFEST, "digest": digest, "size": referrer.len() });
    let list = |entries: &[&serde_json::Value]| {
        serde_json::json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": entries,
        })
        .to_string()
    };
    let (full, empty) = (list(&[&entry]), list(&[]));
    let (puts, deleted) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (path, fallback) = (format!("/manifests/{digest} "), subject.fallback_tag());
    let server = RawServer::start(move |line| {
        let json =
            |text: &str, kind: &str| (200, format!("content-type: {kind}\r\n"), text.as_bytes().to_vec());
        let gone = (404, String::new(), Vec::new());
        if line.starts_with("DELETE") {
            deleted.store(true, Ordering::SeqCst);
            (202, String::new(), Vec::new())
        } else if line.starts_with("PUT") {
            puts.fetch_add(1, Ordering::SeqCst);
            (201, String::new(), Vec::new())
        } else if line.contains(&path) && !deleted.load(Ordering::SeqCst) {
            json(&referrer, MANIFEST)
        } else if line.contains(&format!("/manifests/{fallback} ")) {
            // The first write was lost.
            let text = if puts.load(Ordering::SeqCst) < 2 {
                &full
            } else {
                &empty
            };
            json(text, "application/vnd.oci.image.index.v1+json")
        } else {
            gone
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}/app@{digest}", server.host);
    let said = windlass(&folder, &["registry", "rm", &name, "--yes"]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let puts = server.seen().matches("PUT /v2/app/manifests/sha256-").count();
    assert_eq!(puts, 2, "{}", server.seen());
}

#[tokio::test]
async fn nothing_goes_where_a_protected_environment_lives() {
    let ground = Ground::new(Options::default()).await;
    let host = ground.registry.host();
    image(&ground.writer("prod/app"), "one", &["v1"]).await;
    image(&ground.writer("dev/app"), "one", &["v1", "v2"]).await;
    let config = format!(
        r#"
[[service]]
name = "app"

[[environment]]
name = "dev"
image = "{host}/dev/{{service}}"

[[environment]]
name = "prod"
image = "{host}/prod/{{service}}"
protected = true
from = "dev"
"#
    );
    std::fs::write(ground.folder.path().join("windlass.toml"), config).unwrap();
    for extra in ["--yes", "--dry-run"] {
        let said = ground
            .windlass(&["registry", "rm", &format!("{host}/prod/app:v1"), extra])
            .await;
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(
            said.err.contains("belongs to prod, which is protected"),
            "{}",
            said.err
        );
    }
    assert_eq!(deletes(&ground), [""; 0]);
    let said = ground
        .windlass(&["registry", "rm", &format!("{host}/dev/app:v1"), "--yes"])
        .await;
    assert_eq!(said.code, 0, "{}", said.err);
}

#[tokio::test]
async fn asks_for_a_token_that_may_delete() {
    let ground = Ground::new(Options {
        auth: Auth::Bearer(Credentials::new("ann", "word")),
        ..Options::default()
    })
    .await;
    let host = ground.registry.host();
    let auths = serde_json::json!({ "auths": { &host: { "auth": "YW5uOndvcmQ=" } } });
    for name in ["config.json", "nobody.json"] {
        std::fs::write(ground.folder.path().join(name), auths.to_string()).unwrap();
    }
    let writer = ground.writer("dev/app");
    image(&writer, "one", &["v1", "v2"]).await;
    let said = ground
        .windlass(&["registry", "rm", &format!("{host}/dev/app:v1"), "--yes"])
        .await;
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(tags(&writer).await, ["v2"]);
    let listed = ground.windlass(&["registry", "ls", &host]).await;
    assert_eq!(listed.out, format!("{host}/dev/app\n"), "{}", listed.err);
}
