//! Pull requests, of which there is never a second one.

use std::time::Duration;

use serde_json::json;
use windlass::domain::WriteAccess;
use windlass::github::{GitHubError, NewPullRequest, PullRequestState};

use super::fake::{Fake, Fault};
use super::{github, named};

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

fn new(head: &str, base: &str) -> NewPullRequest {
    NewPullRequest {
        head: head.to_owned(),
        base: base.to_owned(),
        title: format!("Merge {head} into {base}"),
        body: "What is in it.".to_owned(),
    }
}

#[tokio::test]
async fn one_that_is_open_is_used_again_and_one_that_is_done_is_not() {
    let fake = Fake::start().await;
    let github = github(&fake);
    let find = |head: &'static str| github.pull_request(head, "main");
    assert_eq!(find("release/v1").await.unwrap(), None);
    let first = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    assert_eq!((first.number, first.state), (1, PullRequestState::Open));
    assert_eq!(first.head_sha.as_ref().unwrap().as_str(), "a".repeat(40));
    let again = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    assert_eq!(again, first);
    // Of the same branch into another, and of another branch into the same.
    let other = github
        .open_pull_request(&new("release/v1", "develop"), access())
        .await
        .unwrap();
    assert_eq!(other.number, 2);
    assert_eq!(find("release/v2").await.unwrap(), None);
    assert_eq!(fake.count("POST", "/pulls"), 2);

    let merged = "c".repeat(40);
    fake.store().pulls[0]["state"] = json!("closed");
    fake.store().pulls[0]["merged_at"] = json!("2026-11-02T10:00:00Z");
    fake.store().pulls[0]["merge_commit_sha"] = json!(merged);
    let found = find("release/v1").await.unwrap().unwrap();
    assert_eq!(found.state, PullRequestState::Merged);
    assert_eq!(found.merged_as.unwrap().as_str(), merged);
    let next = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    assert_eq!(next.number, 3);
    fake.store().pulls[2]["state"] = json!("closed");
    let newest = find("release/v1").await.unwrap().unwrap();
    assert_eq!((newest.number, newest.state), (3, PullRequestState::Closed));
}

#[tokio::test]
async fn a_request_that_failed_after_it_was_carried_out_makes_no_second_one() {
    for fault in [Fault::DoneBut(502), Fault::DoneLate(Duration::from_mins(1))] {
        let fake = Fake::start().await;
        fake.fault("POST", "/pulls", 1, fault.clone());
        let mut settings = windlass::github::GitHubSettings {
            api: Some(fake.address.parse().unwrap()),
            repository: Some("acme/app".parse().unwrap()),
            ..Default::default()
        };
        settings.patience = Duration::from_secs(2);
        let github = windlass::github::GitHub::open(&settings, None, Some(super::TOKEN.into()));
        let github = github.unwrap().unwrap();
        let opened = github
            .open_pull_request(&new("release/v1", "main"), access())
            .await
            .unwrap();
        assert_eq!(opened.number, 1, "{fault:?}");
        assert_eq!(fake.store().pulls.len(), 1, "{fault:?}");
        assert_eq!(fake.count("POST", "/pulls"), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_request_that_failed_and_was_not_carried_out_is_sent_again_and_in_the_end_given_up() {
    let fake = Fake::start().await;
    fake.fault("POST", "/pulls", 1, Fault::status(500));
    let opened = github(&fake)
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    assert_eq!(opened.number, 1);
    assert_eq!(fake.count("POST", "/pulls"), 2);

    fake.fault("POST", "/pulls", usize::MAX, Fault::status(503));
    let given_up = github(&fake)
        .open_pull_request(&new("release/v2", "main"), access())
        .await
        .unwrap_err();
    assert!(
        matches!(given_up, GitHubError::Status { status: 503, .. }),
        "{given_up:?}"
    );
    assert_eq!(fake.count("POST", "/pulls"), 5);
}

#[tokio::test]
async fn one_that_somebody_opens_at_the_same_time_is_taken() {
    let fake = Fake::start().await;
    let github = github(&fake);
    // Not seen when it was looked for.
    github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    fake.fault("GET", "/pulls", 1, Fault::Answer(200, Vec::new(), json!([])));
    let opened = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    assert_eq!(opened.number, 1);
    assert_eq!(fake.store().pulls.len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_in_githubs_own_words_and_is_not_repeated() {
    let fake = Fake::start().await;
    let body = json!({"message": "Validation Failed", "errors": [
        {"resource": "PullRequest", "code": "custom", "message": "No commits between main and rel\u{1b}[31mease"},
        {"resource": "PullRequest", "field": "base", "code": "invalid"},
    ]});
    fake.fault("POST", "/pulls", 1, Fault::Answer(422, Vec::new(), body));
    let refused = github(&fake)
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "GitHub refused a pull request from release/v1 into main of acme/app: Validation Failed; No commits between main \
         and release; base: invalid"
    );
    assert_eq!(fake.count("POST", "/pulls"), 1);
}

#[tokio::test]
async fn without_a_token_none_is_asked_for() {
    let fake = Fake::start().await;
    let github = named(&fake, "acme/app", None);
    let error = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap_err();
    assert!(matches!(error, GitHubError::NoToken { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("pull requests: write"));
    assert_eq!(fake.count("POST", ""), 0);
}

#[tokio::test]
async fn in_a_repository_that_was_renamed_it_is_opened_under_the_new_name() {
    let fake = Fake::start().await;
    fake.store().old_name = Some("before/old".to_owned());
    let github = named(&fake, "before/old", Some(super::TOKEN));
    let first = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    let again = github
        .open_pull_request(&new("release/v1", "main"), access())
        .await
        .unwrap();
    assert_eq!((first.number, again.number), (1, 1));
    assert_eq!(fake.count("POST", "/repositories/1/pulls"), 1);
}
