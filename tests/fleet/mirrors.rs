//! Projects that are only at a remote: mirrored in the cache, read from there where the remote does not answer.

use std::path::PathBuf;

use windlass::demo::World;

use crate::{config, git::git, json, repository, world};

/// A world with a remote, and the fleet.toml that names it.
async fn ground() -> (World, PathBuf, String) {
    let world = world().await;
    let shop = world.folder().join("shop");
    repository(&shop, &config(&world, &["web"]));
    let remote = shop.with_extension("git");
    let text = format!("[[project]]\nremote = \"{}\"\n", remote.display());
    (world, remote, text)
}

fn services(answer: &serde_json::Value) -> Vec<&str> {
    let services = answer["projects"][0]["services"].as_array().unwrap();
    services
        .iter()
        .map(|service| service["service"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_is_mirrored_and_followed() {
    let (world, _, text) = ground().await;
    let (code, answer) = json(&world, &text).await;
    assert_eq!((code, services(&answer)), (Some(0), vec!["web"]), "{answer}");
    // The remote goes on.
    let shop = world.folder().join("shop");
    std::fs::write(shop.join("windlass.toml"), config(&world, &["web", "api"])).unwrap();
    git(&shop, &["commit", "--quiet", "-am", "feat: one more service"]);
    git(&shop, &["push", "--quiet", "origin", "main"]);
    let (code, answer) = json(&world, &text).await;
    assert_eq!((code, services(&answer)), (Some(0), vec!["web", "api"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_that_does_not_answer_is_shown_as_last_fetched() {
    let (world, remote, text) = ground().await;
    json(&world, &text).await;
    std::fs::rename(&remote, remote.with_extension("gone")).unwrap();
    let (code, answer) = json(&world, &text).await;
    assert_eq!((code, services(&answer)), (Some(1), vec!["web"]));
    let stale = answer["projects"][0]["stale"].as_str().unwrap();
    assert!(stale.contains("origin"), "{stale}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_whose_making_was_broken_off_is_made_again() {
    let (world, _, text) = ground().await;
    json(&world, &text).await;
    let mirrors = world.folder().join("cache/windlass/mirrors");
    let mirror = mirrors.read_dir().unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(mirror.join(".git/HEAD")).unwrap();
    std::fs::remove_file(mirror.join(".git/config")).unwrap();
    let (code, answer) = json(&world, &text).await;
    assert_eq!((code, services(&answer)), (Some(0), vec!["web"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_without_a_windlass_toml_says_so() {
    let (world, remote, text) = ground().await;
    let text = format!("{text}file = \"deploy/windlass.toml\"\n");
    let (code, answer) = json(&world, &text).await;
    let error = answer["projects"][0]["error"].as_str().unwrap();
    assert_eq!(code, Some(1));
    assert!(
        error.contains("has no deploy/windlass.toml") && remote.exists(),
        "{error}"
    );
}
