//! `windlass fleet`: several projects, seen together. One is the sample world's, the others are made for the test.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/git.rs"]
mod git;
#[path = "../support/sample.rs"]
mod sample;

mod mirrors;
mod trouble;

use std::path::Path;
use std::process::Output;

use jiff::Timestamp;
use serde_json::Value;
use windlass::demo::World;

use call::{program, text};
use git::git;
use sample::world_at;

async fn world() -> World {
    world_at(Timestamp::now()).await
}

/// The windlass.toml of a project with these services, whose images are in the registry of the world.
fn config(world: &World, services: &[&str]) -> String {
    let host = world.shared_host();
    let services: Vec<_> = services
        .iter()
        .map(|name| format!("[[service]]\nname = \"{name}\"\n\n"))
        .collect();
    let services = services.concat();
    format!(
        "[git]\nrelease_branch = \"release/{{service}}-v{{version}}\"\nhotfix_branch = \"hotfix/{{service}}-v{{version}}\"\n\
         release_tag = \"{{service}}-v{{version}}\"\n\n{services}\
         [[environment]]\nname = \"dev\"\nimage = \"{host}/other/dev/{{service}}\"\n\n\
         [[environment]]\nname = \"qa\"\nfrom = \"dev\"\nimage = \"{host}/other/qa/{{service}}\"\n"
    )
}

/// A repository in `folder` with that windlass.toml on `main` and `develop`, and a bare remote beside it.
fn repository(folder: &Path, config: &str) {
    std::fs::create_dir_all(folder).unwrap();
    git(folder, &["init", "--quiet", "--initial-branch", "main"]);
    std::fs::write(folder.join("windlass.toml"), config).unwrap();
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "feat: begin"]);
    git(folder, &["branch", "develop"]);
    let remote = folder.with_extension("git");
    let remote = remote.to_str().unwrap();
    git(folder, &["clone", "--quiet", "--bare", ".", remote]);
    git(folder, &["remote", "add", "origin", remote]);
    git(folder, &["fetch", "--quiet", "origin"]);
}

async fn fleet(world: &World, text: &str, args: &[&str]) -> Output {
    let file = world.folder().join("fleet.toml");
    std::fs::write(&file, text).unwrap();
    let state = world.folder().join("user");
    let args = [&["--fleet", file.to_str().unwrap(), "fleet"], args].concat();
    let mut program = program(world.folder(), &state, &args);
    program.env("XDG_CACHE_HOME", world.folder().join("cache"));
    program.env("WINDLASS_TRUST", call::trusted(&world.repository()));
    program.output().await.unwrap()
}

async fn json(world: &World, text: &str) -> (Option<i32>, Value) {
    let output = fleet(world, text, &["--json"]).await;
    let json = serde_json::from_slice(&output.stdout);
    (
        output.status.code(),
        json.unwrap_or_else(|_| panic!("{}", call::text(&output.stderr))),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_of_every_project_is_in_one_table() {
    let world = world().await;
    repository(&world.folder().join("shop"), &config(&world, &["web", "api"]));
    let output = fleet(
        &world,
        "[[project]]\npath = \"payment-svc\"\n\n[[project]]\npath = \"shop\"\n",
        &[],
    )
    .await;
    let table = text(&output.stdout);
    let lines: Vec<&str> = table.lines().collect();
    let heads: Vec<_> = lines[0].split_whitespace().collect();
    assert_eq!(
        heads,
        ["SERVICE", "DEV", "QA", "STAGE", "PROD", "OUTSTANDING"],
        "{table}"
    );
    assert!(lines[1].starts_with("payment-svc/payment-svc  "), "{table}");
    assert!(lines[1].contains("v1.") && lines[1].contains("open"), "{table}");
    assert!(
        lines[2].starts_with("shop/web") && lines[2].contains("– none"),
        "{table}"
    );
    assert!(
        lines[3].starts_with("shop/api") && lines[3].ends_with("✓ none"),
        "{table}"
    );
    assert_eq!(output.status.code(), Some(0), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_the_command_says_how_to_name_one() {
    let world = world().await;
    let state = world.folder().join("user");
    let output = program(world.folder(), &state, &["fleet"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains("no fleet.toml") && error.contains("--fleet FILE"),
        "{error}"
    );
}
