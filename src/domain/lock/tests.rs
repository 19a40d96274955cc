use proptest::prelude::*;

use super::*;
use crate::domain::{BranchName, clean_line};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn subject(service: &str, part: &str) -> LockSubject {
    LockSubject::new(&service.parse().unwrap(), &part.parse().unwrap())
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn note() -> LockNote {
    let now = at("2026-11-25T08:04:33.5Z");
    LockNote::new(
        "ana",
        "desk",
        "0193fd1c1f9a2b3c0193fd1c1f9a2b3c",
        "promote to stage",
        now,
        HOUR,
    )
}

const TEXT: &str = "payment-svc in stage is locked by ana@desk until 2026-11-25T09:04:33Z\n\n\
    windlass-lock: 1\nowner: ana\nhost: desk\nrun: 0193fd1c1f9a2b3c0193fd1c1f9a2b3c\n\
    taken: 2026-11-25T08:04:33Z\nexpires: 2026-11-25T09:04:33Z\npurpose: promote to stage\n";

#[test]
fn a_note_is_a_line_for_people_and_its_values_and_reads_back() {
    assert_eq!(note().text(&subject("payment-svc", "stage")), TEXT);
    assert_eq!(LockNote::parse(TEXT), Some(note()));
    assert_eq!(note().holder(), "ana@desk, run 1f9a2b3c");
}

#[test]
fn what_windlass_would_not_have_written_is_no_note() {
    let changed = |from: &str, to: &str| TEXT.replace(from, to);
    for (text, why) in [
        (String::new(), "nothing"),
        ("fix: something\n\nbody".to_owned(), "a commit of somebody's"),
        (changed("windlass-lock: 1", "windlass-lock: 2"), "a later form"),
        (changed("windlass-lock: 1\n", ""), "no form"),
        (changed("owner: ana\n", ""), "no owner"),
        (changed("owner: ana", "owner: ana\nowner: omar"), "two owners"),
        (changed("owner: ana", "owner: "), "an empty owner"),
        (changed("owner: ana", "owner: a\u{1b}[2Jna"), "an escape sequence"),
        (
            changed("owner: ana", "owner: a\u{202e}na"),
            "text that runs backwards",
        ),
        (
            changed("purpose: ", "colour: red\npurpose: "),
            "a key that is not known",
        ),
        (
            changed("expires: 2026-11-25", "expires: someday"),
            "no time at all",
        ),
        (
            changed("expires: 2026-11-25", "expires: 2025-11-25"),
            "ends before it begins",
        ),
        (format!("{TEXT}{}", "x".repeat(1_000_000)), "longer than any note"),
        (changed("\n", "\r\n"), "line ends of another world"),
    ] {
        assert_eq!(LockNote::parse(&text), None, "{why}");
    }
}

#[test]
fn a_note_written_by_a_clock_in_another_zone_means_the_same_moment() {
    let tokyo = TEXT
        .replace("taken: 2026-11-25T08:04:33Z", "taken: 2026-11-25T17:04:33+09:00")
        .replace(
            "expires: 2026-11-25T09:04:33Z",
            "expires: 2026-11-25T01:04:33-08:00",
        );
    assert_eq!(LockNote::parse(&tokyo), Some(note()));
}

#[test]
fn a_lock_is_stale_only_when_no_sane_clock_could_doubt_it() {
    let stands = |text| note().standing(at(text));
    assert_eq!(stands("2026-11-25T08:00:00Z"), LockStanding::Held);
    assert_eq!(stands("2026-11-25T09:09:33Z"), LockStanding::Held);
    assert_eq!(
        stands("2026-11-25T18:09:34+09:00"),
        LockStanding::Stale {
            over: SignedDuration::from_secs(301)
        }
    );
}

#[test]
fn it_is_renewed_after_half_of_its_time_and_never_shortened() {
    let note = note();
    assert!(!note.is_half_gone(at("2026-11-25T08:34:33Z"), HOUR));
    assert!(note.is_half_gone(at("2026-11-25T08:34:34Z"), HOUR));
    let renewed = note.renewed(at("2026-11-25T08:40:00Z"), HOUR);
    assert_eq!(renewed.expires(), at("2026-11-25T09:40:00Z"));
    assert_eq!(renewed.taken(), note.taken());
    // A clock that was set back.
    let renewed = note.renewed(at("2026-11-25T07:00:00Z"), HOUR);
    assert_eq!(renewed.expires(), note.expires());
}

#[test]
fn a_lock_that_nobody_can_read_holds_and_is_never_stale() {
    let lock = HeldLock {
        subject: subject("a", "releases"),
        note: None,
    };
    assert_eq!(lock.standing(Timestamp::MAX), LockStanding::Held);
    assert_eq!(lock.holder(), "an unknown owner");
    assert!(
        lock.words(at("2026-11-25T09:00:00Z"))
            .contains("refs/windlass/locks/_/releases")
    );
}

#[test]
fn a_lock_is_told_with_owner_and_times() {
    let lock = HeldLock {
        subject: subject("a", "stage"),
        note: Some(note()),
    };
    assert_eq!(
        lock.words(at("2026-11-25T09:00:00Z")),
        "held by ana@desk, run 1f9a2b3c (promote to stage) since 2026-11-25 08:04:33 UTC, until 2026-11-25 09:04:33 UTC"
    );
    assert_eq!(
        lock.words(at("2026-11-25T11:04:33Z")),
        "stale: acquired by ana@desk, run 1f9a2b3c (promote to stage) 2026-11-25 08:04:33 UTC, expired 2h ago"
    );
}

#[test]
fn releases_are_locked_for_all_services_of_a_repository_at_once() {
    let releases = subject("a", "releases");
    assert_eq!(releases, subject("b", "releases"));
    assert_eq!(releases.reference(), "refs/windlass/locks/_/releases");
    assert_eq!(LockSubject::of_reference(&releases.reference()), Some(releases));
}

#[test]
fn every_environment_of_a_service_has_a_ref_of_its_own() {
    let reference = |service, part| subject(service, part).reference();
    assert_eq!(
        reference("payment-svc", "stage"),
        "refs/windlass/locks/payment-svc/stage"
    );
    assert_eq!(
        reference("x.lock", "y.lock"),
        "refs/windlass/locks/x.lock_/y.lock_"
    );
    for stranger in [
        "refs/heads/a",
        "refs/windlass/locks/a",
        "refs/windlass/locks/a/b/c",
        "refs/windlass/locks/_/stage",
        "refs/windlass/locks/a/b_",
        "refs/windlass/locks/a/\u{202e}",
    ] {
        assert_eq!(LockSubject::of_reference(stranger), None, "{stranger}");
    }
}

proptest! {
    #[test]
    fn a_lock_has_a_name_that_git_takes_and_that_reads_back(
        service in "[a-z0-9]([a-z0-9._-]{0,9}[a-z0-9])?(\\.lock)?",
        part in "[a-z0-9]([a-z0-9._-]{0,9}[a-z0-9])?(\\.lock)?|releases",
    ) {
        prop_assume!(!service.contains("..") && !part.contains(".."));
        let lock = subject(&service, &part);
        let reference = lock.reference();
        prop_assert!(reference.strip_prefix("refs/").unwrap().parse::<BranchName>().is_ok(), "{}", reference);
        prop_assert_eq!(LockSubject::of_reference(&reference), Some(lock));
    }

    #[test]
    fn whatever_a_user_is_called_the_note_reads_back(owner in ".{0,400}", purpose in "(?s).{0,400}") {
        let note = LockNote::new(&owner, "desk", "1f9a2b3c", &purpose, at("2026-11-25T08:00:00Z"), HOUR);
        prop_assert_eq!(LockNote::parse(&note.text(&subject("a", "b"))), Some(note));
    }

    #[test]
    fn no_message_makes_the_reader_panic_or_tell_something_harmful(message in "(?s).{0,300}") {
        if let Some(note) = LockNote::parse(&message) {
            prop_assert_eq!(clean_line(&note.holder()), note.holder());
        }
    }
}
