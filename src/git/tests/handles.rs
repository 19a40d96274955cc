//! Reads at the same time.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;

/// How long a read waits for what it needs; no test that passes waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_slow_read_does_not_delay_another() {
    let sample = Sample::new();
    let repository = &sample.repository;
    let (begun, has_begun) = mpsc::channel();
    let (answered, has_answered) = mpsc::channel();
    thread::scope(|scope| {
        let slow = scope.spawn(move || {
            repository.with(|_| {
                begun.send(()).unwrap();
                Ok(has_answered.recv_timeout(PATIENCE).is_ok())
            })
        });
        has_begun.recv_timeout(PATIENCE).unwrap();
        let found = repository.commit("develop").unwrap();
        answered.send(()).unwrap();
        assert!(slow.join().unwrap().unwrap(), "the other waited for it");
        assert_eq!(found.sha, sample.sha("develop"));
    });
}

#[test]
fn more_reads_than_handles_wait_for_each_other_and_all_are_answered() {
    let sample = Sample::new();
    let repository = &sample.repository;
    let read = || (0..20).all(|_| repository.commit("develop").is_ok());
    thread::scope(|scope| {
        let all: Vec<_> = (0..16).map(|_| scope.spawn(read)).collect();
        assert!(all.into_iter().all(|one| one.join().unwrap()));
    });
}

#[test]
fn what_was_written_by_one_handle_is_read_by_every_other() {
    let sample = Sample::new();
    let repository = &sample.repository;
    let develop = sample.sha("develop");
    thread::scope(|scope| {
        let (begun, has_begun) = mpsc::channel();
        let (written, was_written) = mpsc::channel();
        let other = scope.spawn(move || {
            repository.with(|git| {
                // It has looked for the branch already, and looks again once it was made.
                let before = git.find_reference("refs/heads/made").is_ok();
                begun.send(()).unwrap();
                was_written.recv_timeout(PATIENCE).unwrap();
                Ok((before, git.find_reference("refs/heads/made").is_ok()))
            })
        });
        has_begun.recv_timeout(PATIENCE).unwrap();
        repository
            .create_branch(&branch("made"), &develop, access())
            .unwrap();
        written.send(()).unwrap();
        assert_eq!(other.join().unwrap().unwrap(), (false, true));
    });
}
