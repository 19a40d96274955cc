use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::{Clean, Digest, RoleName};

const NOON: &str = "2026-11-27T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn subject() -> ApprovalSubject {
    ApprovalSubject {
        service: "payment-svc".parse().unwrap(),
        digest: Digest::of(b"image"),
        from: "stage".parse().unwrap(),
        to: "prod".parse().unwrap(),
        policy: Digest::of(b"policy"),
        evidence: vec![Digest::of(b"report")],
    }
}

fn trusted(name: &str, user: &str, roles: &[&str]) -> TrustedApprover {
    TrustedApprover {
        name: Clean::line(name),
        key: format!("keys/{user}.pub").into(),
        roles: roles.iter().map(|name| role(name)).collect(),
        emails: vec![format!("{user}@example.com")],
        users: vec![user.to_owned()],
        from: None,
        until: None,
    }
}

/// Two people of three, who are Ana, Bo (of QA) and Lia.
fn policy() -> ApprovalPolicy {
    ApprovalPolicy {
        required: 2,
        roles: BTreeMap::new(),
        exclude_author: false,
        exclude_promoter: false,
        max_age: None,
        trusted: vec![
            trusted("Ana Ruiz", "ana", &[]),
            trusted("Bo Ek", "bo", &["qa"]),
            trusted("Lia Chen", "lia", &[]),
        ],
    }
}

/// An approval that the `signer` made at eleven.
fn signed(signer: usize) -> SignedApproval {
    let approval = Approval::new(
        subject(),
        (None, None),
        Clean::line("x@desk"),
        at("2026-11-27T11:00:00Z"),
        None,
    );
    SignedApproval {
        statement: Digest::of(format!("{signer}").as_bytes()),
        subjects: vec![approval.digest.clone()],
        signer,
        approval: Some(approval),
    }
}

/// The same with something else in it.
fn with(signer: usize, change: impl FnOnce(&mut Approval)) -> SignedApproval {
    let mut one = signed(signer);
    change(one.approval.as_mut().unwrap());
    one
}

fn judged(policy: &ApprovalPolicy, found: &[SignedApproval]) -> Approvals {
    let subject = subject();
    let asked = Asked {
        subject: &subject,
        authors: &["ana@example.com".to_owned()],
        promoter: Some("lia"),
        now: at(NOON),
    };
    policy.judge(&asked, found)
}

fn said(policy: &ApprovalPolicy, found: &[SignedApproval]) -> String {
    let verdict = judged(policy, found).verdict();
    format!("{}: {}", verdict.word(), verdict.reason())
}

/// Why the approval of Bo does not count.
fn why(policy: &ApprovalPolicy, approval: SignedApproval) -> String {
    let mut judged = judged(policy, &[approval]);
    assert!(judged.approvers.is_empty(), "{judged:?}");
    judged.uncounted.remove(0).why
}

#[test]
fn so_many_people_as_are_required_have_to_approve() {
    assert_eq!(
        said(&policy(), &[]),
        "refused: 0 of 2 approvals; may approve: Ana Ruiz, Bo Ek, Lia Chen"
    );
    assert_eq!(
        said(&policy(), &[signed(0)]),
        "refused: 1 of 2 approvals (Ana Ruiz); may approve: Bo Ek, Lia Chen"
    );
    assert_eq!(
        said(&policy(), &[signed(0), signed(1)]),
        "allowed: approved by Ana Ruiz, Bo Ek (2 required)"
    );
}

#[test]
fn who_approves_twice_is_one_person_also_with_two_keys() {
    assert_eq!(judged(&policy(), &[signed(0), signed(0)]).missing(), 1);
    let mut policy = policy();
    policy.trusted.push(trusted("Ana Ruiz", "new", &[]));
    assert_eq!(judged(&policy, &[signed(0), signed(3)]).missing(), 1);
}

#[test]
fn whatever_an_approval_is_of_has_to_be_the_same_to_the_last_byte() {
    let other = || Digest::of(b"other");
    let policy = policy();
    let of_other = SignedApproval {
        subjects: vec![other()],
        ..signed(1)
    };
    assert!(why(&policy, of_other).starts_with("is of sha256:"));
    let of_two = SignedApproval {
        subjects: vec![subject().digest, other()],
        ..signed(1)
    };
    assert!(why(&policy, of_two).starts_with("is of sha256:"));
    let why = |change: fn(&mut Approval)| why(&policy, with(1, change));
    assert!(why(|approval| approval.digest = Digest::of(b"other")).starts_with("is of sha256:"));
    assert_eq!(
        why(|approval| approval.service = "other".parse().unwrap()),
        "is of other"
    );
    assert_eq!(
        why(|approval| approval.from = "dev".parse().unwrap()),
        "is of a promotion from dev"
    );
    assert_eq!(
        why(|approval| approval.policy = Digest::of(b"other")),
        "was made before the gates of prod changed"
    );
    let changed = "was made before the scan reports or records of the image changed";
    assert_eq!(why(|approval| approval.evidence.clear()), changed);
    assert_eq!(
        why(|approval| approval.evidence.push(Digest::of(b"other"))),
        changed
    );
    let not_understood = SignedApproval {
        approval: None,
        ..signed(1)
    };
    let judged = judged(&policy, &[not_understood]);
    assert_eq!(
        judged.uncounted[0].why,
        "is not understood by this version of windlass"
    );
}

#[test]
fn an_approval_for_another_environment_is_none_of_this_one() {
    let judged = judged(
        &policy(),
        &[with(0, |approval| approval.to = "stage".parse().unwrap())],
    );
    assert!(
        judged.approvers.is_empty() && judged.uncounted.is_empty(),
        "{judged:?}"
    );
}

#[test]
fn an_approval_ends_at_the_very_second_and_never_comes_from_the_future() {
    let policy = policy();
    let until = |time: &str| {
        let expires = Some(at(time));
        with(1, |approval| approval.expires = expires)
    };
    assert_eq!(judged(&policy, &[until("2026-11-27T12:00:01Z")]).missing(), 1);
    assert_eq!(why(&policy, until(NOON)), "expired on 2026-11-27 12:00 UTC");
    let of_an_hour = ApprovalPolicy {
        max_age: Some(SignedDuration::from_hours(1)),
        ..policy.clone()
    };
    assert_eq!(why(&of_an_hour, signed(1)), "expired on 2026-11-27 12:00 UTC");
    // The shorter of both counts.
    assert_eq!(
        why(&of_an_hour, until("2026-11-27T13:00:00Z")),
        "expired on 2026-11-27 12:00 UTC"
    );
    let made = |time: &str| {
        let time = at(time);
        with(1, |approval| approval.at = time)
    };
    assert_eq!(judged(&policy, &[made("2026-11-27T12:05:00Z")]).missing(), 1);
    assert_eq!(
        why(&policy, made("2026-11-27T12:05:01Z")),
        "is of 2026-11-27 12:05 UTC: a clock is wrong"
    );
}

#[test]
fn a_key_vouches_for_nothing_before_it_began_and_after_it_ended() {
    let mut policy = policy();
    policy.trusted[1].until = Some(at("2026-11-27T12:00:01Z"));
    policy.trusted[1].from = Some(at("2026-11-27T11:00:00Z"));
    assert_eq!(judged(&policy, &[signed(1)]).missing(), 1);
    // Whatever the time that the statement gives, which its signer chooses.
    policy.trusted[1].until = Some(at(NOON));
    assert_eq!(
        why(&policy, signed(1)),
        "is signed with a key that ended on 2026-11-27 12:00 UTC"
    );
    assert_eq!(
        judged(&policy, &[]).candidates.len(),
        2,
        "Bo cannot approve any more"
    );
    policy.trusted[1].until = None;
    policy.trusted[1].from = Some(at("2026-11-27T11:00:01Z"));
    assert_eq!(
        why(&policy, signed(1)),
        "is signed with a key that began on 2026-11-27 11:00 UTC"
    );
}

#[test]
fn a_role_is_filled_only_by_those_who_have_it() {
    let policy = ApprovalPolicy {
        required: 1,
        roles: BTreeMap::from([(role("qa"), 1)]),
        ..policy()
    };
    let as_qa = |signer| with(signer, |approval| approval.role = Some(role("qa")));
    assert_eq!(
        said(&policy, &[signed(0), signed(1)]),
        "refused: approved by Ana Ruiz, Bo Ek; missing: 1 as qa; may approve: Lia Chen"
    );
    assert_eq!(why(&policy, as_qa(0)), "is as qa, which they are not");
    let judged = judged(&policy, &[as_qa(1)]);
    assert_eq!(judged.verdict().reason(), "approved by Bo Ek as qa (1 required)");
    assert_eq!(judged.approvers[0].roles, BTreeSet::from([role("qa")]));
}

#[test]
fn who_wrote_the_commit_and_who_promotes_may_be_excluded() {
    let all = [signed(0), signed(1), signed(2)];
    assert_eq!(judged(&policy(), &all).approvers.len(), 3);
    let mut policy = policy();
    policy.exclude_author = true;
    policy.exclude_promoter = true;
    assert_eq!(
        said(&policy, &all),
        "refused: 1 of 2 approvals (Bo Ek); does not count: that of Ana Ruiz is by who wrote the commit, \
         that of Lia Chen is by who promotes"
    );
    // Another key of Ana's is hers as well, whatever stands beside it.
    policy.trusted.push(TrustedApprover {
        emails: Vec::new(),
        ..trusted("Ana Ruiz", "new", &[])
    });
    assert_eq!(
        judged(&policy, &[signed(3)]).uncounted[0].why,
        "is by who wrote the commit"
    );
    policy.trusted[0].emails = vec!["ANA@Example.com".to_owned()];
    assert_eq!(judged(&policy, &all).approvers.len(), 1, "addresses have no case");
}

#[test]
fn of_who_has_one_that_counts_the_others_are_not_told() {
    let old = with(0, |approval| approval.policy = Digest::of(b"before"));
    let judged = judged(&policy(), &[old, signed(0)]);
    assert_eq!((judged.missing(), judged.uncounted.len()), (1, 0));
}

#[test]
fn an_approval_with_a_field_that_is_not_known_is_not_understood() {
    let mut document = serde_json::to_value(signed(0).approval).unwrap();
    assert!(serde_json::from_value::<Approval>(document.clone()).is_ok());
    document["onlyIf"] = "the moon is full".into();
    assert!(serde_json::from_value::<Approval>(document).is_err());
    let text = serde_json::to_string(&signed(0).approval).unwrap();
    let twice = text.replacen('{', "{\"to\":\"stage\",", 1);
    assert!(serde_json::from_str::<Approval>(&twice).is_err(), "a field twice");
}
