//! The checks of many commits at once.

use serde_json::json;
use windlass::domain::CommitSha;
use windlass::github::{ChecksVerdict, CommitState, GitHubError, PullOfCommit};

use super::fake::{Fake, Fault};
use super::{github, named};

fn commit(seed: usize) -> CommitSha {
    format!("{seed:040x}").parse().unwrap()
}

#[tokio::test]
async fn the_checks_of_a_hundred_commits_and_their_pull_requests_are_one_request() {
    let fake = Fake::start().await;
    let commits: Vec<_> = (0..100).map(commit).collect();
    for (at, commit) in commits.iter().enumerate().skip(1) {
        fake.run(commit.as_str(), "test", "completed", Some("success"));
        match at % 4 {
            1 => fake.run(commit.as_str(), "lint", "completed", Some("failure")),
            2 => fake.run(commit.as_str(), "lint", "in_progress", None),
            3 => fake.run(commit.as_str(), "lint", "completed", Some("skipped")),
            _ => fake.status(commit.as_str(), "ci/legacy", "success"),
        }
    }
    let pull = (482, "ana".to_owned());
    fake.store().pulls_of.insert(commits[4].to_string(), pull);
    let states = github(&fake).commit_states(&commits).await.unwrap().unwrap();
    assert_eq!((fake.count("POST", "/graphql"), fake.store().asked.len()), (1, 1));
    // The repository does not have the first one.
    assert_eq!(states.len(), 99);
    let of = |at: usize| {
        states
            .iter()
            .find(|(known, _)| *known == commits[at])
            .unwrap()
            .1
            .clone()
    };
    assert_eq!((of(1).verdict(), of(1).count()), (ChecksVerdict::Failed, 2));
    assert_eq!(of(2).verdict(), ChecksVerdict::Pending);
    assert_eq!((of(3).verdict(), of(3).count()), (ChecksVerdict::Passed, 1));
    let expected = CommitState {
        passed: 2,
        pull: Some(PullOfCommit {
            number: 482,
            author: Some("ana".to_owned()),
        }),
        ..CommitState::default()
    };
    assert_eq!(of(4), expected);
    assert_eq!(github(&fake).remaining(), None, "its limit is another one");
}

#[tokio::test]
async fn an_answer_with_errors_and_status_200_is_an_error_unless_it_has_what_was_asked_for() {
    let fake = Fake::start().await;
    fake.run(commit(1).as_str(), "test", "completed", Some("success"));
    let ask = async || github(&fake).commit_states(&[commit(1)]).await;
    let answer = |data: serde_json::Value, kind: &str| {
        let headers = vec![
            ("x-ratelimit-resource", "graphql".to_owned()),
            ("x-ratelimit-reset", "4102444800".to_owned()),
        ];
        let errors = json!([{"type": kind, "message": "API rate limit exceeded \u{1b}[2J"}]);
        fake.fault(
            "POST",
            "/graphql",
            1,
            Fault::Answer(200, headers, json!({"data": data, "errors": errors})),
        );
    };
    answer(json!(null), "RATE_LIMITED");
    match ask().await {
        Err(GitHubError::RateLimited {
            until: Some(until), ..
        }) => assert_eq!(until.as_second(), 4_102_444_800),
        other => panic!("{other:?}"),
    }
    answer(json!(null), "NOT_FOUND");
    assert!(matches!(ask().await, Err(GitHubError::NotFound { .. })));
    answer(json!(null), "SOMETHING_ELSE");
    match ask().await {
        Err(error @ GitHubError::Refused { .. }) => assert!(!error.to_string().contains('\u{1b}')),
        other => panic!("{other:?}"),
    }
    let half = json!({"repository": {"c0": {"statusCheckRollup": null, "associatedPullRequests": null}}});
    answer(half, "SERVICE_UNAVAILABLE");
    let states = ask().await.unwrap().unwrap();
    assert_eq!(states, [(commit(1), CommitState::default())]);
}

#[tokio::test]
async fn a_server_without_graphql_says_so_and_whoever_has_no_token_is_told() {
    let fake = Fake::start().await;
    fake.store().has_graphql = false;
    let states = github(&fake).commit_states(&[commit(1)]).await;
    assert!(states.unwrap().is_none());
    let nobody = named(&fake, "acme/app", None).commit_states(&[commit(1)]).await;
    assert!(matches!(nobody, Err(GitHubError::NoToken { .. })));
}
