//! Commits, histories and what lies in a past.

use super::*;
use crate::domain::Exit;

#[test]
fn the_history_comes_in_pages_newest_first() {
    let sample = Sample::new();
    let mut history = sample.repository.history("develop", "origin").unwrap();
    let page = history.next_page(&sample.repository, 2).unwrap();
    let subjects: Vec<_> = page.iter().map(|commit| commit.subject.as_str()).collect();
    assert_eq!(subjects, ["feat: two", "fix: one"]);
    assert!(!history.is_at_end());
    assert_eq!(history.next_page(&sample.repository, 2).unwrap().len(), 1);
    assert!(history.is_at_end());
}

#[test]
fn the_history_follows_what_came_into_the_branch_not_what_was_merged_with_it() {
    let sample = Sample::new();
    sample.git(&["checkout", "-q", "-b", "feature"]);
    sample.git(&["commit", "-q", "--allow-empty", "-m", "wip"]);
    sample.git(&["checkout", "-q", "develop"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "feat: three", "feature"]);
    let mut history = sample.repository.history("develop", "origin").unwrap();
    let page = history.next_page(&sample.repository, 9).unwrap();
    let subjects: Vec<_> = page.iter().map(|commit| commit.subject.as_str()).collect();
    assert_eq!(subjects, ["feat: three", "feat: two", "fix: one", "feat: begin"]);
}

#[test]
fn a_history_that_is_broken_is_not_taken_for_its_end() {
    let sample = Sample::new();
    let lost = sample.sha("develop~1");
    let (folder, file) = lost.as_str().split_at(2);
    std::fs::remove_file(sample.work().join(".git/objects").join(folder).join(file)).unwrap();
    let repository = GitRepository::discover(&sample.work()).unwrap();
    let mut history = repository.history("develop", "origin").unwrap();
    let error = history.next_page(&repository, 9).unwrap_err();
    assert!(
        matches!(&error, GitError::Unreadable(sha) if *sha == lost),
        "{error}"
    );
}

#[test]
fn the_last_release_and_what_came_since() {
    let sample = Sample::new();
    // Neither a higher version beside this past nor a tag on a file is the last release.
    sample.git(&["checkout", "-q", "-b", "aside", "v1.3.2"]);
    sample.git(&["commit", "-q", "--allow-empty", "-m", "feat: aside"]);
    sample.git(&["tag", "-a", "-m", "2.0.0", "v2.0.0"]);
    std::fs::write(sample.work().join("file"), "x").unwrap();
    let file = sample.git(&["hash-object", "-w", "file"]);
    sample.git(&["tag", "v3.0.0", &file]);
    let (tip, aside) = (sample.sha("develop"), sample.sha("aside"));
    let repository = &sample.repository;
    let (version, at) = repository
        .last_release_among(&tip, &sample.released())
        .unwrap()
        .unwrap();
    assert_eq!(version.to_string(), "1.3.2");
    let (changes, all) = repository.changes(&at, &tip, usize::MAX).unwrap();
    assert_eq!(all, 1);
    assert_eq!(changes[0].message, "feat: two\n\nmore of it\n");
    assert!(repository.contains(&tip, &at).unwrap() && repository.contains(&tip, &tip).unwrap());
    assert!(!repository.contains(&tip, &aside).unwrap());
    let (version, _) = repository
        .last_release_among(&aside, &sample.released())
        .unwrap()
        .unwrap();
    assert_eq!(version.to_string(), "2.0.0");
}

#[test]
fn a_release_whose_tag_is_on_the_merge_into_main_is_in_the_past_of_what_was_merged() {
    let sample = Sample::new();
    sample.git(&["checkout", "-q", "-b", "release/v1.4.0", "develop~1"]);
    sample.git(&["commit", "-q", "--allow-empty", "-m", "fix: three"]);
    sample.git(&["checkout", "-q", "-b", "main", "v1.3.2"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "release", "release/v1.4.0"]);
    sample.git(&["tag", "-a", "-m", "1.4.0", "v1.4.0"]);
    let last = |text: &str| {
        let last = sample
            .repository
            .last_release_among(&sample.sha(text), &sample.released())
            .unwrap();
        let (version, at) = last.unwrap();
        (version.to_string(), at)
    };
    assert_eq!(last("main"), ("1.4.0".to_owned(), sample.sha("main")));
    assert_eq!(last("develop"), ("1.3.2".to_owned(), sample.sha("v1.3.2")));
    sample.git(&["checkout", "-q", "develop"]);
    sample.git(&["merge", "-q", "--no-ff", "-m", "back", "release/v1.4.0"]);
    let merged = sample.sha("release/v1.4.0");
    assert_eq!(last("develop"), ("1.4.0".to_owned(), merged));
}

#[test]
fn a_folder_without_a_repository_and_an_unborn_one_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    // Where the temporary folders lie in a repository themselves, there is nothing to be found out.
    if git2::Repository::discover(folder.path()).is_err() {
        let error = GitRepository::discover(folder.path()).err().unwrap();
        assert!(error.is_no_repository(), "{error}");
    }
    git(folder.path(), &["init", "-q", "-b", "any-name"]);
    let unborn = GitRepository::discover(folder.path()).unwrap();
    let error = unborn.branch("develop", "origin").unwrap_err();
    assert!(matches!(error, GitError::Unborn), "{error}");
}

#[test]
fn a_bare_and_a_shallow_repository_can_be_read() {
    let sample = Sample::new();
    let bare = GitRepository::discover(&sample.origin()).unwrap();
    assert!(bare.is_bare());
    assert_eq!(bare.commit("develop").unwrap().subject.as_str(), "feat: two");
    let url = format!("file://{}", sample.origin().display());
    let clone = ["clone", "-q", "--depth", "1", "-b", "develop", &url, "shallow"];
    git(sample.folder.path(), &clone);
    let shallow = GitRepository::discover(&sample.folder.path().join("shallow")).unwrap();
    assert!(shallow.is_shallow());
    let mut history = shallow.history("develop", "origin").unwrap();
    assert_eq!(history.next_page(&shallow, 10).unwrap().len(), 1);
    assert!(history.is_at_end());
    let error = shallow.commit("v1.3.2").unwrap_err();
    assert!(error.to_string().contains("shallow"), "{error}");
    assert_eq!(error.exit(), Exit::NotFound);
}

#[test]
fn hostile_messages_and_invalid_utf8_are_made_harmless() {
    let sample = Sample::new();
    std::fs::write(
        sample.work().join("message"),
        b"fix: \x1b]0;owned\x07caf\xe9 \xe2\x80\xaegnp\n",
    )
    .unwrap();
    let encoding = "i18n.commitEncoding=x";
    sample.git(&["-c", encoding, "commit", "-q", "--allow-empty", "-F", "message"]);
    let commit = sample.repository.commit("develop").unwrap();
    assert_eq!(commit.subject.as_str(), "fix: caf\u{fffd} gnp");
    let message = sample.repository.message(&commit.sha).unwrap();
    assert_eq!(message, "fix: caf\u{fffd} gnp\n");
}

/// A commit whose name is known beforehand: the first seven characters of numbers 26827 and 30571 are the same, and those
/// of number 17873 are also those of the file that holds `5937`.
fn commit_number(sample: &Sample, number: u32) -> String {
    let git = git2::Repository::open(sample.work()).unwrap();
    let tree = git.treebuilder(None).unwrap().write().unwrap();
    let who =
        git2::Signature::new("Ana Ruiz", "ana@example.com", &git2::Time::new(1_700_000_000, 0)).unwrap();
    let (tree, message) = (git.find_tree(tree).unwrap(), format!("fix: {number}\n"));
    git.commit(None, &who, &who, &message, &tree, &[])
        .unwrap()
        .to_string()
}

#[test]
fn a_short_name_that_only_a_file_has_too_is_no_obstacle() {
    let sample = Sample::new();
    let sha = commit_number(&sample, 17873);
    std::fs::write(sample.work().join("file"), "5937\n").unwrap();
    let file = sample.git(&["hash-object", "-w", "file"]);
    assert_eq!(file[..7], sha[..7]);
    let repository = GitRepository::discover(&sample.work()).unwrap();
    let found = repository.commit(&sha[..7]).unwrap();
    assert_eq!(found.sha.as_str(), sha);
    assert!(repository.short_is_unique(&found.sha).unwrap());
}

#[test]
fn a_short_name_of_two_commits_is_not_unique_and_both_are_named() {
    let sample = Sample::new();
    let (first, second) = (commit_number(&sample, 26827), commit_number(&sample, 30571));
    let repository = GitRepository::discover(&sample.work()).unwrap();
    assert!(!repository.short_is_unique(&first.parse().unwrap()).unwrap());
    assert!(repository.short_is_unique(&sample.sha("develop")).unwrap());
    let error = repository.commit(&first[..7]).unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains(&first[..12]) && told.contains(&second[..12]),
        "{told}"
    );
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn a_branch_of_the_same_name_does_not_hide_that_a_short_name_has_two_commits() {
    let sample = Sample::new();
    let first = commit_number(&sample, 26827);
    commit_number(&sample, 30571);
    sample.git(&["branch", &first[..7], "develop"]);
    let repository = GitRepository::discover(&sample.work()).unwrap();
    assert!(!repository.short_is_unique(&first.parse().unwrap()).unwrap());
}

#[test]
fn a_commit_in_an_older_encoding_is_decoded() {
    let sample = Sample::new();
    let tree = sample.git(&["rev-parse", "develop^{tree}"]);
    let mut text = format!("tree {tree}\nauthor J").into_bytes();
    text.extend(
        b"\xfcrgen <j@example.com> 1700000000 +0000\ncommitter J\xfcrgen <j@example.com> 1700000000 +0000\n",
    );
    text.extend(b"encoding ISO-8859-1\n\nfix: Gr\xf6\xdfe\n");
    let file = sample.folder.path().join("commit");
    std::fs::write(&file, text).unwrap();
    let sha = sample.git(&["hash-object", "-w", "-t", "commit", file.to_str().unwrap()]);
    let commit = sample.repository.commit(&sha).unwrap();
    assert_eq!(commit.author.as_str(), "Jürgen");
    assert_eq!(commit.subject.as_str(), "fix: Größe");
    assert_eq!(sample.repository.message(&commit.sha).unwrap(), "fix: Größe\n");
}

#[test]
fn what_a_partial_clone_leaves_out_is_named_with_the_command_that_brings_it() {
    let sample = Sample::new();
    std::fs::write(sample.work().join("file"), "text\n").unwrap();
    sample.git(&["add", "-A"]);
    sample.git(&["commit", "-q", "-m", "feat: a file"]);
    sample.git(&["push", "-q", "origin", "develop"]);
    git(&sample.origin(), &["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", sample.origin().display());
    let clone = ["clone", "-q", "--bare", "--filter=tree:0", &url, "partial"];
    git(sample.folder.path(), &clone);
    let partial = GitRepository::discover(&sample.folder.path().join("partial")).unwrap();
    let head = partial.commit("develop").unwrap().sha;
    let before = partial.commit("develop~1").unwrap().sha;
    let error = partial.files(&before, &head, &[]).unwrap_err();
    assert!(matches!(error, GitError::Partial { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("--refetch"), "{error}");
}

#[test]
fn a_form_of_repository_that_is_not_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "--object-format=sha256", "."]);
    let error = GitRepository::discover(folder.path()).err().unwrap();
    assert!(error.to_string().contains("SHA-256"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q", "."]);
    // As a newer git than ours writes it.
    let config = folder.path().join(".git/config");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
    std::fs::write(&config, text + "[extensions]\n\trefStorage = reftable\n").unwrap();
    let error = GitRepository::discover(folder.path()).err().unwrap();
    assert!(error.to_string().contains("reftable"), "{error}");
    assert!(error.hint().unwrap().contains("git refs migrate"), "{error}");
}

#[test]
fn who_wrote_a_commit_is_its_author_and_whom_its_message_names() {
    let sample = Sample::new();
    let message = "feat: pair\n\nCo-authored-by: Lia Chen <lia@example.com>\nco-authored-by: nobody\nSigned-off-by: Eve <eve@example.com>";
    sample.git(&["commit", "-q", "--allow-empty", "-m", message]);
    let found = sample.repository.addresses(&sample.sha("develop")).unwrap();
    assert_eq!(found, ["ana@example.com", "lia@example.com"]);
}
