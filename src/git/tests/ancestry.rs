//! Whether a fix has arrived, by ancestry and by its patches.

use super::*;
use crate::domain::{CommitSha, Exit};

/// `develop` with a file, and `release/v1.4.0` cut from it with two fixes to that file and one beside it.
struct Release {
    sample: Sample,
    base: CommitSha,
}

impl Release {
    fn new() -> Self {
        let sample = Sample::new();
        let text = (1..=40).fold(String::new(), |text, line| text + &format!("line {line}\n"));
        let release = Self {
            base: sample.sha("develop"),
            sample,
        };
        release.write("app.rs", &text, "feat: three");
        let base = release.sample.sha("develop");
        release.git(&["checkout", "-q", "-b", "release/v1.4.0"]);
        release.write("app.rs", text.replace("line 5\n", "line five\n"), "fix: five");
        release.write("other.rs", "other\n", "fix: other");
        release.git(&["checkout", "-q", "develop"]);
        // The other side goes on, in the same file too.
        release.write(
            "app.rs",
            text.replace("line 35\n", "line 35, longer\n"),
            "feat: four",
        );
        Self { base, ..release }
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.sample.git(arguments)
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>, message: &str) -> CommitSha {
        std::fs::write(self.sample.work().join(file), text).unwrap();
        self.git(&["add", file]);
        self.git(&["commit", "-q", "-m", message]);
        self.sample.sha("HEAD")
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.sample.work().join(file)).unwrap()
    }

    fn reach(&self) -> Reach {
        let [with, without] = self.with_and_without_base();
        assert_eq!(with, without, "nothing but the fixes is missing");
        with
    }

    fn with_and_without_base(&self) -> [Reach; 2] {
        let fix = |base| Fix {
            head: self.sample.sha("release/v1.4.0"),
            base,
        };
        let fixes = [fix(Some(self.base.clone())), fix(None)];
        let reached = self.sample.repository.reach(&fixes, &self.sample.sha("develop"));
        reached.unwrap().try_into().unwrap()
    }

    fn fixes(&self) -> [CommitSha; 2] {
        ["release/v1.4.0~1", "release/v1.4.0"].map(|text| self.sample.sha(text))
    }
}

#[test]
fn what_did_not_arrive_is_named_newest_first_and_what_was_merged_has_arrived() {
    let release = Release::new();
    let [first, second] = release.fixes();
    assert_eq!(release.reach(), Reach::Missing(vec![second, first]));
    release.git(&["merge", "-q", "--no-ff", "-m", "merge", "release/v1.4.0"]);
    assert_eq!(release.reach(), Reach::Ancestor);
}

#[test]
fn what_was_cherry_picked_has_arrived_however_it_was_picked() {
    for arguments in [&["cherry-pick"][..], &["cherry-pick", "-x"]] {
        let release = Release::new();
        let [first, second] = release.fixes();
        release.git(&[arguments, &[first.as_str()]].concat());
        assert_eq!(release.reach(), Reach::Missing(vec![second.clone()]));
        release.git(&[arguments, &[second.as_str()]].concat());
        assert_eq!(release.reach(), Reach::SamePatches);
    }
}

#[test]
fn what_was_rebased_has_arrived() {
    let release = Release::new();
    release.git(&["checkout", "-q", "-b", "rebased", "release/v1.4.0"]);
    release.git(&["rebase", "-q", "develop"]);
    release.git(&["checkout", "-q", "develop"]);
    release.git(&["merge", "-q", "--ff-only", "rebased"]);
    assert_eq!(release.reach(), Reach::SamePatches);
}

#[test]
fn what_was_undone_afterwards_is_there_no_longer() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["merge", "-q", "--no-ff", "-m", "merge", "release/v1.4.0"]);
    release.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    let by = release.sample.sha("HEAD");
    let [with, without] = release.with_and_without_base();
    let reverted = |commits: &[&CommitSha], by: &CommitSha| Reach::Reverted {
        commits: commits.iter().map(|commit| (*commit).clone()).collect(),
        by: by.clone(),
    };
    assert_eq!(with, reverted(&[&second, &first], &by));
    // Of what is there by its head only the head is told.
    assert_eq!(without, reverted(&[&second], &by));
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["cherry-pick", "develop..release/v1.4.0"]);
    release.git(&["revert", "--no-edit", "HEAD", "HEAD~1"]);
    let by = release.sample.sha("HEAD~1");
    assert_eq!(release.reach(), reverted(&[&second, &first], &by));
    // One of two that was taken back is missing alone.
    let release = Release::new();
    let [first, _] = release.fixes();
    release.git(&["cherry-pick", "develop..release/v1.4.0"]);
    release.git(&["revert", "--no-edit", "HEAD~1"]);
    let by = release.sample.sha("HEAD");
    assert_eq!(release.reach(), reverted(&[&first], &by));
}

#[test]
fn what_was_squashed_has_arrived_as_one_commit() {
    let release = Release::new();
    release.git(&["merge", "-q", "--squash", "release/v1.4.0"]);
    release.git(&["commit", "-q", "-m", "fix: all of it"]);
    let squash = release.sample.sha("develop");
    release.write("more.rs", "more\n", "feat: more");
    assert_eq!(release.reach(), Reach::AsOne(squash));
}

#[test]
fn what_was_squashed_and_changed_has_not_arrived() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["merge", "-q", "--squash", "release/v1.4.0"]);
    let text = release
        .read("app.rs")
        .replace("line five\n", "line 5 after all\n");
    release.write("app.rs", text, "fix: most of it");
    assert_eq!(release.reach(), Reach::Missing(vec![second, first]));
}

#[test]
fn what_is_there_as_the_very_same_content_has_arrived_however_it_came() {
    let release = Release::new();
    release.git(&["checkout", "-q", "-B", "develop", release.base.as_str()]);
    // Somebody wrote all of it again, in other pieces.
    release.write("other.rs", "oth", "fix: half");
    let text = release.read("app.rs").replace("line 5\n", "line five\n");
    release.write("app.rs", text, "fix: five and other");
    release.write("other.rs", "other\n", "fix: the other half");
    let same = release.sample.sha("develop");
    release.write("more.rs", "more\n", "feat: more");
    assert_eq!(release.reach(), Reach::SameContent(same));
}

#[test]
fn a_content_that_both_sides_had_before_says_nothing() {
    let release = Release::new();
    release.git(&["checkout", "-q", "-b", "back", "release/v1.4.0"]);
    release.git(&["revert", "--no-edit", "HEAD", "HEAD~1"]);
    let reached = release.sample.repository.reach(
        &[Fix {
            head: release.sample.sha("back"),
            base: Some(release.base.clone()),
        }],
        &release.sample.sha("develop"),
    );
    let [Reach::Missing(missing)] = &reached.unwrap()[..] else {
        panic!("nothing of it has arrived");
    };
    assert_eq!(missing.len(), 4);
}

#[test]
fn a_pick_that_was_resolved_to_something_else_is_not_the_same_fix() {
    let release = Release::new();
    let [first, second] = release.fixes();
    let text = release.read("app.rs").replace("line 5\n", "line 5 and a half\n");
    release.write("app.rs", &text, "feat: a half");
    let picked = release.sample.work();
    let output = program::git(&picked)
        .args(["cherry-pick", first.as_str()])
        .output()
        .unwrap();
    assert!(!output.status.success(), "there is a conflict");
    let text = text.replace("line 5 and a half\n", "line five and a half\n");
    std::fs::write(picked.join("app.rs"), text).unwrap();
    release.git(&["commit", "-q", "-am", "fix: five"]);
    release.git(&["cherry-pick", second.as_str()]);
    assert_eq!(release.reach(), Reach::Missing(vec![first]));
}

#[test]
fn an_automatic_merge_in_the_branch_brings_nothing_and_one_changed_by_hand_does() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["checkout", "-q", "-b", "aside", "release/v1.4.0"]);
    let third = release.write("third.rs", "third\n", "fix: third");
    release.git(&["checkout", "-q", "release/v1.4.0"]);
    release.git(&["merge", "-q", "--no-ff", "-m", "merge aside", "aside"]);
    release.git(&["checkout", "-q", "develop"]);
    release.git(&["cherry-pick", first.as_str(), second.as_str(), third.as_str()]);
    assert_eq!(release.reach(), Reach::SamePatches);

    release.git(&["checkout", "-q", "release/v1.4.0"]);
    release.git(&["checkout", "-q", "-b", "another", "HEAD~1"]);
    let fourth = release.write("fourth.rs", "fourth\n", "fix: fourth");
    release.git(&["checkout", "-q", "release/v1.4.0"]);
    release.git(&["merge", "-q", "--no-ff", "--no-commit", "another"]);
    std::fs::write(release.sample.work().join("fourth.rs"), "by hand\n").unwrap();
    release.git(&["commit", "-q", "-am", "merge another, and more"]);
    release.git(&["checkout", "-q", "develop"]);
    release.git(&["cherry-pick", fourth.as_str()]);
    let merge = release.sample.sha("release/v1.4.0");
    assert_eq!(release.reach(), Reach::Missing(vec![merge]));
}

#[test]
fn a_merge_of_the_other_side_into_the_branch_leaves_only_the_fixes() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["checkout", "-q", "release/v1.4.0"]);
    release.git(&["merge", "-q", "--no-ff", "-m", "merge develop", "develop"]);
    release.git(&["checkout", "-q", "develop"]);
    assert_eq!(release.reach(), Reach::Missing(vec![second, first]));
}

#[test]
fn an_empty_commit_brings_nothing_that_could_be_missing() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["checkout", "-q", "release/v1.4.0"]);
    release.git(&["commit", "-q", "--allow-empty", "-m", "chore: build anew"]);
    release.git(&["checkout", "-q", "develop"]);
    release.git(&["cherry-pick", first.as_str(), second.as_str()]);
    assert_eq!(release.reach(), Reach::SamePatches);
}

#[test]
fn two_different_binary_files_under_one_path_are_not_one_patch() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["checkout", "-q", "release/v1.4.0"]);
    let logo = release.write("logo.png", b"\0one", "fix: a logo");
    release.git(&["checkout", "-q", "develop"]);
    release.git(&["cherry-pick", first.as_str(), second.as_str()]);
    release.write("logo.png", b"\0two", "fix: a logo");
    assert_eq!(release.reach(), Reach::Missing(vec![logo.clone()]));
    release.git(&["rm", "-q", "logo.png"]);
    release.git(&["commit", "-q", "-m", "fix: no logo"]);
    release.git(&["cherry-pick", logo.as_str()]);
    assert_eq!(release.reach(), Reach::SamePatches);
}

#[test]
fn a_file_that_may_be_executed_now_is_a_patch_too() {
    let release = Release::new();
    let [first, second] = release.fixes();
    release.git(&["checkout", "-q", "release/v1.4.0"]);
    release.git(&["update-index", "--chmod=+x", "app.rs"]);
    release.git(&["commit", "-q", "-m", "fix: executable"]);
    let mode = release.sample.sha("HEAD");
    release.git(&["checkout", "-q", "-f", "develop"]);
    release.git(&["cherry-pick", first.as_str(), second.as_str()]);
    assert_eq!(release.reach(), Reach::Missing(vec![mode.clone()]));
    release.git(&["cherry-pick", mode.as_str()]);
    assert_eq!(release.reach(), Reach::SamePatches);
}

#[test]
fn ancestry_is_seen_even_where_the_clocks_were_wrong_by_years() {
    let sample = Sample::new();
    let commit = |message: &str, date: &str| {
        let output = program::git(&sample.work())
            .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com"])
            .args(["commit", "-q", "--allow-empty", "-m", message])
            .envs([("GIT_COMMITTER_DATE", date), ("GIT_AUTHOR_DATE", date)])
            .status();
        assert!(output.unwrap().success());
        sample.sha("HEAD")
    };
    let fix = commit("fix: from the future", "2031-01-01T00:00:00Z");
    let into = commit("feat: from the past", "2001-01-01T00:00:00Z");
    sample.git(&["checkout", "-q", "-b", "aside", "HEAD~2"]);
    let aside = commit("fix: aside", "2001-01-02T00:00:00Z");
    let fixes = [fix, aside].map(|head| Fix { head, base: None });
    let reached = sample.repository.reach(&fixes, &into).unwrap();
    // An empty commit brings nothing that could be missing: its content is there.
    assert!(
        matches!(reached[..], [Reach::Ancestor, Reach::SameContent(_)]),
        "{reached:?}"
    );
    let contains = |fix: &Fix| sample.repository.contains(&into, &fix.head).unwrap();
    assert!(contains(&fixes[0]) && !contains(&fixes[1]));
}

#[test]
fn what_a_shallow_clone_cannot_see_is_not_called_missing() {
    let release = Release::new();
    let [first, _] = release.fixes();
    release.git(&["cherry-pick", first.as_str()]);
    release.git(&["push", "-q", "origin", "develop", "release/v1.4.0"]);
    let url = format!("file://{}", release.sample.origin().display());
    let clone = [
        "clone",
        "-q",
        "--depth",
        "1",
        "--no-single-branch",
        &url,
        "shallow",
    ];
    git(release.sample.folder.path(), &clone);
    let shallow = GitRepository::discover(&release.sample.folder.path().join("shallow")).unwrap();
    let sha = |text: &str| shallow.commit(text).unwrap().sha;
    let (head, into) = (sha("origin/release/v1.4.0"), sha("origin/develop"));
    let fix = |head: &CommitSha| Fix {
        head: head.clone(),
        base: None,
    };
    let error = shallow.reach(&[fix(&head)], &into).unwrap_err();
    assert!(matches!(error, GitError::Shallow(_)), "{error}");
    assert_eq!(error.exit(), Exit::NotFound);
    assert!(error.hint().unwrap().contains("--unshallow"));
    // What can be seen is told.
    assert_eq!(shallow.reach(&[fix(&into)], &into).unwrap(), [Reach::Ancestor]);
}

/// A release `release/v1.4.0` with a fix, a main that it may go to, and what `git revert` does there.
fn fixed() -> (Sample, CommitSha, Fix) {
    let sample = Sample::new();
    let write = |name: &str, text: &str, message: &str| {
        std::fs::write(sample.work().join(name), text).unwrap();
        sample.git(&["add", "."]);
        sample.git(&["commit", "-q", "-m", message]);
    };
    write("base", "base\n", "chore: base");
    sample.git(&["checkout", "-q", "-b", "main"]);
    write("other", "other\n", "chore: of main");
    sample.git(&["checkout", "-q", "-b", "release/v1.4.0", "develop"]);
    write("fix", "fixed\n", "fix: payouts");
    let fix = sample.sha("HEAD");
    let asked = Fix {
        head: fix.clone(),
        base: Some(sample.sha("develop")),
    };
    sample.git(&["checkout", "-q", "main"]);
    (sample, fix, asked)
}

fn in_main(sample: &Sample, fix: &Fix) -> Reach {
    let into = sample.sha("main");
    let reached = sample.repository.reach(std::slice::from_ref(fix), &into);
    reached.unwrap().pop().unwrap()
}

#[test]
fn a_revert_takes_back_what_a_pick_a_merge_or_a_squash_had_brought() {
    let commands: [&[&[&str]]; 3] = [
        &[&["cherry-pick", "release/v1.4.0"]],
        &[&["merge", "-q", "--no-ff", "-m", "merge", "release/v1.4.0"]],
        &[
            &["merge", "-q", "--squash", "release/v1.4.0"],
            &["commit", "-q", "-m", "squashed"],
        ],
    ];
    for (commands, is_merge) in commands.into_iter().zip([false, true, false]) {
        let (sample, fix, asked) = fixed();
        for command in commands {
            sample.git(command);
        }
        assert!(in_main(&sample, &asked).is_there(), "{commands:?}");
        let revert: &[&str] = if is_merge {
            &["revert", "--no-edit", "-m", "1", "HEAD"]
        } else {
            &["revert", "--no-edit", "HEAD"]
        };
        sample.git(revert);
        let by = sample.sha("HEAD");
        let reverted = Reach::Reverted {
            commits: vec![fix.clone()],
            by,
        };
        assert_eq!(in_main(&sample, &asked), reverted, "{commands:?}");
        // The revert of the revert brings it back.
        sample.git(&["revert", "--no-edit", "HEAD"]);
        assert!(in_main(&sample, &asked).is_there(), "{commands:?}");
    }
}

#[test]
fn a_revert_that_names_no_commit_is_known_by_its_patch_and_a_second_pick_counts() {
    let (sample, fix, asked) = fixed();
    sample.git(&["cherry-pick", "release/v1.4.0"]);
    sample.git(&["revert", "--no-edit", "HEAD"]);
    // As the button of a forge leaves it.
    sample.git(&["commit", "-q", "--amend", "-m", "Revert \"fix: payouts\" (#7)"]);
    let by = sample.sha("HEAD");
    let commits = vec![fix];
    assert_eq!(in_main(&sample, &asked), Reach::Reverted { commits, by });
    sample.git(&["cherry-pick", "release/v1.4.0"]);
    let later = "2038-01-01T00:00:00Z";
    sample.git(&["commit", "-q", "--amend", "--no-edit", "--date", later]);
    assert!(in_main(&sample, &asked).is_there());
}
