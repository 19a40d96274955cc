use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::network::script;
use super::*;
use crate::domain::{LockNote, LockSubject};

fn stage() -> LockSubject {
    LockSubject::Environment("payment-svc".parse().unwrap(), "stage".parse().unwrap())
}

fn note(owner: &str) -> LockNote {
    let hour = SignedDuration::from_hours(1);
    LockNote::new(
        owner,
        "desk",
        "1f9a2b3c",
        "promote to stage",
        Timestamp::now(),
        hour,
    )
}

/// Another clone of the sample's remote: another machine.
fn clone(sample: &Sample, name: &str) -> Arc<GitRepository> {
    git(sample.folder.path(), &["clone", "-q", "origin.git", name]);
    Arc::new(GitRepository::discover(&sample.folder.path().join(name)).unwrap())
}

#[tokio::test]
async fn the_second_learns_who_has_the_lock_and_gets_it_when_it_is_given_back() {
    let sample = Sample::new();
    let before = sample.untouched();
    let (ana, omar) = (&sample.repository, clone(&sample, "omar"));
    let (here, there) = (sample.remote(), omar.remote("origin").unwrap());
    assert_eq!(there.lock(&stage(), &omar).await.unwrap(), None);
    let first = ana.write_lock(&stage(), &note("ana"), access()).unwrap();
    here.take_lock(&stage(), &first, None, access()).await.unwrap();
    let second = omar.write_lock(&stage(), &note("omar"), access()).unwrap();
    let subject = stage();
    let take = || there.take_lock(&subject, &second, None, access());
    let refused = take().await.unwrap_err();
    assert!(matches!(refused, GitError::Moved { .. }), "{refused}");
    let found = there.lock(&stage(), &omar).await.unwrap().unwrap();
    assert_eq!(found.object, first);
    assert_eq!(found.lock.note.unwrap().owner(), "ana");
    // One cannot take away what the other has, nor what is gone.
    let taken = there.remove_lock(&stage(), &second, access()).await;
    assert!(matches!(taken, Err(GitError::Moved { .. })), "{taken:?}");
    assert!(here.remove_lock(&stage(), &first, access()).await.unwrap());
    assert!(!here.remove_lock(&stage(), &first, access()).await.unwrap());
    take().await.unwrap();
    // Neither a ref nor FETCH_HEAD nor anything a person sees is left behind on either machine.
    assert_eq!(sample.untouched(), before);
    let omar = sample.folder.path().join("omar");
    assert_eq!(
        git(&omar, &["for-each-ref", "--format=%(refname)", "refs/windlass"]),
        ""
    );
    assert!(!omar.join(".git/FETCH_HEAD").exists());
}

#[tokio::test]
async fn of_many_who_create_the_same_lock_at_once_exactly_one_has_it() {
    let sample = Sample::new();
    let mut racing = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let repository = clone(&sample, name);
        let object = repository.write_lock(&stage(), &note(name), access()).unwrap();
        let remote = repository.remote("origin").unwrap();
        racing.push(tokio::spawn(async move {
            let taken = remote.take_lock(&stage(), &object, None, access()).await;
            (object, taken)
        }));
    }
    let mut winners = Vec::new();
    for racer in racing {
        match racer.await.unwrap() {
            (object, Ok(())) => winners.push(object),
            (_, Err(GitError::Moved { .. })) => {}
            (_, Err(other)) => panic!("{other}"),
        }
    }
    assert_eq!(winners.len(), 1);
    let there = git(&sample.origin(), &["rev-parse", &stage().reference()]);
    assert_eq!(there, winners[0].as_str());
}

#[tokio::test]
async fn whatever_lies_where_a_lock_should_be_holds_and_does_no_harm() {
    let sample = Sample::new();
    let (work, origin) = (sample.work(), sample.origin());
    let repository = clone(&sample, "omar");
    let remote = repository.remote("origin").unwrap();
    let tree = git(&work, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let commit = |message: &str| {
        let file = sample.folder.path().join("message");
        std::fs::write(&file, message).unwrap();
        git(&work, &["commit-tree", &tree, "-F", file.to_str().unwrap()])
    };
    let good = note("ana").text(&stage());
    let blob = git(&work, &["hash-object", "-w", ".git/HEAD"]);
    for (object, what) in [
        (
            commit(&good.replace("owner: ana", "owner: \u{1b}]0;x\u{7}ana")),
            "an escape sequence",
        ),
        (
            commit(&good.replace("owner: ana", "owner: \u{202e}ana")),
            "backwards",
        ),
        (
            commit(&format!("{good}{}", "purpose: x\n".repeat(100_000))),
            "a megabyte",
        ),
        (blob, "no commit"),
        (
            sample.sha("develop").as_str().to_owned(),
            "a commit of somebody's",
        ),
    ] {
        let refspec = format!("+{object}:{}", stage().reference());
        git(&work, &["push", "-q", "origin", &refspec]);
        let found = remote.lock(&stage(), &repository).await.unwrap().unwrap();
        assert_eq!(found.lock.note, None, "{what}");
        assert_eq!(found.lock.holder(), "an unknown owner");
        let mine = repository.write_lock(&stage(), &note("omar"), access()).unwrap();
        let taken = remote.take_lock(&stage(), &mine, None, access()).await;
        assert!(matches!(taken, Err(GitError::Moved { .. })), "{what}");
    }
    // What merely lies beside the locks is none.
    git(&origin, &["update-ref", "refs/windlass/locks/a/b/c", "develop"]);
    assert_eq!(remote.locks(&repository).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_hooks_of_the_user_are_not_asked_about_locks_and_their_name_is_not_needed() {
    let sample = Sample::new();
    let hook = sample.work().join(".git/hooks/pre-push");
    script(&hook, "echo tests fail >&2; exit 1");
    let object = sample
        .repository
        .write_lock(&stage(), &note("ana"), access())
        .unwrap();
    let author = sample.git(&["log", "-1", "--format=%an %cn %T", object.as_str()]);
    assert_eq!(
        author,
        "windlass windlass 4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    );
    let remote = sample.remote();
    remote.take_lock(&stage(), &object, None, access()).await.unwrap();
    let pushed = remote
        .push_new(&branch("release/v1"), &sample.sha("develop"), access())
        .await;
    assert!(pushed.is_err());
}

#[tokio::test]
async fn a_remote_that_takes_no_such_refs_says_so_in_its_words() {
    let sample = Sample::new();
    let hook = sample.origin().join("hooks/pre-receive");
    script(&hook, "echo only branches and tags >&2; exit 1");
    let object = sample
        .repository
        .write_lock(&stage(), &note("ana"), access())
        .unwrap();
    let taken = sample.remote().take_lock(&stage(), &object, None, access()).await;
    let refused = taken.unwrap_err();
    assert!(
        matches!(&refused, GitError::Rejected { why, .. } if why == "only branches and tags"),
        "{refused}"
    );
}
