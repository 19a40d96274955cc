//! Merges that touch nothing, and say beforehand what they would come to.

use super::*;
use crate::domain::{CommitSha, Exit};

/// Both sides of a merge begin with the same commit: `main` is what is merged into, `release` what is merged.
struct Sides {
    sample: Sample,
}

impl Sides {
    /// `begin`, `ours` and `theirs` change the working tree, each on its own branch.
    fn of(begin: impl Fn(&Sample), ours: impl Fn(&Sample), theirs: impl Fn(&Sample)) -> Self {
        let sample = Sample::new();
        let commit = |message: &str| {
            sample.git(&["add", "-A"]);
            sample.git(&["commit", "-q", "--allow-empty", "-m", message]);
        };
        begin(&sample);
        commit("feat: base");
        sample.git(&["checkout", "-q", "-b", "release"]);
        theirs(&sample);
        commit("fix: theirs");
        sample.git(&["checkout", "-q", "-b", "main", "develop"]);
        ours(&sample);
        commit("fix: ours");
        sample.git(&["checkout", "-q", "develop"]);
        Self { sample }
    }

    fn shas(&self) -> (CommitSha, CommitSha) {
        (self.sample.sha("main"), self.sample.sha("release"))
    }

    /// What the merge comes to, in words; no words if it goes through.
    fn words(&self) -> Vec<String> {
        let (ours, theirs) = self.shas();
        match self.sample.repository.try_merge(&ours, &theirs).unwrap() {
            Merge::Clean => Vec::new(),
            Merge::Conflicts(conflicts) => {
                let words = conflicts.iter().map(|conflict| conflict.words("main", "release"));
                words.collect()
            }
            Merge::Already => panic!("there is something to merge"),
        }
    }

    async fn commit(&self) -> Result<CommitSha, GitError> {
        let (ours, theirs) = self.shas();
        let repository = &self.sample.repository;
        repository
            .merge_commit(&ours, &theirs, "release: 1.4.0", access())
            .await
    }

    /// A file of the merge as it was made, and that git itself would have made the same.
    async fn merged(&self, path: &str) -> String {
        let merge = self.commit().await.unwrap();
        let sample = &self.sample;
        sample.git(&["checkout", "-q", "--detach", "main"]);
        sample.git(&["merge", "-q", "--no-ff", "-m", "x", "release"]);
        let tree = |of: &str| sample.git(&["rev-parse", &format!("{of}^{{tree}}")]);
        assert_eq!(tree(merge.as_str()), tree("HEAD"));
        sample.git(&["cat-file", "-p", &format!("{merge}:{path}")])
    }
}

fn nothing(_: &Sample) {}

fn write(sample: &Sample, path: &str, bytes: impl AsRef<[u8]>) {
    let path = sample.work().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A text that is long enough to be known again under another name, with one line of its own.
fn text(line: &str) -> String {
    let lines: Vec<_> = (1..20).map(|number| format!("line {number}")).collect();
    format!("{}\n{line}\n{}\n", lines.join("\n"), lines.join("\n"))
}

/// All objects of the repository, and its references.
fn stored(sample: &Sample) -> (String, String) {
    (
        sample.git(&["cat-file", "--batch-all-objects", "--batch-check", "--unordered"]),
        sample.git(&["for-each-ref"]),
    )
}

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
async fn conflicts_are_told_by_file_and_nothing_is_written() {
    let sides = Sides::of(
        |s| {
            for path in ["a", "b", "c", "d"] {
                write(s, path, text("base"));
            }
        },
        |s| {
            write(s, "a", text("ours"));
            std::fs::remove_file(s.work().join("b")).unwrap();
            write(s, "c", text("ours"));
            write(s, "new", "ours\n");
            write(s, "d", b"\0ours");
        },
        |s| {
            write(s, "a", text("theirs"));
            write(s, "b", text("theirs"));
            std::fs::remove_file(s.work().join("c")).unwrap();
            write(s, "new", "theirs\n");
            write(s, "d", b"\0theirs");
        },
    );
    let before = (sides.sample.untouched(), stored(&sides.sample));
    assert_eq!(
        sides.words(),
        [
            "a: both changed it",
            "b: removed in main, changed in release",
            "c: changed in main, removed in release",
            "d: both changed it, and it is binary",
            "new: both added it",
        ]
    );
    let error = sides.commit().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    let (told, ours) = (error.to_string(), sides.sample.sha("main"));
    assert!(
        told.contains(&format!("b: removed in {}", ours.short())),
        "{told}"
    );
    assert_eq!((sides.sample.untouched(), stored(&sides.sample)), before);
}

#[test]
fn a_path_that_would_paint_the_terminal_is_told_harmlessly() {
    let path = "a\u{1b}[31m\u{202e}b";
    let sides = Sides::of(nothing, |s| write(s, path, "ours"), |s| write(s, path, "theirs"));
    assert_eq!(sides.words(), ["ab: both added it"]);
}

#[test]
fn many_conflicts_are_counted() {
    let names: Vec<_> = (0..7).map(|number| format!("f{number}")).collect();
    let fill = |s: &Sample, line: &str| names.iter().for_each(|name| write(s, name, line));
    let sides = Sides::of(|s| fill(s, "base"), |s| fill(s, "ours"), |s| fill(s, "theirs"));
    let (ours, theirs) = sides.shas();
    let Merge::Conflicts(conflicts) = sides.sample.repository.try_merge(&ours, &theirs).unwrap() else {
        panic!("all of them are in conflict");
    };
    assert_eq!(conflicts.len(), 7);
    let error = GitError::Conflicts {
        ours: "main".to_owned(),
        theirs: "release".to_owned(),
        conflicts,
    };
    let told = error.to_string();
    assert!(told.ends_with("f4: both changed it; and 2 more"), "{told}");
}

#[tokio::test]
async fn a_file_that_one_side_renamed_takes_the_changes_of_the_other() {
    let sides = Sides::of(
        |s| write(s, "old", text("base")),
        |s| {
            s.git(&["mv", "old", "new"]);
        },
        |s| write(s, "old", text("theirs")),
    );
    assert_eq!(sides.words(), [""; 0]);
    assert!(sides.merged("new").await.contains("theirs"));
}

#[test]
fn a_file_that_both_renamed_is_told_once_with_both_names() {
    let sides = Sides::of(
        |s| write(s, "old", text("base")),
        |s| {
            s.git(&["mv", "old", "here"]);
        },
        |s| {
            s.git(&["mv", "old", "there"]);
        },
    );
    assert_eq!(
        sides.words(),
        ["old: renamed to here in main, renamed to there in release"]
    );
}

#[test]
fn a_file_that_one_renamed_and_the_other_removed_is_told_once() {
    let sides = Sides::of(
        |s| write(s, "old", text("base")),
        |s| {
            s.git(&["mv", "old", "here"]);
        },
        |s| {
            s.git(&["rm", "-q", "old"]);
        },
    );
    assert_eq!(
        sides.words(),
        ["old: renamed to here in main, removed in release"]
    );
}

#[test]
fn a_name_that_both_gave_to_different_files_is_told() {
    let sides = Sides::of(
        |s| {
            write(s, "a", text("one"));
            write(s, "b", text("two").repeat(3));
        },
        |s| {
            s.git(&["mv", "a", "c"]);
        },
        |s| {
            s.git(&["mv", "b", "c"]);
        },
    );
    assert_eq!(sides.words(), ["c: both added it"]);
}

#[test]
fn a_file_where_the_other_has_a_folder_is_told() {
    let sides = Sides::of(
        nothing,
        |s| write(s, "a", "file"),
        |s| write(s, "a/b", "in a folder"),
    );
    assert_eq!(sides.words(), ["a: main has it where release has something else"]);
}

/// Puts a submodule at `commit`, which need not be here.
fn submodule(sample: &Sample, commit: char) {
    let commit = commit.to_string().repeat(40);
    let entry = format!("160000,{commit},library");
    sample.git(&["update-index", "--add", "--cacheinfo", &entry]);
    std::fs::create_dir_all(sample.work().join("library")).unwrap();
}

#[test]
fn a_submodule_that_one_side_moved_moves_and_one_that_both_moved_is_told() {
    // `git add -A` would drop a submodule that has no repository, so the commits are made here.
    let sample = Sample::new();
    let at = |branch: &str, commit| {
        sample.git(&["checkout", "-q", "-B", branch, "develop"]);
        submodule(&sample, commit);
        sample.git(&["commit", "-q", "-m", branch]);
    };
    at("develop", 'a');
    at("release", 'b');
    at("main", 'c');
    sample.git(&["checkout", "-q", "-B", "other", "develop"]);
    write(&sample, "file", "x");
    sample.git(&["add", "file"]);
    sample.git(&["commit", "-q", "-m", "other"]);
    let merge = |ours, theirs| {
        let (ours, theirs) = (sample.sha(ours), sample.sha(theirs));
        sample.repository.try_merge(&ours, &theirs).unwrap()
    };
    assert_eq!(merge("other", "release"), Merge::Clean);
    let Merge::Conflicts(conflicts) = merge("main", "release") else {
        panic!("both moved it");
    };
    let words: Vec<_> = conflicts.iter().map(|c| c.words("main", "release")).collect();
    assert_eq!(words, ["library: both moved the submodule"]);
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
fn a_merge_driver_of_the_attributes_decides_as_in_git_merge() {
    let sample = Sample::new();
    let write = |name: &str, text: &str| {
        let path = sample.work().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        sample.git(&["add", "-A"]);
        sample.git(&["commit", "-q", "-m", name]);
    };
    sample.git(&["config", "merge.ours.driver", "true"]);
    write(".gitattributes", "a merge=ours\n");
    write("a", "one\ntwo\nthree\n");
    sample.git(&["checkout", "-q", "-b", "release"]);
    write("a", "one\ntwo\nof the release\n");
    sample.git(&["checkout", "-q", "develop"]);
    write("a", "of main\ntwo\nthree\n");
    let (ours, theirs) = (sample.sha("develop"), sample.sha("release"));
    assert_eq!(sample.repository.try_merge(&ours, &theirs).unwrap(), Merge::Clean);
    let making = sample.repository.merge_commit(&ours, &theirs, "merge", access());
    let made = tokio::runtime::Runtime::new().unwrap().block_on(making).unwrap();
    sample.git(&["merge", "-q", "--no-ff", "-m", "by git", "release"]);
    let tree = |commit: &str| sample.git(&["rev-parse", &format!("{commit}^{{tree}}")]);
    assert_eq!(tree(made.as_str()), tree("HEAD"));
    assert_eq!(sample.git(&["show", &format!("{made}:a")]), "of main\ntwo\nthree");
}

#[test]
fn a_file_in_a_folder_that_the_other_side_renamed_is_a_conflict_as_in_git_merge() {
    let sample = Sample::new();
    let folder = sample.work().join("d");
    std::fs::create_dir(&folder).unwrap();
    for name in ["f1", "f2", "f3", "f4"] {
        std::fs::write(folder.join(name), format!("{name}\n").repeat(9)).unwrap();
    }
    sample.git(&["add", "-A"]);
    sample.git(&["commit", "-q", "-m", "d"]);
    sample.git(&["checkout", "-q", "-b", "release"]);
    std::fs::write(folder.join("new"), "new\n").unwrap();
    sample.git(&["add", "-A"]);
    sample.git(&["commit", "-q", "-m", "new"]);
    sample.git(&["checkout", "-q", "develop"]);
    sample.git(&["mv", "d", "e"]);
    sample.git(&["commit", "-q", "-m", "e"]);
    let (ours, theirs) = (sample.sha("develop"), sample.sha("release"));
    let Merge::Conflicts(conflicts) = sample.repository.try_merge(&ours, &theirs).unwrap() else {
        panic!("no conflict")
    };
    let words: Vec<_> = conflicts
        .iter()
        .map(|conflict| conflict.words("develop", "release"))
        .collect();
    assert!(
        words.iter().any(|words| words.contains("file location")),
        "{words:?}"
    );
    // Where the user lets git follow the folder, it is clean, and the file goes along.
    sample.git(&["config", "merge.directoryRenames", "true"]);
    let making = sample.repository.merge_commit(&ours, &theirs, "merge", access());
    let made = tokio::runtime::Runtime::new().unwrap().block_on(making).unwrap();
    assert_eq!(sample.git(&["show", &format!("{made}:e/new")]), "new");
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
