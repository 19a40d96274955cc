//! Merges that touch nothing.

use super::sides::{Sides, nothing, stored, text, write};
use super::*;
use crate::domain::CommitSha;

#[tokio::test]
async fn a_merge_that_goes_through_becomes_a_commit_with_both_as_parents_and_touches_nothing_else() {
    let sides = Sides::of(
        |s| write(s, "a", text("base")),
        |s| write(s, "a", format!("ours\n{}", text("base"))),
        |s| write(s, "a", text("theirs")),
    );
    let sample = &sides.sample;
    write(sample, "staged", "x");
    sample.git(&["add", "staged"]);
    write(sample, "untracked", "y");
    let (before, was) = (sample.untouched(), stored(sample));
    assert_eq!(sides.words(), [""; 0]);
    assert_eq!(stored(sample), was, "trying writes no object");
    let merge = sides.commit().await.unwrap();
    assert_eq!(sample.untouched(), before);
    assert_eq!(stored(sample).1, was.1, "no reference moves");
    let (ours, theirs) = sides.shas();
    let parents = sample.git(&["log", "-1", "--format=%P|%an|%B", merge.as_str()]);
    assert_eq!(
        parents.trim(),
        format!("{ours} {theirs}|{}|release: 1.4.0", whoever(sample))
    );
    sample.git(&["rm", "-q", "--cached", "staged"]);
    let file = sides.merged("a").await;
    assert!(file.starts_with("ours") && file.contains("theirs"), "{file}");
}

/// Who git says the user is.
fn whoever(sample: &Sample) -> String {
    sample.git(&["config", "user.name"])
}

#[tokio::test]
async fn what_could_just_follow_is_a_merge_commit_all_the_same() {
    let sides = Sides::of(nothing, nothing, |s| write(s, "a", "theirs"));
    sides.sample.git(&["branch", "-f", "main", "develop"]);
    assert_eq!(sides.words(), [""; 0]);
    let merge = sides.commit().await.unwrap();
    let (ours, theirs) = sides.shas();
    let parents = sides.sample.git(&["log", "-1", "--format=%P", merge.as_str()]);
    assert_eq!(parents, format!("{ours} {theirs}"));
    // The other way round there is nothing to merge.
    let repository = &sides.sample.repository;
    assert_eq!(repository.try_merge(&theirs, &ours).unwrap(), Merge::Already);
    assert_eq!(repository.try_merge(&ours, &ours).unwrap(), Merge::Already);
    let error = repository
        .merge_commit(&theirs, &ours, "x", access())
        .await
        .unwrap_err();
    assert!(matches!(error, GitError::NothingToMerge { .. }), "{error}");
}

#[tokio::test]
async fn a_file_becomes_a_program_on_one_side_and_changes_on_the_other() {
    let sides = Sides::of(
        |s| write(s, "run", text("base")),
        |s| {
            use std::os::unix::fs::PermissionsExt as _;
            let program = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(s.work().join("run"), program).unwrap();
        },
        |s| write(s, "run", text("theirs")),
    );
    assert_eq!(sides.words(), [""; 0]);
    assert!(sides.merged("run").await.contains("theirs"));
    let merge = sides.commit().await.unwrap();
    let listed = sides.sample.git(&["ls-tree", merge.as_str(), "run"]);
    assert!(listed.starts_with("100755"), "{listed}");
}

#[tokio::test]
async fn how_files_are_merged_is_said_by_the_branch_and_not_by_what_is_checked_out() {
    let sides = Sides::of(
        |s| {
            write(s, "log", "base\n");
            write(s, ".gitattributes", "log merge=union\n");
        },
        |s| write(s, "log", "ours\nbase\n"),
        |s| write(s, "log", "theirs\nbase\n"),
    );
    write(&sides.sample, ".gitattributes", "log -merge\n");
    sides.sample.git(&["add", ".gitattributes"]);
    assert_eq!(sides.words(), [""; 0]);
    sides.sample.git(&["reset", "-q", "--hard"]);
    assert_eq!(sides.merged("log").await, "ours\ntheirs\nbase");
}

#[tokio::test]
async fn histories_that_crossed_are_merged_from_what_both_have() {
    let sides = Sides::of(
        |s| write(s, "a", text("base")),
        |s| write(s, "a", format!("ours\n{}", text("base"))),
        |s| write(s, "a", text("theirs")),
    );
    let sample = &sides.sample;
    let (ours, theirs) = sides.shas();
    for (branch, other) in [("main", &theirs), ("release", &ours)] {
        sample.git(&["checkout", "-q", branch]);
        sample.git(&["merge", "-q", "--no-ff", "-m", "cross", other.as_str()]);
    }
    write(sample, "b", "more");
    sample.git(&["add", "b"]);
    sample.git(&["commit", "-q", "-m", "fix: more"]);
    let was = stored(sample);
    assert_eq!(sides.words(), [""; 0]);
    assert_eq!(stored(sample), was);
    assert_eq!(sides.merged("b").await, "more");
}

#[test]
fn histories_that_never_met_are_not_merged() {
    let sample = Sample::new();
    sample.git(&["checkout", "-q", "--orphan", "other"]);
    sample.git(&["commit", "-q", "--allow-empty", "-m", "feat: another service"]);
    let (ours, theirs) = (sample.sha("develop"), sample.sha("other"));
    let error = sample.repository.try_merge(&ours, &theirs).unwrap_err();
    assert!(matches!(error, GitError::Unrelated { .. }), "{error}");
}

#[test]
fn a_shallow_clone_that_lacks_where_they_went_apart_is_told_so() {
    let sides = Sides::of(nothing, |s| write(s, "a", "ours"), |s| write(s, "b", "theirs"));
    let sample = &sides.sample;
    sample.git(&["push", "-q", "origin", "main", "release"]);
    let (ours, theirs) = sides.shas();
    let cloned = |depth: &str| {
        let (folder, url) = (
            sample.folder.path(),
            format!("file://{}", sample.origin().display()),
        );
        git(
            folder,
            &["clone", "-q", "--no-single-branch", "--depth", depth, &url, depth],
        );
        GitRepository::discover(&folder.join(depth)).unwrap()
    };
    let error = cloned("1").try_merge(&ours, &theirs).unwrap_err();
    assert!(matches!(error, GitError::CutOff { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--unshallow"));
    // One more is the commit that both come from.
    assert_eq!(cloned("2").try_merge(&ours, &theirs).unwrap(), Merge::Clean);
}

#[test]
fn a_shallow_clone_does_not_take_an_old_common_commit_for_the_last_one() {
    let sample = Sample::new();
    let commit = |message: &str| {
        sample.git(&["commit", "-q", "--allow-empty", "-m", message]);
        sample.sha("HEAD")
    };
    // Both have `shared`, and what both come from in the end; `theirs` gets to `shared` by `end` only.
    sample.git(&["checkout", "-q", "-b", "main"]);
    commit("fix: shared");
    sample.git(&["checkout", "-q", "-b", "release"]);
    let end = commit("fix: end");
    sample.git(&["checkout", "-q", "-b", "aside", "develop"]);
    commit("fix: aside");
    sample.git(&["merge", "-q", "--no-ff", "-m", "theirs", "release"]);
    let theirs = sample.sha("HEAD");
    sample.git(&["checkout", "-q", "main"]);
    let ours = commit("fix: ours");
    let cut_at = |commit: &CommitSha| {
        std::fs::write(sample.work().join(".git/shallow"), format!("{commit}\n")).unwrap();
        let repository = GitRepository::discover(&sample.work()).unwrap();
        repository.try_merge(&ours, &theirs)
    };
    let error = cut_at(&end).unwrap_err();
    assert!(matches!(error, GitError::CutOff { .. }), "{error}");
    // What is left out beyond the commit that both have is of no importance.
    assert_eq!(cut_at(&sample.sha("develop~1")).unwrap(), Merge::Clean);
}

#[tokio::test]
async fn a_merge_works_in_a_bare_repository_and_in_a_worktree() {
    let sides = Sides::of(nothing, |s| write(s, "a", "ours"), |s| write(s, "b", "theirs"));
    let sample = &sides.sample;
    sample.git(&["push", "-q", "origin", "main", "release"]);
    sample.git(&["worktree", "add", "-q", "--detach", "../tree"]);
    let (ours, theirs) = sides.shas();
    named(&sample.origin());
    for place in [sample.origin(), sample.folder.path().join("tree")] {
        let repository = GitRepository::discover(&place).unwrap();
        assert_eq!(repository.try_merge(&ours, &theirs).unwrap(), Merge::Clean);
        let merge = repository
            .merge_commit(&ours, &theirs, "x", access())
            .await
            .unwrap();
        let files = git(&place, &["ls-tree", "--name-only", merge.as_str()]);
        assert_eq!(files, "a\nb");
    }
}

#[tokio::test]
async fn whoever_git_does_not_know_is_told_how_to_introduce_themselves() {
    let sides = Sides::of(nothing, |s| write(s, "a", "ours"), |s| write(s, "b", "theirs"));
    let sample = &sides.sample;
    sample.git(&["config", "user.name", ""]);
    sample.git(&["config", "user.email", ""]);
    sample.git(&["config", "user.useConfigOnly", "true"]);
    let error = sides.commit().await.unwrap_err();
    assert!(matches!(error, GitError::Nameless { .. }), "{error}");
    assert!(error.hint().unwrap().contains("user.email"));
    let made = sample
        .repository
        .create_tag("v1.4.0", &sample.sha("main"), "x", access())
        .await;
    let error = made.unwrap_err();
    assert!(matches!(error, GitError::Nameless { .. }), "{error}");
}

#[tokio::test]
async fn a_message_is_utf_8_whatever_the_user_writes_in() {
    let sides = Sides::of(nothing, |s| write(s, "a", "ours"), |s| write(s, "b", "theirs"));
    sides.sample.git(&["config", "i18n.commitEncoding", "iso-8859-1"]);
    let (ours, theirs) = sides.shas();
    let message = "release: Größe 1.4.0\n\n# Fixes\n- -m is fine";
    let repository = &sides.sample.repository;
    let merge = repository
        .merge_commit(&ours, &theirs, message, access())
        .await
        .unwrap();
    let raw = sides.sample.git(&["cat-file", "commit", merge.as_str()]);
    assert!(!raw.contains("\nencoding ") && raw.ends_with(message), "{raw}");
}

#[test]
fn a_merge_that_is_only_tried_leaves_no_object() {
    let sides = Sample::new();
    sides.git(&["checkout", "-q", "-b", "release"]);
    std::fs::write(sides.work().join("r"), "r\n").unwrap();
    sides.git(&["add", "-A"]);
    sides.git(&["commit", "-q", "-m", "r"]);
    sides.git(&["checkout", "-q", "develop"]);
    std::fs::write(sides.work().join("d"), "d\n").unwrap();
    sides.git(&["add", "-A"]);
    sides.git(&["commit", "-q", "-m", "d"]);
    let objects = || sides.git(&["count-objects"]);
    let before = objects();
    let (ours, theirs) = (sides.sha("develop"), sides.sha("release"));
    assert_eq!(sides.repository.try_merge(&ours, &theirs).unwrap(), Merge::Clean);
    assert_eq!(objects(), before);
}
