//! What rules say to a push, and that they are read as GitHub writes them.

use super::*;

fn read(text: &str) -> Vec<BranchRule> {
    let rules: Vec<wire::Rule> = serde_json::from_str(text).unwrap();
    rules.into_iter().map(|rule| rule.read().0).collect()
}

fn named(operator: Operator, pattern: &str, negate: bool) -> Vec<BranchRule> {
    vec![BranchRule::Pattern(Pattern {
        of: PatternOf::BranchName,
        operator,
        pattern: pattern.to_owned(),
        negate,
    })]
}

#[test]
fn rules_are_read_with_what_they_ask() {
    let rules = read(
        r#"[
        {"type":"pull_request","ruleset_id":1,"parameters":{"required_approving_review_count":2,"dismiss_stale_reviews_on_push":true}},
        {"type":"required_status_checks","parameters":{"strict_required_status_checks_policy":true,
         "do_not_enforce_on_create":true,"required_status_checks":[{"context":"test","integration_id":7},{"context":"li\u001b[2Jnt"}]}},
        {"type":"creation"},{"type":"update"},{"type":"deletion"},{"type":"non_fast_forward"},
        {"type":"required_signatures"},{"type":"required_linear_history"},{"type":"merge_queue","parameters":{"max_entries_to_build":5}},
        {"type":"branch_name_pattern","parameters":{"operator":"starts_with","pattern":"release/","negate":false}},
        {"type":"commit_message_pattern","parameters":{"operator":"regex","pattern":"^JIRA-"}},
        {"type":"file_path_restriction","parameters":{"restricted_file_paths":["x"]}}]"#,
    );
    assert_eq!(
        rules,
        [
            BranchRule::PullRequest { approvals: 2 },
            BranchRule::RequiredChecks {
                checks: vec!["test".to_owned(), "lint".to_owned()],
                strict: true,
                on_creation: false,
            },
            BranchRule::Creation,
            BranchRule::Update,
            BranchRule::Deletion,
            BranchRule::NonFastForward,
            BranchRule::Signatures,
            BranchRule::LinearHistory,
            BranchRule::MergeQueue,
            named(Operator::StartsWith, "release/", false).remove(0),
            BranchRule::Pattern(Pattern {
                of: PatternOf::CommitMessage,
                operator: Operator::Regex,
                pattern: "^JIRA-".to_owned(),
                negate: false,
            }),
            BranchRule::Other("file_path_restriction".to_owned()),
        ]
    );
}

#[test]
fn the_protection_of_before_rulesets_is_read_as_rules() {
    let protection: wire::Protection = serde_json::from_str(
        r#"{"url":"x","required_status_checks":{"strict":true,"contexts":["test"],"checks":[{"context":"test","app_id":null}]},
        "required_pull_request_reviews":{"required_approving_review_count":1},"enforce_admins":{"enabled":false},
        "required_linear_history":{"enabled":true},"required_signatures":{"url":"x","enabled":false},"lock_branch":{"enabled":true}}"#,
    )
    .unwrap();
    assert_eq!(
        protection.read(),
        [
            BranchRule::PullRequest { approvals: 1 },
            BranchRule::RequiredChecks {
                checks: vec!["test".to_owned()],
                strict: true,
                on_creation: false,
            },
            BranchRule::LinearHistory,
            BranchRule::Update,
        ]
    );
}

#[test]
fn a_branch_is_refused_by_a_rule_against_new_ones_and_by_a_form_that_it_has_not() {
    let branch = "release/v1.4.0";
    assert_eq!(refusal_of_creation(&[], branch), None);
    assert!(
        refusal_of_creation(&[BranchRule::Creation], branch)
            .unwrap()
            .contains(branch)
    );
    for (operator, pattern, negate, refused) in [
        (Operator::StartsWith, "release/", false, false),
        (Operator::StartsWith, "rel-", false, true),
        (Operator::StartsWith, "release/", true, true),
        (Operator::EndsWith, ".0", false, false),
        (Operator::Contains, "sprint", false, true),
        (Operator::Regex, r"^release/v\d+\.\d+\.\d+$", false, false),
        (Operator::Regex, r"^release/\d+$", false, true),
        // What cannot be understood here is left to the push.
        (Operator::Regex, r"^(?!wip)", false, false),
    ] {
        let rules = named(operator, pattern, negate);
        assert_eq!(
            refusal_of_creation(&rules, branch).is_some(),
            refused,
            "{operator:?} {pattern} {negate}"
        );
    }
    let why = refusal_of_creation(&named(Operator::StartsWith, "rel-", false), branch).unwrap();
    assert_eq!(
        why,
        "a rule requires branch names to begin with `rel-`; release/v1.4.0 does not"
    );
    // These say nothing about a branch that is new.
    let others = [
        BranchRule::PullRequest { approvals: 1 },
        BranchRule::Update,
        BranchRule::Deletion,
        BranchRule::NonFastForward,
    ];
    assert_eq!(refusal_of_creation(&others, branch), None);
}

#[test]
fn a_merge_commit_is_pushed_directly_unless_a_rule_asks_for_more() {
    let harmless = [
        BranchRule::Creation,
        BranchRule::Deletion,
        BranchRule::NonFastForward,
        BranchRule::Signatures,
        BranchRule::Other("code_scanning".to_owned()),
    ];
    assert_eq!(asks_for_pull_request(&harmless), None);
    for (rule, words) in [
        (BranchRule::PullRequest { approvals: 0 }, "a pull request"),
        (BranchRule::PullRequest { approvals: 2 }, "approved by 2"),
        (BranchRule::MergeQueue, "merge queue"),
        (BranchRule::LinearHistory, "forbids merge commits"),
        (BranchRule::Update, "push to it"),
        (
            BranchRule::RequiredChecks {
                checks: vec!["test".to_owned()],
                strict: false,
                on_creation: true,
            },
            "test to pass",
        ),
    ] {
        let why = asks_for_pull_request(std::slice::from_ref(&rule)).unwrap();
        assert!(why.contains(words), "{why}");
    }
}
