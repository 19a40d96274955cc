//! What a remote has, and bringing it here without touching what is the user's.

use super::*;

/// Puts a release on the remote that the sample does not know of: `release/v1.4.0` and an annotated `v1.4.0`, beside the
/// lightweight `v1.3.2`.
fn released(sample: &Sample) -> String {
    let folder = sample.folder.path();
    git(folder, &["clone", "-q", "-b", "develop", "origin.git", "other"]);
    let other = folder.join("other");
    git(&other, &["checkout", "-q", "-b", "release/v1.4.0"]);
    git(&other, &["commit", "-q", "--allow-empty", "-m", "release: 1.4.0"]);
    git(&other, &["tag", "-a", "-m", "1.4.0", "v1.4.0"]);
    git(&other, &["tag", "v1.3.2", "develop~1"]);
    git(
        &other,
        &["push", "-q", "origin", "release/v1.4.0", "v1.4.0", "v1.3.2"],
    );
    git(&other, &["rev-parse", "HEAD"])
}

#[tokio::test]
async fn branches_and_tags_are_seen_and_what_is_not_here_is_named() {
    let sample = Sample::new();
    let release = released(&sample);
    let remote = sample.remote();
    let view = remote.view().await.unwrap();
    let branches: Vec<_> = view.branches.keys().collect();
    assert_eq!(branches, ["develop", "release/v1.4.0"]);
    assert_eq!(view.branches["release/v1.4.0"].as_str(), release);
    // A lightweight tag is its commit; an annotated one is an object of its own.
    let light = &view.tags["v1.3.2"];
    assert_eq!(light.commit, sample.sha("v1.3.2"));
    assert_eq!(light.object, ObjectId::from(&light.commit));
    let annotated = &view.tags["v1.4.0"];
    assert_eq!(annotated.commit.as_str(), release);
    assert_ne!(annotated.object.as_str(), release);
    let missing = || sample.repository.missing(&view).unwrap();
    assert_eq!(missing(), ["release/v1.4.0", "v1.4.0"]);
    remote.fetch(access()).await.unwrap();
    assert!(missing().is_empty());
    let last = sample.repository.last_view("origin").unwrap();
    assert_eq!(last.branches, view.branches);
    assert_eq!(last.tags["v1.3.2"], view.tags["v1.3.2"]);
}

#[tokio::test]
async fn a_fetch_changes_neither_tags_nor_branches_nor_the_working_tree() {
    let sample = Sample::new();
    released(&sample);
    std::fs::write(sample.work().join("staged"), "x").unwrap();
    sample.git(&["add", "staged"]);
    // Somebody moved a tag, and the user's git is set to follow all and to keep the branches like those of the remote.
    git(&sample.origin(), &["tag", "-f", "v1.3.2", "develop"]);
    git(&sample.origin(), &["branch", "-f", "kept", "release/v1.4.0"]);
    sample.git(&["branch", "kept", "develop"]);
    for (name, value) in [
        ("remote.origin.fetch", "+refs/heads/*:refs/heads/*"),
        ("remote.origin.tagOpt", "--tags"),
    ] {
        sample.git(&["config", "--replace-all", name, value]);
    }
    let theirs = || sample.git(&["for-each-ref", "refs/heads", "refs/tags"]);
    let (before, references) = (sample.untouched(), theirs());
    sample.remote().fetch(access()).await.unwrap();
    assert_eq!((sample.untouched(), theirs()), (before, references));
    assert!(!sample.work().join(".git/FETCH_HEAD").exists());
    let kept = |name: &str| sample.git(&["rev-parse", name]);
    assert_eq!(
        kept("refs/remotes/origin/kept"),
        kept("refs/remotes/origin/release/v1.4.0")
    );
    assert_ne!(kept("refs/remotes/origin/kept"), kept("refs/heads/kept"));
}

#[tokio::test]
async fn all_kinds_of_clones_see_and_fetch_the_same() {
    let sample = Sample::new();
    let release = released(&sample);
    let folder = sample.folder.path();
    let url = format!("file://{}", sample.origin().display());
    sample.git(&["worktree", "add", "-q", "--detach", "../tree"]);
    for (name, options) in [
        ("bare", &["--bare"][..]),
        ("shallow", &["--depth", "1"]),
        ("single", &["--single-branch", "--no-tags"]),
        ("mirror", &["--mirror"]),
        ("tree", &[]),
    ] {
        if !options.is_empty() {
            let mut clone = vec!["clone", "-q", "-b", "develop"];
            clone.extend(options);
            clone.extend([&url, name]);
            git(folder, &clone);
        }
        let place = folder.join(name);
        let ours = || git(&place, &["for-each-ref", "refs/heads", "refs/tags"]);
        let before = ours();
        let repository = GitRepository::discover(&place).unwrap();
        let remote = repository.remote("origin").unwrap();
        let view = remote.view().await.unwrap();
        assert_eq!(view.branches["release/v1.4.0"].as_str(), release, "{name}");
        remote.fetch(access()).await.unwrap();
        let missing = repository.missing(&view).unwrap();
        // The past of a shallow clone stays cut off.
        let past: &[&str] = if name == "shallow" { &["v1.3.2"] } else { &[] };
        assert_eq!(missing, past, "{name}");
        assert_eq!(ours(), before, "{name}");
        let last = repository.last_view("origin").unwrap();
        assert_eq!(last.branches, view.branches, "{name}");
    }
}

#[tokio::test]
async fn a_branch_that_is_in_the_way_here_is_not_taken_for_a_remote_that_is_out_of_reach() {
    let sample = Sample::new();
    released(&sample);
    sample.git(&["update-ref", "refs/remotes/origin/release", "develop"]);
    let error = sample.remote().fetch(access()).await.unwrap_err();
    assert!(
        matches!(error, GitError::Program { action: "fetch", .. }),
        "{error}"
    );
    assert!(error.to_string().contains("origin/release"), "{error}");
}

#[tokio::test]
async fn an_empty_remote_has_nothing() {
    let sample = Sample::new();
    git(sample.folder.path(), &["init", "-q", "--bare", "empty.git"]);
    let empty = sample.folder.path().join("empty.git");
    sample.git(&["remote", "add", "empty", empty.to_str().unwrap()]);
    let remote = sample.repository.remote("empty").unwrap();
    assert_eq!(remote.view().await.unwrap(), RemoteView::default());
    remote.fetch(access()).await.unwrap();
}
