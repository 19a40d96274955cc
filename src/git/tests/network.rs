//! Remotes: looked at, pushed to, refusing, gone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::domain::Exit;

pub(super) fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_new_branch_is_pushed_and_nothing_of_the_user_changes() {
    let sample = Sample::new();
    std::fs::write(sample.work().join("staged"), "x").unwrap();
    sample.git(&["add", "staged"]);
    let (before, commit) = (sample.untouched(), sample.sha("develop~1"));
    let (remote, name) = (sample.remote(), branch("release/v1.4.0-sha-2b2e927"));
    assert_eq!(remote.branch_state(&name).await.unwrap(), BranchState::Free);
    let push = || remote.push_new(&name, &commit, access());
    assert_eq!(push().await.unwrap(), PushOutcome::Created);
    assert_eq!(push().await.unwrap(), PushOutcome::AlreadyThere);
    assert_eq!(
        remote.branch_state(&name).await.unwrap(),
        BranchState::At(commit.clone())
    );
    assert_eq!(sample.untouched(), before);
    // The tag on that commit is nobody's business here, whatever git is set to push along.
    assert_eq!(git(&sample.origin(), &["tag", "--list"]), "");
}

#[tokio::test]
async fn a_branch_that_someone_else_created_first_is_a_conflict_and_stays_where_it_is() {
    let sample = Sample::new();
    let (first, second) = (sample.sha("develop~1"), sample.sha("develop"));
    let (remote, name) = (sample.remote(), branch("release/v1.4.0"));
    // Looked at, it was free; then someone was faster. Moving it on would even be a fast-forward.
    assert_eq!(remote.branch_state(&name).await.unwrap(), BranchState::Free);
    git(&sample.origin(), &["branch", name.as_str(), first.as_str()]);
    let error = remote.push_new(&name, &second, access()).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict, "{error}");
    assert!(error.to_string().contains(first.short()), "{error}");
    assert_eq!(remote.branch_state(&name).await.unwrap(), BranchState::At(first));
}

#[tokio::test]
async fn a_branch_in_the_way_is_seen_before_the_push_and_refuses_it() {
    let sample = Sample::new();
    git(&sample.origin(), &["branch", "release", "develop"]);
    let (remote, commit) = (sample.remote(), sample.sha("develop"));
    let name = branch("release/v1.4.0");
    assert_eq!(
        remote.branch_state(&name).await.unwrap(),
        BranchState::Blocked("release".to_owned())
    );
    let error = remote.push_new(&name, &commit, access()).await.unwrap_err();
    assert!(matches!(error, GitError::Rejected { .. }), "{error}");
    git(&sample.origin(), &["branch", "-m", "release", "hotfix/a/b"]);
    assert_eq!(
        remote.branch_state(&branch("hotfix/a")).await.unwrap(),
        BranchState::Blocked("hotfix/a/b".to_owned())
    );
}

#[tokio::test]
async fn a_hook_that_refuses_is_quoted_and_leaves_nothing_behind() {
    let sample = Sample::new();
    let hook = sample.origin().join("hooks/pre-receive");
    script(&hook, "echo releases are closed until Monday >&2\nexit 1");
    let (remote, commit) = (sample.remote(), sample.sha("develop"));
    let name = branch("release/v1.4.0");
    let error = remote.push_new(&name, &commit, access()).await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("releases are closed until Monday"), "{told}");
    assert_eq!(remote.branch_state(&name).await.unwrap(), BranchState::Free);
}

#[tokio::test]
async fn a_remote_that_went_away_and_one_that_never_was_are_named() {
    let sample = Sample::new();
    let (remote, commit) = (sample.remote(), sample.sha("develop"));
    remote.ping().await.unwrap();
    std::fs::remove_dir_all(sample.origin()).unwrap();
    let error = remote.ping().await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
    let pushed = remote
        .push_new(&branch("release/v1.4.0"), &commit, access())
        .await;
    let error = pushed.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
    let error = sample.repository.remote("upstream").unwrap_err();
    assert!(matches!(error, GitError::NoRemote(_)), "{error}");
}

/// Lets the sample's remote be reached by `ssh`, which is a script.
fn by_ssh(sample: &Sample, ssh: &str) {
    let path = sample.folder.path().join("ssh");
    script(&path, ssh);
    sample.git(&["config", "core.sshCommand", path.to_str().unwrap()]);
    sample.git(&["remote", "set-url", "origin", "ssh://git@git.example.com/x"]);
}

#[tokio::test]
async fn whoever_may_not_come_in_is_told_so_in_the_words_of_ssh() {
    let sample = Sample::new();
    by_ssh(
        &sample,
        "echo 'git@git.example.com: Permission denied (publickey).' >&2\nexit 255",
    );
    let error = sample.remote().ping().await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotAuthorised);
    assert!(error.to_string().contains("(publickey)"), "{error}");
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_git_and_what_it_started() {
    let sample = Sample::new();
    let mark = |name: &str| sample.folder.path().join(name);
    let (began, whole) = (mark("pid"), mark("whole"));
    let ssh = format!(
        "echo $$ > '{}'; touch '{}'; cat > /dev/null; sleep 1000",
        began.display(),
        whole.display()
    );
    by_ssh(&sample, &ssh);
    let remote = sample.remote();
    let asking = tokio::spawn(async move { remote.ping().await });
    appears(&whole).await;
    let pid = std::fs::read_to_string(&began).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.exists());
    asking.abort();
    // Nobody may be there to take note of its end: then it stays as a zombie.
    let is_gone = || {
        let stat = std::fs::read_to_string(process.join("stat"));
        stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
    };
    until(is_gone).await;
}

/// Waits for a file; the test as a whole fails if it never comes.
async fn appears(path: &Path) {
    until(|| path.exists()).await;
}

async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, waiting).await.unwrap();
}

#[test]
fn git_works_on_the_folder_it_is_given_even_inside_a_hook() {
    let command = program::git(Path::new("/"));
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        assert!(command.get_envs().all(|(name, _)| name != variable), "{variable}");
    }
}

#[tokio::test]
async fn reads_run_no_hook_and_no_other_program_that_the_repository_names() {
    let sample = Sample::new();
    let hooks = sample.folder.path().join("hooks");
    std::fs::create_dir(&hooks).unwrap();
    let marker = sample.folder.path().join("it ran");
    for hook in [
        "reference-transaction",
        "pre-auto-gc",
        "post-index-change",
        "monitor",
    ] {
        script(&hooks.join(hook), &format!("touch '{}'", marker.display()));
    }
    let monitor = hooks.join("monitor");
    sample.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    sample.git(&["config", "core.fsmonitor", monitor.to_str().unwrap()]);
    sample.git(&["config", "gc.auto", "1"]);
    // Something that a fetch has to write.
    git(&sample.origin(), &["branch", "new", "develop"]);
    std::fs::remove_file(&marker).ok();

    sample.remote().view().await.unwrap();
    sample.remote().fetch(access()).await.unwrap();
    assert!(sample.repository.commit("origin/new").is_ok());
    assert!(!marker.exists());
}
