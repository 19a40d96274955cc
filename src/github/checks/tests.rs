use super::*;

fn run(id: u64, name: &str, status: &str, conclusion: Option<&str>) -> CheckRun {
    CheckRun {
        id,
        name: name.to_owned(),
        status: status.to_owned(),
        conclusion: conclusion.map(str::to_owned),
        details_url: Some(format!("https://github.com/acme/app/actions/runs/7/job/{id}")),
        external_id: None,
        app: Some(App {
            slug: Some("github-actions".to_owned()),
        }),
        check_suite: Some(SuiteId { id: 5 }),
    }
}

#[test]
fn what_windlass_shows_live_is_no_check_and_no_other_check_can_pass_as_it() {
    let with_mark = |name: &str| CheckRun {
        external_id: Some("windlass-live/7/1/promote".to_owned()),
        ..run(8, name, "completed", Some("failure"))
    };
    let verdict = |more: Vec<CheckRun>| {
        let passed = run(9, "build", "completed", Some("success"));
        sum_up(std::iter::once(passed).chain(more).collect(), Vec::new(), None).verdict()
    };
    assert_eq!(verdict(vec![with_mark("windlass live")]), ChecksVerdict::Passed);
    assert_eq!(verdict(vec![with_mark("test")]), ChecksVerdict::Failed);
}

fn sum_up(runs: Vec<CheckRun>, statuses: Vec<CommitStatus>, own_run: Option<u64>) -> Checks {
    super::sum_up(runs, statuses, &[], own_run, Timestamp::UNIX_EPOCH)
}

#[test]
fn the_same_name_in_two_workflows_is_two_checks() {
    let mut other = run(6, "build", "completed", Some("success"));
    other.check_suite = Some(SuiteId { id: 6 });
    for runs in [
        vec![run(5, "build", "completed", Some("failure")), other],
        vec![
            run(9, "build", "completed", Some("failure")),
            CheckRun {
                check_suite: Some(SuiteId { id: 7 }),
                ..run(1, "build", "completed", Some("success"))
            },
        ],
    ] {
        let checks = sum_up(runs, Vec::new(), None);
        assert_eq!(checks.to_string(), "1 of 2 passed; failed: build");
        assert_eq!(checks.verdict(), ChecksVerdict::Failed);
    }
}

#[test]
fn what_was_skipped_or_is_neutral_has_not_passed() {
    for conclusion in ["skipped", "neutral"] {
        let runs = vec![
            run(1, "a", "completed", Some(conclusion)),
            run(2, "b", "completed", Some(conclusion)),
        ];
        let checks = sum_up(runs, Vec::new(), None);
        assert_eq!(checks.verdict(), ChecksVerdict::Skipped, "{checks}");
        assert_eq!(checks.required("a"), RequiredCheck::Skipped);
    }
}

#[test]
fn a_workflow_that_waits_for_its_turn_is_pending_and_an_app_that_never_checks_is_not() {
    let suite = |app: &str, status: &str, runs: u64, created: &str| CheckSuite {
        status: Some(status.to_owned()),
        latest_check_runs_count: Some(runs),
        created_at: created.parse().ok(),
        app: Some(App {
            slug: Some(app.to_owned()),
        }),
    };
    let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let pending = |suite: CheckSuite| super::sum_up(Vec::new(), Vec::new(), &[suite], None, now).pending;
    let (early, late) = ("2026-11-20T12:00:00Z", "2026-11-27T11:30:00Z");
    assert_eq!(
        pending(suite("github-actions", "queued", 0, early)),
        ["github-actions (not started)"]
    );
    assert!(pending(suite("github-actions", "queued", 2, early)).is_empty());
    assert!(pending(suite("github-actions", "completed", 0, early)).is_empty());
    assert!(pending(suite("idle-app", "queued", 0, early)).is_empty());
    assert_eq!(pending(suite("busy-app", "queued", 0, late)).len(), 1);
    assert_eq!(pending(suite("busy-app", "queued", 0, "")).len(), 1);
}

#[test]
fn a_required_context_is_looked_for_among_what_reported() {
    let checks = sum_up(
        vec![
            run(1, "test", "completed", Some("success")),
            run(2, "lint", "completed", Some("timed_out")),
        ],
        Vec::new(),
        None,
    );
    assert_eq!(checks.required("test"), RequiredCheck::Passed);
    assert_eq!(checks.required("lint"), RequiredCheck::Reported);
    assert_eq!(checks.required("ci"), RequiredCheck::Missing);
    assert_eq!(checks.required("tes"), RequiredCheck::Missing);
}

#[test]
fn the_newest_attempt_of_each_name_counts() {
    let checks = sum_up(
        vec![
            run(5, "test", "completed", Some("success")),
            run(2, "test", "completed", Some("failure")),
            run(3, "lint", "completed", Some("timed_out")),
            run(4, "docs", "completed", Some("skipped")),
        ],
        vec![CommitStatus {
            id: 1,
            context: "ci/old".to_owned(),
            state: "pending".to_owned(),
        }],
        None,
    );
    assert_eq!(
        checks.to_string(),
        "1 of 4 passed; failed: lint (timed out); pending: ci/old; skipped: docs"
    );
    assert_eq!(checks.verdict(), ChecksVerdict::Failed);
}

#[test]
fn a_commit_without_checks_has_neither_passed_nor_failed() {
    let none = sum_up(Vec::new(), Vec::new(), None);
    assert_eq!(
        (none.verdict(), none.to_string().as_str()),
        (ChecksVerdict::None, "no checks")
    );
}

#[test]
fn the_run_that_asks_does_not_wait_for_itself_and_its_failures_count() {
    let own = || {
        vec![
            run(1, "release", "in_progress", None),
            run(2, "build", "completed", Some("failure")),
        ]
    };
    assert_eq!(
        sum_up(own(), Vec::new(), Some(7)).to_string(),
        "0 of 1 passed; failed: build"
    );
    assert_eq!(sum_up(own(), Vec::new(), Some(8)).pending, ["release"]);
}

#[test]
fn many_names_are_cut_short() {
    let runs = (0..9)
        .map(|id| run(id, &format!("job {id}"), "queued", None))
        .collect();
    let line = sum_up(runs, Vec::new(), None).to_string();
    assert!(line.ends_with("job 5 and 3 more"), "{line}");
}
