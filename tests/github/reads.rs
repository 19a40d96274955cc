//! Checks and rules, of which all pages are read.

use serde_json::json;
use windlass::domain::CommitSha;
use windlass::github::{BranchRule, ChecksVerdict, GitHub, GitHubSettings, refusal_of_creation};

use super::fake::{Fake, Fault};
use super::{github, named};

pub fn commit() -> CommitSha {
    "2b2e927c0ffee0123456789abcdef0123456789a".parse().unwrap()
}

#[tokio::test]
async fn all_pages_of_check_runs_and_statuses_count() {
    let fake = Fake::start().await;
    fake.store().page = 3;
    let sha = commit();
    for job in 0..8 {
        fake.run(sha.as_str(), &format!("job {job}"), "completed", Some("success"));
    }
    for service in 0..4 {
        fake.status(sha.as_str(), &format!("ci/{service}"), "success");
    }
    let github = github(&fake);
    let checks = github.checks(&sha).await.unwrap();
    assert_eq!(checks.to_string(), "12 of 12 passed");
    assert_eq!(checks.verdict(), ChecksVerdict::Passed);
    assert_eq!(fake.count("GET", "/check-runs"), 3);
    assert_eq!(fake.count("GET", "/status"), 2);

    // Started again: the older attempt is still in the list.
    fake.run(sha.as_str(), "job 7", "in_progress", None);
    fake.status(sha.as_str(), "ci/old", "error");
    let checks = github.checks(&sha).await.unwrap();
    assert_eq!(checks.pending, ["job 7"]);
    assert_eq!(
        checks.to_string(),
        "11 of 13 passed; failed: ci/old (error); pending: job 7"
    );
}

#[tokio::test]
async fn a_total_that_does_not_agree_with_what_came_is_unknown() {
    let fake = Fake::start().await;
    let sha = commit();
    for job in 0..4 {
        fake.run(sha.as_str(), &format!("job {job}"), "completed", Some("success"));
    }
    fake.store().unlisted_runs = 3;
    let error = github(&fake).checks(&sha).await.unwrap_err();
    assert!(
        error.to_string().contains("it reports 7 entries but returned 4"),
        "{error}"
    );
}

#[tokio::test]
async fn a_commit_with_no_checks_is_not_one_that_github_does_not_know() {
    let fake = Fake::start().await;
    let sha = commit();
    let unknown = github(&fake).checks(&sha).await.unwrap_err();
    assert!(unknown.is_not_found(), "{unknown:?}");
    assert_eq!(
        unknown.to_string(),
        "GitHub cannot find commit 2b2e927 in acme/app"
    );
    fake.store().runs.insert(sha.to_string(), Vec::new());
    let none = github(&fake).checks(&sha).await.unwrap();
    assert_eq!(none.verdict(), ChecksVerdict::None);
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let fake = Fake::start().await;
    let sha = commit();
    fake.run(sha.as_str(), "test", "completed", Some("success"));
    let again = format!("{}/repos/acme/app/commits/{sha}/check-runs", fake.address);
    fake.fault("GET", "/check-runs", usize::MAX, Fault::NextAt(again));
    let error = github(&fake).checks(&sha).await.unwrap_err().to_string();
    assert!(error.contains("links back to an earlier one"), "{error}");
}

#[tokio::test]
async fn rules_over_a_branch_with_a_slash_come_from_rulesets_and_from_classic_protection() {
    let fake = Fake::start().await;
    fake.store().page = 1;
    let branch = "release/v1.4.0";
    fake.rule(branch, "deletion", 4, json!(null));
    fake.rule(branch, "non_fast_forward", 4, json!(null));
    fake.store().protection.insert(
        branch.to_owned(),
        json!({"required_pull_request_reviews": {"required_approving_review_count": 2,
            "dismiss_stale_reviews": false, "require_code_owner_reviews": false}}),
    );
    let rules = github(&fake).rules(branch).await.unwrap();
    assert_eq!(
        rules,
        [
            BranchRule::Deletion,
            BranchRule::NonFastForward,
            BranchRule::PullRequest { approvals: 2 }
        ]
    );
    // Who may not see the classic protection is told of the rest.
    fake.fault("GET", "/protection", 1, Fault::status(403));
    assert_eq!(github(&fake).rules(branch).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_rule_that_this_token_may_pass_by_does_not_hold_it() {
    let fake = Fake::start().await;
    let branch = "release/v1.4.0";
    fake.rule(branch, "creation", 4, json!(null));
    fake.rule(branch, "creation", 5, json!(null));
    let held = |rules: &[BranchRule]| refusal_of_creation(rules, branch).is_some();
    let github = github(&fake);
    fake.store().bypass.insert(4, "always");
    assert!(held(&github.rules_of_creation(branch).await.unwrap()));
    fake.store().bypass.insert(5, "exempt");
    assert!(!held(&github.rules_of_creation(branch).await.unwrap()));
    assert!(held(&github.rules(branch).await.unwrap()));
    // By pull request only is not by push.
    fake.store().bypass.insert(5, "pull_requests_only");
    assert!(held(&github.rules_of_creation(branch).await.unwrap()));
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_followed() {
    let fake = Fake::start().await;
    fake.store().old_name = Some("before/old".to_owned());
    let sha = commit();
    fake.run(sha.as_str(), "test", "completed", Some("success"));
    let github = named(&fake, "before/old", Some(super::TOKEN));
    assert_eq!(github.checks(&sha).await.unwrap().to_string(), "1 of 1 passed");
}

#[tokio::test]
async fn says_how_many_requests_are_left() {
    let fake = Fake::start().await;
    let limit = github(&fake).standing().await.unwrap().limit.unwrap();
    assert_eq!((limit.remaining, limit.limit), (4321, 5000));
    // A server of one's own has no limits.
    fake.fault("GET", "/rate_limit", 1, Fault::status(404));
    assert_eq!(github(&fake).standing().await.unwrap().limit, None);
}

#[test]
fn a_remote_elsewhere_is_no_github() {
    let open = |address| GitHub::open(&GitHubSettings::default(), address, None).unwrap();
    assert!(open(Some("https://gitlab.com/acme/app")).is_none());
    assert!(open(None).is_none());
    let github = open(Some("https://github.com/acme/app")).unwrap();
    assert_eq!(format!("{github:?}"), "GitHub(acme/app at api.github.com)");
}
