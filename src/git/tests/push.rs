//! Several references in one push: all of them move, or none does.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use super::network::script;
use super::*;
use crate::domain::{CommitSha, Exit};

/// What finishing a release pushes: `main` and `develop` move on, and there is a tag.
struct Finish {
    sample: Sample,
    old: [CommitSha; 2],
    new: [CommitSha; 2],
    tag: ObjectId,
}

impl Finish {
    fn new() -> Self {
        let sample = Sample::new();
        sample.git(&["branch", "main", "develop~1"]);
        sample.git(&["push", "-q", "origin", "main"]);
        let old = [sample.sha("main"), sample.sha("develop")];
        let new = [0, 1].map(|at: usize| next(&sample.work(), &old[at], "release: 1.4.0"));
        sample.git(&["tag", "-a", "-m", "1.4.0", "v1.4.0", new[0].as_str()]);
        let tag = sample.repository.tag("v1.4.0").unwrap().unwrap().object;
        Self {
            sample,
            old,
            new,
            tag,
        }
    }

    fn updates(&self) -> [RefUpdate; 3] {
        let advance = |name: &str, at: usize| {
            let (old, new) = (&self.old[at], &self.new[at]);
            RefUpdate::advance(format!("refs/heads/{name}"), old.into(), new.into())
        };
        [
            advance("main", 0),
            RefUpdate::create("refs/tags/v1.4.0", self.tag.clone()),
            advance("develop", 1),
        ]
    }

    async fn push(&self) -> Result<PushOutcome, GitError> {
        self.sample.remote().push(&self.updates(), access()).await
    }

    fn hook(&self, name: &str, text: &str) {
        script(&self.sample.origin().join("hooks").join(name), text);
    }

    /// The references of the remote, which are sound.
    fn there(&self) -> String {
        let origin = self.sample.origin();
        git(&origin, &["fsck", "--strict", "--no-dangling", "--no-progress"]);
        git(&origin, &["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    /// What the remote has if nothing of it was pushed, `develop` aside.
    fn untouched(&self, develop: &CommitSha) -> String {
        let main = &self.old[0];
        format!("refs/heads/develop {develop}\nrefs/heads/main {main}")
    }

    fn pushed(&self) -> String {
        let ([main, develop], tag) = (&self.new, &self.tag);
        format!("refs/heads/develop {develop}\nrefs/heads/main {main}\nrefs/tags/v1.4.0 {tag}")
    }
}

/// A commit that follows another one, in no branch.
fn next(folder: &Path, parent: &CommitSha, message: &str) -> CommitSha {
    let (parent, tree) = (parent.as_str(), format!("{parent}^{{tree}}"));
    let commit = git(folder, &["commit-tree", "-p", parent, "-m", message, &tree]);
    commit.parse().unwrap()
}

#[tokio::test]
async fn main_the_tag_and_develop_go_together_and_given_again_are_there() {
    let finish = Finish::new();
    let before = finish.sample.untouched();
    let branches = finish.sample.git(&["for-each-ref", "refs/heads", "refs/tags"]);
    assert_eq!(finish.push().await.unwrap(), PushOutcome::Created);
    assert_eq!(finish.there(), finish.pushed());
    assert_eq!(finish.push().await.unwrap(), PushOutcome::AlreadyThere);
    assert_eq!(finish.there(), finish.pushed());
    assert_eq!(finish.sample.untouched(), before);
    let after = finish.sample.git(&["for-each-ref", "refs/heads", "refs/tags"]);
    assert_eq!(after, branches, "nothing here moves");
}

#[tokio::test]
async fn what_is_there_of_a_push_already_does_not_stop_the_rest() {
    let finish = Finish::new();
    let [main, _, _] = finish.updates();
    finish.sample.remote().push(&[main], access()).await.unwrap();
    assert_eq!(finish.push().await.unwrap(), PushOutcome::Created);
    assert_eq!(finish.there(), finish.pushed());
}

#[tokio::test]
async fn a_push_of_nothing_pushes_nothing() {
    let finish = Finish::new();
    finish.sample.git(&["config", "push.default", "matching"]);
    finish.sample.git(&["commit", "-q", "--allow-empty", "-m", "wip"]);
    let pushed = finish.sample.remote().push(&[], access()).await;
    assert_eq!(pushed.unwrap(), PushOutcome::AlreadyThere);
    assert_eq!(finish.there(), finish.untouched(&finish.old[1]));
}

#[tokio::test]
async fn a_branch_that_moved_since_it_was_looked_at_stops_all_of_it_and_is_named() {
    let finish = Finish::new();
    let other = next(&finish.sample.origin(), &finish.old[1], "feat: faster");
    git(
        &finish.sample.origin(),
        &["update-ref", "refs/heads/develop", other.as_str()],
    );
    let error = finish.push().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    let told = format!(
        "develop on origin was at {} and is now at {}; nothing was pushed",
        finish.old[1].short(),
        other.short()
    );
    assert_eq!(error.to_string(), told);
    assert_eq!(finish.there(), finish.untouched(&other));
}

#[tokio::test]
async fn a_branch_that_moves_while_the_remote_takes_the_push_stops_all_of_it_too() {
    let finish = Finish::new();
    let other = next(&finish.sample.origin(), &finish.old[1], "feat: faster");
    // It runs when the remote has compared the leases, but has not yet moved anything.
    finish.hook("update", &format!("git update-ref refs/heads/develop {other}"));
    let error = finish.push().await.unwrap_err();
    assert!(
        matches!(&error, GitError::Moved { reference, .. } if reference == "develop"),
        "{error}"
    );
    assert_eq!(finish.there(), finish.untouched(&other));
}

#[tokio::test]
async fn a_branch_that_went_away_is_a_conflict() {
    let finish = Finish::new();
    git(&finish.sample.origin(), &["update-ref", "-d", "refs/heads/main"]);
    let error = finish.push().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    assert!(error.to_string().contains("and is now nowhere"), "{error}");
    let develop = &finish.old[1];
    assert_eq!(finish.there(), format!("refs/heads/develop {develop}"));
}

#[tokio::test]
async fn a_tag_that_the_remote_has_elsewhere_is_named_with_its_commit() {
    let finish = Finish::new();
    let origin = finish.sample.origin();
    git(&origin, &["tag", "-a", "-m", "another", "v1.4.0", "develop"]);
    let was = finish.there();
    let error = finish.push().await.unwrap_err();
    assert_eq!(error.exit(), Exit::Conflict);
    let told = format!(
        "tag v1.4.0 already exists on origin, on {}",
        finish.old[1].short()
    );
    assert_eq!(error.to_string(), told);
    assert_eq!(finish.there(), was);
}

#[tokio::test]
async fn a_hook_that_refuses_one_of_them_stops_all_of_them_and_is_quoted() {
    for reference in ["refs/heads/main", "refs/tags/v1.4.0", "refs/heads/develop"] {
        let finish = Finish::new();
        let text = format!("[ \"$1\" != {reference} ] || {{ echo '{reference} is closed' >&2; exit 1; }}");
        finish.hook("update", &text);
        let error = finish.push().await.unwrap_err();
        assert!(matches!(error, GitError::Rejected { .. }), "{error}");
        let told = error.to_string();
        assert!(
            told.starts_with("origin rejected the push of main, v1.4.0, develop: "),
            "{told}"
        );
        assert!(told.contains(&format!("{reference} is closed")), "{told}");
        assert_eq!(finish.there(), finish.untouched(&finish.old[1]));
    }
}

#[tokio::test]
async fn a_hook_that_refuses_the_whole_push_leaves_no_object_behind() {
    let finish = Finish::new();
    finish.hook("pre-receive", "echo 'ask Ana, \u{1b}[31mplease' >&2\nexit 1");
    let count = || git(&finish.sample.origin(), &["count-objects", "-v"]);
    let was = count();
    let error = finish.push().await.unwrap_err();
    assert!(error.to_string().ends_with(": ask Ana, please"), "{error}");
    assert_eq!(finish.there(), finish.untouched(&finish.old[1]));
    assert_eq!(count(), was);
}

#[tokio::test]
async fn a_hook_of_the_users_own_that_refuses_is_not_taken_for_the_remote() {
    let finish = Finish::new();
    let hook = finish.sample.work().join(".git/hooks/pre-push");
    script(&hook, "echo 'not on a Friday' >&2\nexit 1");
    let error = finish.push().await.unwrap_err();
    assert!(
        matches!(error, GitError::Program { action: "push", .. }),
        "{error}"
    );
    assert!(error.to_string().contains("not on a Friday"), "{error}");
    assert_eq!(finish.there(), finish.untouched(&finish.old[1]));
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_is_found_to_be_there() {
    let finish = Finish::new();
    finish.hook("post-receive", "kill -9 $PPID");
    assert_eq!(finish.push().await.unwrap(), PushOutcome::AlreadyThere);
    assert_eq!(finish.there(), finish.pushed());
}

#[tokio::test]
async fn a_remote_that_cannot_take_several_at_once_is_given_none_of_them() {
    let finish = Finish::new();
    git(
        &finish.sample.origin(),
        &["config", "receive.advertiseAtomic", "false"],
    );
    let error = finish.push().await.unwrap_err();
    assert!(matches!(error, GitError::Rejected { .. }), "{error}");
    assert!(error.to_string().contains("atomic"), "{error}");
    assert_eq!(finish.there(), finish.untouched(&finish.old[1]));
    // One alone needs no such thing.
    let [main, _, _] = finish.updates();
    let pushed = finish.sample.remote().push(&[main], access()).await;
    assert_eq!(pushed.unwrap(), PushOutcome::Created);
}

#[tokio::test]
async fn a_remote_that_goes_away_after_it_was_looked_at_is_out_of_reach() {
    let finish = Finish::new();
    let view = finish.sample.remote().view().await.unwrap();
    assert_eq!(view.branches["main"], finish.old[0]);
    std::fs::remove_dir_all(finish.sample.origin()).unwrap();
    let error = finish.push().await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_branch_is_deleted_only_from_where_it_was() {
    let finish = Finish::new();
    let (remote, sample) = (finish.sample.remote(), &finish.sample);
    sample.git(&["push", "-q", "origin", "main:refs/heads/release"]);
    let delete = |commit: &CommitSha| RefUpdate::delete("refs/heads/release", commit.into());
    let [stale, right] = [&finish.old[1], &finish.old[0]].map(delete);
    let error = remote.push(&[stale], access()).await.unwrap_err();
    assert!(matches!(error, GitError::Moved { .. }), "{error}");
    // With the others, and again when it is gone.
    let mut all = finish.updates().to_vec();
    all.push(right.clone());
    assert_eq!(remote.push(&all, access()).await.unwrap(), PushOutcome::Created);
    assert_eq!(finish.there(), finish.pushed());
    assert_eq!(
        remote.push(&all, access()).await.unwrap(),
        PushOutcome::AlreadyThere
    );
    let again = remote.push(std::slice::from_ref(&right), access()).await;
    assert_eq!(again.unwrap(), PushOutcome::AlreadyThere);
}

/// `git daemon` on a port of this machine, serving the folder of a sample; it ends with the test.
struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn serve(folder: &Path) -> Self {
        let program = Path::new(&git(folder, &["--exec-path"])).join("git-daemon");
        for _ in 0..20 {
            let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let mut command = Command::new(&program);
            command
                .args(["--reuseaddr", "--export-all", "--enable=receive-pack"])
                .args(["--listen=127.0.0.1", &format!("--port={port}")])
                .arg(format!("--base-path={}", folder.display()))
                .stdin(Stdio::null())
                .stderr(Stdio::null());
            let child = match command.spawn() {
                Ok(child) => child,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    panic!("this git came without {}, which belongs to it", program.display())
                }
                Err(error) => panic!("{error}"),
            };
            let mut daemon = Self { child, port };
            // Someone else may have taken the port in the meantime: then it ends.
            while daemon.child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return daemon;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        panic!("git daemon found no port");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn all_of_it_holds_over_the_network() {
    let finish = Finish::new();
    let daemon = Daemon::serve(finish.sample.folder.path());
    let address = format!("git://127.0.0.1:{}/origin.git", daemon.port);
    finish.sample.git(&["remote", "set-url", "origin", &address]);
    let remote = finish.sample.remote();
    assert_eq!(remote.view().await.unwrap().branches["develop"], finish.old[1]);
    finish.hook("pre-receive", "echo closed >&2\nexit 1");
    let error = finish.push().await.unwrap_err();
    assert!(error.to_string().ends_with(": closed"), "{error}");
    assert_eq!(finish.there(), finish.untouched(&finish.old[1]));
    std::fs::remove_file(finish.sample.origin().join("hooks/pre-receive")).unwrap();

    let other = next(&finish.sample.origin(), &finish.old[1], "feat: faster");
    let moved = |to: &CommitSha| {
        let to = ["update-ref", "refs/heads/develop", to.as_str()];
        git(&finish.sample.origin(), &to)
    };
    moved(&other);
    let error = finish.push().await.unwrap_err();
    assert!(matches!(error, GitError::Moved { .. }), "{error}");
    assert_eq!(finish.there(), finish.untouched(&other));
    moved(&finish.old[1]);

    assert_eq!(finish.push().await.unwrap(), PushOutcome::Created);
    assert_eq!(finish.there(), finish.pushed());
    assert_eq!(finish.push().await.unwrap(), PushOutcome::AlreadyThere);
    remote.fetch(access()).await.unwrap();
    let fetched = finish.sample.git(&["rev-parse", "refs/remotes/origin/main"]);
    assert_eq!(fetched, finish.new[0].as_str());

    drop(daemon);
    let error = remote.view().await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
    let error = finish.push().await.unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error}");
}
