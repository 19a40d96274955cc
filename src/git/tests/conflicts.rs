//! What a merge would come to, said beforehand: which files are in conflict, and how.

use super::sides::{Sides, nothing, stored, text, write};
use super::*;
use crate::domain::Exit;

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
