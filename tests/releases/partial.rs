//! Partial clones, as CI and large repositories have them: what was left out is fetched when it is needed.

use std::path::{Path, PathBuf};

use windlass::domain::Exit;

use crate::call::{program, text};
use crate::world::{Stage, cut};

/// The world with a fix on its release that develop has by a cherry-pick, which only the files can tell.
async fn with_a_picked_fix() -> Stage {
    let stage = Stage::set().await;
    let newest = stage.at("develop");
    assert_eq!(
        stage.run(&cut(newest.as_str(), Some("1.5.0"))).await.0,
        Exit::Done
    );
    let branch = stage.release("v1.5.0").await.branch.to_string();
    let fix = stage.commit(&branch, "src/fix.txt", "fixed\n", "fix: on the release");
    stage.commit("develop", "src/other.txt", "other\n", "feat: other");
    stage.colleague(&["cherry-pick", "-x", fix.as_str()]);
    stage.colleague(&["push", "-q", "origin", "develop"]);
    stage.here(&["fetch", "-q", "origin"]);
    stage.remote(&["config", "uploadpack.allowFilter", "true"]);
    stage
}

/// A clone of the remote that leaves out what `filter` says, with the configuration of the world.
fn clone(stage: &Stage, filter: &str) -> PathBuf {
    let folder = stage.world.folder().join(filter.replace(':', "-"));
    let url = format!("file://{}", stage.world.origin().display());
    let filter = format!("--filter={filter}");
    let folder_name = folder.to_str().unwrap();
    stage.here(&[
        "clone",
        "-q",
        "--no-checkout",
        &filter,
        "-b",
        "develop",
        &url,
        folder_name,
    ]);
    std::fs::copy(
        stage.world.repository().join("windlass.toml"),
        folder.join("windlass.toml"),
    )
    .unwrap();
    folder
}

/// What windlass answers in that clone: its code, and all that it said.
async fn said(stage: &Stage, clone: &Path, args: &[&str]) -> (Option<i32>, String) {
    let home = stage.world.folder().join("state");
    let output = program(clone, &home, args).output().await.unwrap();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// The answers in the whole clone and in one that left objects out are the same.
async fn is_as_in_a_whole_clone(filter: &str, args: &[&str]) {
    let stage = with_a_picked_fix().await;
    let whole = said(&stage, &stage.world.repository(), args).await;
    assert!(matches!(whole.0, Some(0 | 3)), "{whole:?}");
    let partial = clone(&stage, filter);
    assert_eq!(
        said(&stage, &partial, args).await,
        whole,
        "{args:?} with {filter}"
    );
}

macro_rules! same_answers {
    ($($name:ident: $filter:literal, $args:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                is_as_in_a_whole_clone($filter, &$args).await;
            }
        )*
    };
}

same_answers! {
    releases_are_the_same_in_a_clone_without_files: "blob:none", ["releases", "--all"];
    releases_are_the_same_in_a_clone_without_folders: "tree:0", ["releases", "--all"];
    finishing_is_the_same_in_a_clone_without_files: "blob:none", ["finish", "v1.5.0", "--dry-run"];
    finishing_is_the_same_in_a_clone_without_folders: "tree:0", ["finish", "v1.5.0", "--dry-run"];
    a_comparison_is_the_same_in_a_clone_without_files: "blob:none", ["diff", "v1.3.2", "origin/develop"];
    a_comparison_is_the_same_in_a_clone_without_folders: "tree:0", ["diff", "v1.3.2", "origin/develop"];
    a_cut_is_the_same_in_a_clone_without_files: "blob:none", ["cut", "origin/develop", "--dry-run"];
    a_cut_is_the_same_in_a_clone_without_folders: "tree:0", ["cut", "origin/develop", "--dry-run"];
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_is_named_with_the_command_and_nothing_is_taken_for_done() {
    let stage = with_a_picked_fix().await;
    let partial = clone(&stage, "tree:0");
    // A windlass that may only read fetches nothing.
    let (code, said_of_it) = said(&stage, &partial, &["releases", "--all", "--read-only", "--check"]).await;
    assert_ne!(code, Some(0), "{said_of_it}");
    assert!(said_of_it.contains("this clone is partial"), "{said_of_it}");
    std::fs::rename(stage.world.origin(), stage.world.folder().join("away")).unwrap();
    let (code, said_of_it) = said(&stage, &partial, &["releases", "--all", "--check"]).await;
    assert_ne!(code, Some(0), "{said_of_it}");
    for words in ["this clone is partial", "fetching it failed", "--refetch"] {
        assert!(said_of_it.contains(words), "{words}: {said_of_it}");
    }
}
