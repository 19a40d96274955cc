//! `ls` and `tags`.

use windlass::demo::registry::Options;

use crate::ground::{Ground, image, windlass};
use crate::raw::RawServer;

fn small_pages() -> Options {
    Options {
        page_limit: 2,
        ..Options::default()
    }
}

#[tokio::test]
async fn lists_every_repository_over_all_pages() {
    let ground = Ground::new(small_pages()).await;
    let paths = ["a", "dev/app", "dev/tool", "stage/app", "z"];
    for path in paths {
        image(&ground.writer(path), path, &["v1"]).await;
    }
    let host = ground.registry.host();
    let said = ground.windlass(&["registry", "ls", &host]).await;
    let expected: Vec<_> = paths.iter().map(|path| format!("{host}/{path}")).collect();
    assert_eq!(said.out.lines().collect::<Vec<_>>(), expected, "{}", said.err);
    let document = ground.json(&["registry", "ls", &host, "--json"]).await;
    assert_eq!(document["repositories"], serde_json::json!(paths));
}

#[tokio::test]
async fn says_that_a_registry_lists_no_repositories_and_what_to_do() {
    for (status, code, words) in [
        (401, 6, "does not list repositories with these credentials"),
        (403, 6, "does not list repositories with these credentials"),
        (
            404,
            1,
            "does not list repositories (GET /v2/_catalog returned 404",
        ),
        (
            405,
            1,
            "does not list repositories (GET /v2/_catalog returned 405",
        ),
    ] {
        let server = RawServer::start(move |_| (status, String::new(), Vec::new())).await;
        let folder = tempfile::tempdir().unwrap();
        let said = windlass(&folder, &["registry", "ls", &server.host]).await;
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{}", said.err);
        assert!(
            said.err.contains(words) && said.err.contains("hint: "),
            "{}",
            said.err
        );
    }
}

#[tokio::test]
async fn a_catalog_can_neither_go_on_for_ever_nor_reach_the_terminal_raw() {
    let answering = |link: &'static str| {
        RawServer::start(move |_| {
            (
                200,
                format!("content-type: application/json\r\n{link}"),
                br#"{"repositories":["app","\u001b[2Jevil"]}"#.to_vec(),
            )
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let server = answering("").await;
    let said = windlass(&folder, &["registry", "ls", &server.host]).await;
    let host = &server.host;
    assert_eq!(said.out, format!("{host}/app\n{host}/evil\n"), "{}", said.err);
    // A list that goes in a circle has no end, so that what it says is not all.
    let server = answering("link: </v2/_catalog?last=x>; rel=\"next\"\r\n").await;
    let said = windlass(&folder, &["registry", "ls", &server.host]).await;
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("links back"), "{}", said.err);
}

#[tokio::test]
async fn a_registry_that_takes_no_large_pages_is_asked_for_its_usual_ones() {
    let server = RawServer::start(|line| {
        let body = br#"{"repositories":["app"]}"#.to_vec();
        if line.contains("n=1000") {
            (400, String::new(), Vec::new())
        } else {
            (200, "content-type: application/json\r\n".to_owned(), body)
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let said = windlass(&folder, &["registry", "ls", &server.host]).await;
    assert_eq!(said.out, format!("{}/app\n", server.host), "{}", said.err);
    assert!(server.seen().contains("GET /v2/_catalog HTTP"));
}

#[tokio::test]
async fn what_is_no_host_is_wrong_usage() {
    let ground = Ground::new(Options::default()).await;
    let host = ground.registry.host();
    for wrong in ["alpine", "", &format!("{host}/dev")] {
        let said = ground.windlass(&["registry", "ls", wrong]).await;
        assert_eq!(said.code, 2, "{wrong}: {}", said.err);
    }
    let said = ground.windlass(&["registry", "ls", &format!("{host}/")]).await;
    assert_eq!(said.code, 0, "{}", said.err);
}

#[tokio::test]
async fn lists_every_tag_over_all_pages_one_a_line() {
    let ground = Ground::new(small_pages()).await;
    image(&ground.writer("dev/app"), "one", &["a", "b", "c", "d", "e"]).await;
    let name = ground.repository("dev/app").to_string();
    let said = ground.windlass(&["registry", "tags", &name]).await;
    assert_eq!(said.out, "a\nb\nc\nd\ne\n", "{}", said.err);
}

#[tokio::test]
async fn tells_the_digest_of_each_tag_only_where_it_is_asked_to() {
    let ground = Ground::new(Options::default()).await;
    let writer = ground.writer("dev/app");
    let one = image(&writer, "one", &["v1", "latest"]).await;
    let two = image(&writer, "two", &["v2"]).await;
    let name = ground.repository("dev/app").to_string();

    ground.registry.forget_requests();
    let plain = ground.json(&["registry", "tags", &name, "--json"]).await;
    assert_eq!(plain["tags"][0], serde_json::json!({ "tag": "latest" }));
    assert_eq!(ground.registry.requests().len(), 1, "a list is one request");

    let said = ground.windlass(&["registry", "tags", &name, "--digests"]).await;
    let digests: Vec<_> = said
        .out
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(
        digests,
        [one.to_string(), one.to_string(), two.to_string()],
        "{}",
        said.out
    );
    let full = ground
        .json(&["registry", "tags", &name, "--digests", "--json"])
        .await;
    assert_eq!(full["tags"][2]["digest"], two.to_string());
    assert!(full["tags"][2]["size"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_not_one_without_tags() {
    let ground = Ground::new(Options::default()).await;
    image(&ground.writer("dev/app"), "one", &[]).await;
    let none = ground
        .windlass(&["registry", "tags", &ground.repository("dev/app").to_string()])
        .await;
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert!(none.err.contains("has no tags"), "{}", none.err);
    let missing = ground
        .windlass(&["registry", "tags", &ground.repository("nowhere").to_string()])
        .await;
    assert_eq!(missing.code, 7);
    assert!(missing.err.contains("does not exist"), "{}", missing.err);
}
