//! What lies between two commits, and pasts on graphs of all shapes.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::domain::CommitSha;

fn write(sample: &Sample, file: &str, text: impl AsRef<[u8]>) {
    let path = sample.work().join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    sample.git(&["add", "-A"]);
}

fn commit(sample: &Sample, message: &str) -> CommitSha {
    sample.git(&["commit", "-q", "--allow-empty", "-m", message]);
    sample.sha("HEAD")
}

/// Does something with git as if it were another year.
fn in_year(sample: &Sample, year: u16, arguments: &[&str]) {
    let output = program::git(&sample.work())
        .args(["-c", "user.name=Ana", "-c", "user.email=ana@example.com"])
        .args(arguments)
        .env("GIT_COMMITTER_DATE", format!("{year}-01-01T00:00:00Z"))
        .status();
    assert!(output.unwrap().success());
}

#[test]
fn changes_come_newest_first_with_the_merges_among_them_and_are_counted_beyond_the_limit() {
    let sample = Sample::new();
    let from = sample.sha("develop~1");
    sample.git(&["checkout", "-q", "-b", "feature"]);
    let message = "feat: aside\n\nRefs: PAY-7";
    in_year(&sample, 2051, &["commit", "-q", "--allow-empty", "-m", message]);
    sample.git(&["checkout", "-q", "develop"]);
    in_year(
        &sample,
        2052,
        &["merge", "-q", "--no-ff", "-m", "merge feature", "feature"],
    );
    let to = sample.sha("develop");
    let (changes, count) = sample.repository.changes(&from, &to, 9).unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.commit.parents, change.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "merge feature\n"),
            (1, "feat: aside\n\nRefs: PAY-7\n"),
            (1, "feat: two\n\nmore of it\n")
        ]
    );
    assert_eq!(count, 3);
    let (first, count) = sample.repository.changes(&from, &to, 1).unwrap();
    assert_eq!((first.as_slice(), count), (&changes[..1], 3));
    let (back, count) = sample.repository.changes(&to, &from, 9).unwrap();
    assert_eq!((back.len(), count), (0, 0), "what is older lacks nothing newer");
}

#[test]
fn messages_and_paths_come_out_harmless() {
    let sample = Sample::new();
    let from = sample.sha("develop");
    write(&sample, "bad\u{1b}[31m\u{202e}name.rs", "x\n");
    std::fs::write(
        sample.work().join(".git/message"),
        b"fix: \x1b]0;owned\x07caf\xe9\n\n\xe2\x80\xaebody\x07\n",
    )
    .unwrap();
    let encoding = "i18n.commitEncoding=x";
    sample.git(&["-c", encoding, "commit", "-q", "-F", ".git/message"]);
    let to = sample.sha("develop");
    let (changes, _) = sample.repository.changes(&from, &to, 9).unwrap();
    assert_eq!(changes[0].message, "fix: caf\u{fffd}\n\nbody\n");
    assert_eq!(changes[0].commit.subject.as_str(), "fix: caf\u{fffd}");
    let files = sample.repository.files(&from, &to, &[]).unwrap();
    assert_eq!(files.changes[0].path, "badname.rs");
}

#[test]
fn what_became_of_each_file_is_told_with_its_lines() {
    let sample = Sample::new();
    let long = (0..20).fold(String::new(), |text, line| text + &format!("line {line}\n"));
    write(&sample, "a/changed.rs", &long);
    write(&sample, "a/moved.rs", long.replace("line", "words"));
    write(&sample, "b/removed.rs", "one\ntwo\n");
    write(&sample, "run.sh", "#!/bin/sh\n");
    write(&sample, "link", "a/changed.rs");
    let from = commit(&sample, "feat: files");
    write(
        &sample,
        "a/changed.rs",
        long.replace("line 7\n", "line seven\nand more\n"),
    );
    sample.git(&["mv", "a/moved.rs", "b/there.rs"]);
    write(
        &sample,
        "b/there.rs",
        long.replace("line", "words").replace("words 3\n", ""),
    );
    sample.git(&["rm", "-q", "b/removed.rs"]);
    write(&sample, "a/new.rs", "brand new\n");
    write(&sample, "a/logo.png", b"\0\n\n\n");
    std::fs::remove_file(sample.work().join("link")).unwrap();
    std::os::unix::fs::symlink("a/changed.rs", sample.work().join("link")).unwrap();
    sample.git(&["add", "-A"]);
    sample.git(&["update-index", "--chmod=+x", "run.sh"]);
    let module = format!("160000,{from},module");
    sample.git(&["update-index", "--add", "--cacheinfo", &module]);
    let to = commit(&sample, "feat: other files");
    let told = |folders: &[&str]| {
        let folders: Vec<_> = folders.iter().map(|&folder| folder.to_owned()).collect();
        let files = sample.repository.files(&from, &to, &folders).unwrap();
        assert!(files.is_counted);
        files
            .changes
            .into_iter()
            .map(|file| (file.path, file.kind, file.added, file.removed, file.old_path))
            .collect::<Vec<_>>()
    };
    let file = |path: &str, kind, added, removed| (path.to_owned(), kind, added, removed, None);
    let moved = |kind, added, old: Option<&str>| {
        (
            "b/there.rs".to_owned(),
            kind,
            added,
            usize::from(old.is_some()),
            old.map(str::to_owned),
        )
    };
    let in_a = [
        file("a/changed.rs", FileChangeKind::Changed, 2, 1),
        file("a/logo.png", FileChangeKind::Added, 0, 0),
    ];
    let new = file("a/new.rs", FileChangeKind::Added, 1, 0);
    let removed = file("b/removed.rs", FileChangeKind::Removed, 0, 2);
    let mut all = in_a.to_vec();
    all.extend([
        new.clone(),
        removed.clone(),
        moved(FileChangeKind::Renamed, 0, Some("a/moved.rs")),
        file("link", FileChangeKind::Type, 0, 0),
        file("module", FileChangeKind::Submodule, 0, 0),
        file("run.sh", FileChangeKind::Mode, 0, 0),
    ]);
    assert_eq!(told(&[]), all);
    assert_eq!(told(&["."]), all);
    // What came from elsewhere is new in a folder.
    let in_b = [removed, moved(FileChangeKind::Added, 19, None)];
    assert_eq!(told(&["b"]), in_b);
    assert_eq!(told(&["./b/"]), in_b);
    let mut in_a = in_a.to_vec();
    in_a.extend([file("a/moved.rs", FileChangeKind::Removed, 0, 20), new]);
    assert_eq!(told(&["a"]), in_a);
    assert!(told(&["nowhere"]).is_empty());
}

#[test]
fn too_many_files_are_told_without_their_lines() {
    let sample = Sample::new();
    let from = sample.sha("develop");
    for nth in 0..2_001 {
        let path = sample.work().join(format!("{nth:04}.rs"));
        std::fs::write(path, format!("{nth}\n")).unwrap();
    }
    sample.git(&["add", "-A"]);
    let to = commit(&sample, "feat: many files");
    let files = sample.repository.files(&from, &to, &[]).unwrap();
    assert!(!files.is_counted);
    assert_eq!(files.changes.len(), 2_001);
    assert!(files.changes.iter().all(|file| file.added == 0));
    let few = sample
        .repository
        .files(&from, &to, &["0007.rs".to_owned()])
        .unwrap();
    assert!(few.is_counted);
    assert_eq!((few.changes.len(), few.changes[0].added), (1, 1));
}

#[test]
fn the_end_of_a_shallow_clone_is_not_the_end_of_the_changes() {
    let sample = Sample::new();
    sample.git(&["push", "-q", "origin", "v1.3.2"]);
    let url = format!("file://{}", sample.origin().display());
    let clone = ["clone", "-q", "--depth", "1", "-b", "develop", &url, "shallow"];
    git(sample.folder.path(), &clone);
    let shallow = GitRepository::discover(&sample.folder.path().join("shallow")).unwrap();
    let tip = shallow.commit("develop").unwrap().sha;
    let old = sample.sha("v1.3.2");
    let error = shallow.changes(&old, &tip, 9).unwrap_err();
    assert!(matches!(&error, GitError::Shallow(sha) if *sha == old), "{error}");
    let error = shallow.contains(&tip, &old).unwrap_err();
    assert!(matches!(&error, GitError::Shallow(_)), "{error}");
}

/// A repository of empty commits, each with the numbers of its parents and its time in days.
fn drawn(commits: &[(Vec<usize>, i64)]) -> (tempfile::TempDir, GitRepository, Vec<CommitSha>) {
    let folder = tempfile::tempdir().unwrap();
    let git = git2::Repository::init(folder.path()).unwrap();
    let tree = git
        .find_tree(git.treebuilder(None).unwrap().write().unwrap())
        .unwrap();
    let mut ids: Vec<git2::Oid> = Vec::new();
    for (nth, (parents, day)) in commits.iter().enumerate() {
        let time = git2::Time::new(1_700_000_000 + day * 86_400, 0);
        let who = git2::Signature::new("Ana Ruiz", "ana@example.com", &time).unwrap();
        let parents: HashSet<_> = parents.iter().filter(|parent| **parent < nth).collect();
        let parents: Vec<_> = parents
            .into_iter()
            .map(|parent| git.find_commit(ids[*parent]).unwrap())
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        ids.push(
            git.commit(None, &who, &who, &format!("{nth}"), &tree, &parents)
                .unwrap(),
        );
    }
    let shas = ids.iter().map(|id| id.to_string().parse().unwrap()).collect();
    let repository = GitRepository::discover(folder.path()).unwrap();
    (folder, repository, shas)
}

fn past(commits: &[(Vec<usize>, i64)], tip: usize) -> HashSet<usize> {
    let mut past = HashSet::from([tip]);
    let mut open = vec![tip];
    while let Some(nth) = open.pop() {
        for parent in commits[nth].0.iter().filter(|parent| **parent < nth) {
            if past.insert(*parent) {
                open.push(*parent);
            }
        }
    }
    past
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pasts_are_told_apart_whatever_the_graph_and_the_clocks(
        commits in proptest::collection::vec((proptest::collection::vec(0..24_usize, 0..3), 0..400_i64), 2..24),
    ) {
        let (_folder, repository, shas) = drawn(&commits);
        for (nth, sha) in shas.iter().enumerate() {
            let past = past(&commits, nth);
            let fixes: Vec<_> = shas.iter().map(|head| Fix { head: head.clone(), base: None }).collect();
            let reached = repository.reach(&fixes, sha).unwrap();
            for (other, reached) in reached.iter().enumerate() {
                prop_assert_eq!(*reached == Reach::Ancestor, past.contains(&other), "{} in {}", other, nth);
            }
        }
    }

    #[test]
    fn what_lies_between_is_what_one_past_has_and_the_other_lacks(
        parents in proptest::collection::vec(proptest::collection::vec(0..24_usize, 0..3), 2..24),
        wrong in proptest::collection::vec(-3..3_i64, 24),
    ) {
        // Clocks that are wrong by days.
        let drawn_at = |(nth, (parents, wrong)): (usize, (Vec<usize>, i64))| (parents, i64::try_from(nth).unwrap() + wrong);
        let commits: Vec<_> = parents.into_iter().zip(wrong).enumerate().map(drawn_at).collect();
        let (_folder, repository, shas) = drawn(&commits);
        for (from, old) in shas.iter().enumerate() {
            let to = shas.len() - 1;
            let (changes, count) = repository.changes(old, &shas[to], usize::MAX).unwrap();
            let found: HashSet<_> = changes.iter().map(|change| change.message.trim().parse::<usize>().unwrap()).collect();
            let old = past(&commits, from);
            let expected: HashSet<_> = past(&commits, to).difference(&old).copied().collect();
            prop_assert_eq!(found, expected, "from {}", from);
            prop_assert_eq!(count, changes.len());
        }
    }
}
