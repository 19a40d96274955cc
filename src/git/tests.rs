//! The room on real repositories.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::domain::{BranchName, Exit, WriteAccess};

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Ana Ruiz",
            "-c",
            "user.email=ana@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

/// A repository with `develop`, a bare `origin` beside it, a tag and some commits.
fn sample() -> (tempfile::TempDir, GitRepository) {
    let folder = tempfile::tempdir().unwrap();
    let (work, origin) = (folder.path().join("work"), folder.path().join("origin.git"));
    std::fs::create_dir(&work).unwrap();
    git(folder.path(), &["init", "-q", "--bare", "origin.git"]);
    git(&work, &["init", "-q", "-b", "develop"]);
    git(&work, &["remote", "add", "origin", origin.to_str().unwrap()]);
    for message in ["feat: begin", "fix: one", "feat: two\n\nmore of it"] {
        git(&work, &["commit", "-q", "--allow-empty", "-m", message]);
    }
    git(&work, &["tag", "v1.3.2", "HEAD~1"]);
    git(&work, &["push", "-q", "origin", "develop"]);
    let repository = GitRepository::discover(&work).unwrap();
    (folder, repository)
}

fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

#[test]
fn the_history_comes_in_pages_newest_first() {
    let (_folder, repository) = sample();
    let mut history = repository.history("develop", "origin").unwrap();
    let subjects: Vec<_> = history
        .next_page(&repository, 2)
        .unwrap()
        .into_iter()
        .map(|c| c.subject.to_string())
        .collect();
    assert_eq!(subjects, ["feat: two", "fix: one"]);
    assert!(!history.is_at_end());
    assert_eq!(history.next_page(&repository, 2).unwrap().len(), 1);
    assert!(history.is_at_end());
}

#[test]
fn the_history_follows_what_came_into_the_branch_not_what_was_merged_with_it() {
    let (folder, repository) = sample();
    let work = folder.path().join("work");
    git(&work, &["checkout", "-q", "-b", "feature"]);
    git(&work, &["commit", "-q", "--allow-empty", "-m", "wip"]);
    git(&work, &["checkout", "-q", "develop"]);
    git(&work, &["merge", "-q", "--no-ff", "-m", "feat: three", "feature"]);
    let page = repository
        .history("develop", "origin")
        .unwrap()
        .next_page(&repository, 9)
        .unwrap();
    let subjects: Vec<_> = page.iter().map(|commit| commit.subject.as_str()).collect();
    assert_eq!(subjects, ["feat: three", "feat: two", "fix: one", "feat: begin"]);
}

#[test]
fn the_last_release_and_what_came_since() {
    let (_folder, repository) = sample();
    let tip = repository.commit("develop").unwrap().sha;
    let (version, at) = repository.last_release(&tip).unwrap().unwrap();
    assert_eq!(version.to_string(), "1.3.2");
    assert_eq!(
        repository.messages(Some(&at), &tip).unwrap(),
        ["feat: two\n\nmore of it\n"]
    );
    assert!(repository.contains(&tip, &at).unwrap());
}

#[test]
fn a_branch_that_is_only_at_the_remote_is_found_there_and_a_missing_one_names_its_neighbours() {
    let (folder, repository) = sample();
    git(&folder.path().join("work"), &["checkout", "-q", "--detach"]);
    git(&folder.path().join("work"), &["branch", "-D", "develop"]);
    assert!(repository.is_detached());
    assert_eq!(
        repository.branch("develop", "origin").unwrap().found_as,
        "origin/develop"
    );
    let error = repository.branch("develp", "origin").unwrap_err();
    assert!(error.to_string().contains("there are develop"), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn a_folder_without_a_repository_and_an_unborn_one_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    // The temporary folder itself may lie in a repository; a ceiling keeps the search out of it.
    let error = git2::Repository::discover(folder.path()).err().map(|_| ());
    if error.is_some() {
        assert!(
            GitRepository::discover(folder.path())
                .err()
                .unwrap()
                .is_no_repository()
        );
    }
    git(folder.path(), &["init", "-q"]);
    let unborn = GitRepository::discover(folder.path()).unwrap();
    assert!(matches!(
        unborn.branch("develop", "origin"),
        Err(GitError::Unborn)
    ));
}

#[test]
fn a_bare_and_a_shallow_repository_can_be_read() {
    let (folder, _) = sample();
    let bare = GitRepository::discover(&folder.path().join("origin.git")).unwrap();
    assert!(bare.is_bare());
    assert_eq!(bare.commit("develop").unwrap().subject.as_str(), "feat: two");
    let url = format!("file://{}", folder.path().join("origin.git").display());
    git(
        folder.path(),
        &["clone", "-q", "--depth", "1", "-b", "develop", &url, "shallow"],
    );
    let shallow = GitRepository::discover(&folder.path().join("shallow")).unwrap();
    assert!(shallow.is_shallow());
    assert_eq!(
        shallow
            .history("develop", "origin")
            .unwrap()
            .next_page(&shallow, 10)
            .unwrap()
            .len(),
        1
    );
    let error = shallow.commit("v1.3.2").unwrap_err();
    assert!(error.to_string().contains("shallow"), "{error}");
}

#[test]
fn hostile_messages_and_invalid_utf8_are_made_harmless() {
    let (folder, repository) = sample();
    let work = folder.path().join("work");
    std::fs::write(
        work.join("message"),
        b"fix: \x1b]0;owned\x07caf\xe9 \xe2\x80\xaegnp\n",
    )
    .unwrap();
    git(
        &work,
        &[
            "-c",
            "i18n.commitEncoding=x",
            "commit",
            "-q",
            "--allow-empty",
            "-F",
            "message",
        ],
    );
    let subject = repository.commit("develop").unwrap().subject.to_string();
    assert_eq!(subject, "fix: caf\u{fffd} gnp");
}

#[tokio::test]
async fn cutting_touches_neither_the_index_nor_the_working_tree_nor_the_current_branch() {
    let (folder, repository) = sample();
    let work = folder.path().join("work");
    std::fs::write(work.join("staged"), "x").unwrap();
    git(&work, &["add", "staged"]);
    std::fs::write(work.join("untracked"), "y").unwrap();
    let before = (
        git(&work, &["status", "--porcelain", "-b"]),
        std::fs::read(work.join(".git/index")).unwrap(),
    );
    let commit = repository.commit("develop~1").unwrap().sha;
    let name = branch("release/v1.4.0-sha-2b2e927");
    repository.create_branch(&name, &commit, access()).unwrap();
    let remote = repository.remote("origin").unwrap();
    assert_eq!(
        remote.push_new(&name, &commit, access()).await.unwrap(),
        PushOutcome::Created
    );
    assert_eq!(remote.branch(&name).await.unwrap(), Some(commit.clone()));
    let after = (
        git(&work, &["status", "--porcelain", "-b"]),
        std::fs::read(work.join(".git/index")).unwrap(),
    );
    assert_eq!(before, after);
    // Given again, there is nothing to do.
    repository.create_branch(&name, &commit, access()).unwrap();
    assert_eq!(
        remote.push_new(&name, &commit, access()).await.unwrap(),
        PushOutcome::AlreadyThere
    );
}

#[tokio::test]
async fn a_branch_that_someone_else_created_first_is_a_conflict_and_stays_where_it_is() {
    let (_folder, repository) = sample();
    let (first, second) = (
        repository.commit("develop~1").unwrap().sha,
        repository.commit("develop").unwrap().sha,
    );
    let remote = repository.remote("origin").unwrap();
    let name = branch("release/v1.4.0");
    remote.push_new(&name, &first, access()).await.unwrap();
    let error = remote.push_new(&name, &second, access()).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict, "{error}");
    assert_eq!(remote.branch(&name).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_hook_that_refuses_is_quoted() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, repository) = sample();
    let hook = folder.path().join("origin.git/hooks/pre-receive");
    std::fs::write(
        &hook,
        "#!/bin/sh\necho releases are closed until Monday >&2\nexit 1\n",
    )
    .unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let commit = repository.commit("develop").unwrap().sha;
    let remote = repository.remote("origin").unwrap();
    let error = remote
        .push_new(&branch("release/v1.4.0"), &commit, access())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("releases are closed until Monday"),
        "{error}"
    );
}

#[tokio::test]
async fn a_remote_that_went_away_is_named() {
    let (folder, repository) = sample();
    std::fs::remove_dir_all(folder.path().join("origin.git")).unwrap();
    let error = repository.remote("origin").unwrap().ping().await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
    assert!(matches!(
        repository.remote("upstream"),
        Err(GitError::NoRemote(_))
    ));
}
