//! GitHub busy, broken, closed or out of its mind, and a token that goes nowhere else.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use windlass::domain::Exit;
use windlass::github::{GitHub, GitHubError, GitHubSettings};

use super::fake::{Fake, Fault, TOKEN};
use super::reads::commit;
use super::{github, named};

async fn with_checks() -> Fake {
    let fake = Fake::start().await;
    fake.run(commit().as_str(), "test", "completed", Some("success"));
    fake
}

/// No error holds the token, not even where GitHub sends it back.
fn silent(error: &GitHubError) {
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[tokio::test]
async fn reads_are_repeated_where_it_was_only_busy_or_broken() {
    let fake = with_checks().await;
    fake.fault("GET", "/check-runs", 1, Fault::status(500));
    let busy = vec![("retry-after", "1".to_owned())];
    fake.fault(
        "GET",
        "/status",
        1,
        Fault::Answer(429, busy, json!({"message": "slow down"})),
    );
    let begun = Instant::now();
    let checks = github(&fake).checks(&commit()).await.unwrap();
    assert_eq!(checks.to_string(), "1 of 1 passed");
    assert!(begun.elapsed() >= Duration::from_secs(1), "it was asked to wait");
    assert_eq!(
        (fake.count("GET", "/check-runs"), fake.count("GET", "/status")),
        (2, 2)
    );
}

#[tokio::test]
async fn a_limit_that_ends_too_late_is_told_at_once_with_its_end() {
    let fake = with_checks().await;
    let end = Timestamp::now().as_second() + 1800;
    let spent = vec![
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", end.to_string()),
    ];
    let body = json!({"message": format!("API rate limit exceeded for {TOKEN}")});
    fake.fault("GET", "/repos/", usize::MAX, Fault::Answer(403, spent, body));
    let begun = Instant::now();
    let error = github(&fake).checks(&commit()).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let GitHubError::RateLimited {
        until: Some(until), ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert!((until.as_second() - end).abs() <= 2, "{error:?}");
    assert!(
        error.to_string().contains("(in 30 min)") || error.to_string().contains("(in 31 min)"),
        "{error}"
    );
    silent(&error);
}

#[tokio::test]
async fn what_is_not_allowed_says_which_permission_is_needed() {
    let fake = with_checks().await;
    let wrong = named(&fake, "acme/app", Some("ghp_of_somebody_else"));
    let error = wrong.checks(&commit()).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotAuthorised);
    assert!(error.to_string().ends_with("Bad credentials"), "{error}");
    assert!(error.hint().unwrap().contains("checks: read"), "{error:?}");

    let needed = vec![("x-accepted-github-permissions", "checks=read".to_owned())];
    let body = json!({"message": format!("Resource not accessible by {TOKEN}\u{1b}[2J")});
    fake.fault("GET", "/check-runs", 1, Fault::Answer(403, needed, body));
    let error = github(&fake).checks(&commit()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("checks=read"), "{error:?}");
    silent(&error);
}

#[tokio::test]
async fn a_private_repository_is_not_found_without_a_token_and_the_hint_says_so() {
    let fake = with_checks().await;
    fake.store().private = true;
    let error = named(&fake, "acme/app", None)
        .checks(&commit())
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound);
    assert!(
        error.to_string().ends_with("(a token may be required)"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("GH_TOKEN"), "{error:?}");
    assert!(github(&fake).checks(&commit()).await.is_ok());
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_malformed() {
    let fake = with_checks().await;
    fake.fault("GET", "/check-runs", 1, Fault::Garbage);
    let error = github(&fake).checks(&commit()).await.unwrap_err();
    assert!(matches!(error, GitHubError::Malformed { .. }), "{error:?}");
    silent(&error);
    // An answer of another form, too.
    fake.fault(
        "GET",
        "/check-runs",
        1,
        Fault::Answer(200, Vec::new(), json!({"check_runs": [{"id": "x"}]})),
    );
    let error = github(&fake).checks(&commit()).await.unwrap_err();
    assert!(error.to_string().contains("check_runs[0]"), "{error}");
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let fake = with_checks().await;
    fake.fault(
        "GET",
        "/check-runs",
        usize::MAX,
        Fault::DoneLate(Duration::from_mins(5)),
    );
    let open = |api: &str, patience| {
        let settings = GitHubSettings {
            api: Some(api.parse().unwrap()),
            repository: Some("acme/app".parse().unwrap()),
            own_run: None,
            patience,
        };
        GitHub::open(&settings, None, Some(secrecy::SecretString::from(TOKEN)))
            .unwrap()
            .unwrap()
    };
    let begun = Instant::now();
    let error = open(&fake.address, Duration::from_secs(1))
        .checks(&commit())
        .await
        .unwrap_err();
    assert!(matches!(error, GitHubError::Slow { .. }), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));

    let gone = open("http://127.0.0.1:1", Duration::from_secs(5))
        .checks(&commit())
        .await
        .unwrap_err();
    assert!(matches!(gone, GitHubError::Unreachable { .. }), "{gone:?}");
    assert!(
        gone.to_string()
            .starts_with("could not reach GitHub at 127.0.0.1:1: "),
        "{gone}"
    );
}

#[tokio::test]
async fn the_token_is_sent_to_the_host_of_the_api_alone() {
    let (fake, stranger) = (with_checks().await, Fake::start().await);
    let github = github(&fake);
    // By a link, and by a redirect.
    fake.fault(
        "GET",
        "/check-runs",
        1,
        Fault::NextAt(format!("{}/repos/acme/app/x", stranger.address)),
    );
    let error = github.checks(&commit()).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
    let away = vec![("location", format!("{}/repos/acme/app", stranger.address))];
    fake.fault(
        "GET",
        "/check-runs",
        1,
        Fault::Answer(302, away, json!({"message": "Found"})),
    );
    let error = github.checks(&commit()).await.unwrap_err();
    assert!(matches!(error, GitHubError::Moved { .. }), "{error:?}");
    silent(&error);
    assert!(stranger.store().asked.is_empty(), "{:?}", stranger.store().asked);
    let all_with_token =
        |asked: &super::fake::Asked| asked.authorization.as_deref() == Some(&format!("Bearer {TOKEN}"));
    assert!(fake.store().asked.iter().all(all_with_token));
    assert!(!format!("{github:?}").contains(TOKEN));
}
