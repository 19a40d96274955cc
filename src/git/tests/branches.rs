//! Finding branches, and making one without touching anything else.

use proptest::prelude::*;

use super::*;
use crate::domain::Exit;

#[test]
fn a_branch_that_is_only_at_the_remote_is_found_there_and_a_missing_one_names_its_neighbours() {
    let sample = Sample::new();
    let tip = sample.sha("develop");
    let repository = &sample.repository;
    assert_eq!(
        repository.branch("develop", "origin").unwrap().found_as,
        "develop"
    );
    sample.git(&["checkout", "-q", "--detach"]);
    sample.git(&["branch", "-q", "-D", "develop"]);
    assert!(repository.is_detached() && repository.current_branch().is_none());
    let found = repository.branch("develop", "origin").unwrap();
    assert_eq!((found.found_as.as_str(), &found.commit), ("origin/develop", &tip));
    assert_eq!(
        repository.branches("origin").unwrap(),
        [("develop".to_owned(), tip)]
    );
    let error = repository.branch("develp", "origin").unwrap_err();
    assert!(error.to_string().contains("available: develop"), "{error}");
    assert_eq!(error.exit(), Exit::Usage);
}

#[test]
fn a_branch_that_is_ahead_at_the_remote_is_told_as_it_is_there_and_one_that_is_behind_is_not() {
    let sample = Sample::new();
    let (before, tip) = (sample.sha("develop~1"), sample.sha("develop"));
    let at = |reference: &str, commit: &str| sample.git(&["update-ref", reference, commit]);
    let found = || sample.repository.branch("work", "origin").unwrap();
    let listed = || {
        let all = sample.repository.branches("origin").unwrap();
        all.into_iter().find(|(name, _)| name == "work").unwrap().1
    };
    at("refs/heads/work", before.as_str());
    at("refs/remotes/origin/work", tip.as_str());
    assert_eq!(
        (found().commit, found().found_as.as_str()),
        (tip.clone(), "origin/work")
    );
    assert_eq!(listed(), tip);
    at("refs/heads/work", tip.as_str());
    at("refs/remotes/origin/work", before.as_str());
    assert_eq!((found().commit, found().found_as.as_str()), (tip.clone(), "work"));
    assert_eq!(listed(), tip);
    // Where both went on, nobody but the person can say which counts.
    sample.git(&["checkout", "-q", "--detach", before.as_str()]);
    sample.git(&["commit", "-q", "--allow-empty", "-m", "aside"]);
    at("refs/remotes/origin/work", "HEAD");
    assert_eq!(found().commit, tip);
    assert_eq!(listed(), tip);
}

#[test]
fn a_fetched_branch_need_not_be_called_by_its_remote() {
    let sample = Sample::new();
    let (tip, before) = (sample.sha("develop"), sample.sha("develop~2"));
    sample.git(&["checkout", "-q", "--detach"]);
    sample.git(&["branch", "-q", "-D", "develop"]);
    assert_eq!(sample.sha("develop"), tip);
    assert_eq!(sample.sha("develop~2"), before);
    // Where two remotes have it, the name says too little.
    sample.git(&["remote", "add", "fork", sample.origin().to_str().unwrap()]);
    sample.git(&["fetch", "-q", "fork"]);
    assert_eq!(
        sample.repository.commit("develop").unwrap_err().exit(),
        Exit::NotFound
    );
}

#[test]
fn branches_of_other_remotes_are_not_ours() {
    let sample = Sample::new();
    sample.git(&["update-ref", "refs/remotes/fork/release/v9.0.0", "develop"]);
    sample.git(&["update-ref", "refs/remotes/origin/release/v1.4.0", "develop"]);
    let all = sample.repository.branches("origin").unwrap();
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["develop", "release/v1.4.0"]);
}

#[test]
fn a_new_branch_touches_neither_the_index_nor_the_working_tree_nor_head() {
    let sample = Sample::new();
    std::fs::write(sample.work().join("staged"), "x").unwrap();
    sample.git(&["add", "staged"]);
    std::fs::write(sample.work().join("untracked"), "y").unwrap();
    let (before, commit) = (sample.untouched(), sample.sha("develop~1"));
    let name = branch("release/v1.4.0");
    let create = || sample.repository.create_branch(&name, &commit, access());
    assert!(create().unwrap());
    assert!(!create().unwrap(), "given again, there is nothing to do");
    assert_eq!(
        sample.repository.branch_state(&name).unwrap(),
        BranchState::At(commit.clone())
    );
    assert_eq!(sample.untouched(), before);
}

#[test]
fn a_branch_at_another_commit_and_one_in_the_way_are_left_alone() {
    let sample = Sample::new();
    let (tip, before) = (sample.sha("develop"), sample.sha("develop~1"));
    let repository = &sample.repository;
    sample.git(&["branch", "release/v1.4.0", "develop~1"]);
    let error = repository
        .create_branch(&branch("release/v1.4.0"), &tip, access())
        .unwrap_err();
    assert!(matches!(error, GitError::BranchTaken { .. }), "{error}");
    assert_eq!(sample.sha("release/v1.4.0"), before);
    for name in ["release", "release/v1.4.0/fix"] {
        let error = repository
            .create_branch(&branch(name), &tip, access())
            .unwrap_err();
        assert!(error.to_string().contains("beside release/v1.4.0"), "{error}");
        assert_eq!(error.exit(), Exit::Conflict);
    }
}

#[test]
fn a_worktree_has_the_branches_of_its_repository() {
    let sample = Sample::new();
    sample.git(&["worktree", "add", "-q", "--detach", "../tree"]);
    let tree = GitRepository::discover(&sample.folder.path().join("tree")).unwrap();
    assert!(tree.is_detached() && !sample.repository.is_detached());
    let commit = tree.commit("develop").unwrap().sha;
    let name = branch("release/v1.4.0");
    tree.create_branch(&name, &commit, access()).unwrap();
    assert_eq!(
        sample.repository.branch_state(&name).unwrap(),
        BranchState::At(commit)
    );
}

#[test]
fn only_a_branch_that_windlass_made_and_nobody_uses_is_taken_back() {
    let sample = Sample::new();
    let commit = sample.sha("develop");
    let (ours, theirs) = (branch("release/v1.4.0"), branch("release/v1.5.0"));
    let take_back = |name| {
        sample
            .repository
            .take_back_branch(name, &commit, access())
            .unwrap()
    };
    let exists = |name| sample.repository.branch_state(name).unwrap() != BranchState::Free;
    let create = || sample.repository.create_branch(&ours, &commit, access()).unwrap();

    sample.git(&["branch", theirs.as_str(), "develop"]);
    assert!(!take_back(&theirs) && exists(&theirs), "someone made it by hand");
    create();
    sample.git(&["checkout", "-q", ours.as_str()]);
    assert!(!take_back(&ours) && exists(&ours), "it is checked out");
    sample.git(&["commit", "-q", "--allow-empty", "-m", "fix: more"]);
    sample.git(&["checkout", "-q", "develop"]);
    assert!(!take_back(&ours) && exists(&ours), "it has moved on");
    sample.git(&["branch", "-q", "-D", ours.as_str()]);
    create();
    assert!(take_back(&ours) && !exists(&ours));
    assert!(!take_back(&ours), "there is nothing left to take back");
}

proptest! {
    #[test]
    fn whatever_passes_for_a_branch_name_passes_with_git(name in "[a-zA-Z@{}~^:.*/ -]{1,12}(\\.lock)?|\\PC{1,12}") {
        if name.parse::<BranchName>().is_ok() {
            prop_assert!(git2::Branch::name_is_valid(&name).unwrap());
        }
    }
}
