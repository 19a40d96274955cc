//! Releases, environments, what ran before, locks and comparisons to look at.

use jiff::SignedDuration;
use windlass::board::Cell;
use windlass::domain::{
    Bound, BranchName, ChangeKind, Changelog, Clean, CommitSha, Committed, Comparison, Debt, DebtState,
    DeployedIn, Due, Ending, EnvironmentName, ExceptionKind, ExceptionRecord, Gate, GateKind, HeldLock,
    LockNote, LockSubject, MergeMethod, Operation, Override, Padding, PinRecord, Plan, Release, ReleaseKind,
    Side, SideKind, StepKind, TicketPattern, Verdict,
};
use windlass::engine::{Earlier, Releases};
use windlass::tui::app::theme::Theme;
use windlass::tui::dialogs::EnvironmentHistory;
use windlass::tui::session::{Message, Model, Msg, Standing};

use super::{ago, board, commit, digest, key, now, promotion, steps, tell};

fn name(text: &str) -> EnvironmentName {
    text.parse().unwrap()
}

fn debt(what: Due, state: DebtState) -> Debt {
    Debt { what, state }
}

fn release(kind: ReleaseKind, branch: &str, head: usize, subject: &str) -> Release {
    let version = branch.split("/v").nth(1).unwrap().split('-').next().unwrap();
    Release {
        kind,
        branch: branch.parse().unwrap(),
        version: Some(version.parse().unwrap()),
        padding: Padding::default(),
        head: commit(head),
        subject: Clean::line(subject),
        origin: Some(commit(4)),
        fixes: 0,
        trouble: None,
        candidate: Bound::There {
            tag: format!("sha-{}", commit(head).short()).parse().unwrap(),
            digest: digest(head),
        },
        deployed: Vec::new(),
        debts: Vec::new(),
        waits_for: None,
    }
}

fn deployed_in(environment: &str, seed: usize, is_head: bool) -> DeployedIn {
    DeployedIn {
        environment: name(environment),
        commit: commit(seed),
        is_head,
    }
}

/// A release under way, a hotfix in debt, one that cannot be looked up, and one that is at its end.
pub fn list() -> Releases {
    let (main, develop) = (BranchName::main(), BranchName::develop());
    let hot = || "release/v1.5.0-sha-6b86b27".parse().unwrap();
    let mut open = release(
        ReleaseKind::Release,
        "release/v1.5.0-sha-6b86b27",
        1,
        "feat(api): paginate refunds (#482)",
    );
    open.fixes = 2;
    open.deployed = vec![deployed_in("stage", 4, false)];
    let later = || DebtState::NotYet("2 commits are missing, and production has none of it".into());
    open.debts = vec![
        debt(Due::Main(main.clone()), later()),
        debt(Due::Develop(develop.clone()), later()),
        debt(
            Due::Tag("v1.5.0".into()),
            DebtState::NotYet("there is no tag v1.5.0".into()),
        ),
    ];
    let mut hotfix = release(
        ReleaseKind::Hotfix,
        "hotfix/v1.3.3",
        6,
        "fix: rounding in \u{1b}[31mrefunds\u{202e}, for good, in every currency that has no cents (#490)",
    );
    hotfix.fixes = 1;
    hotfix.deployed = vec![deployed_in("stage", 6, true), deployed_in("prod", 6, true)];
    hotfix.debts = vec![
        debt(Due::Main(main.clone()), DebtState::Paid("it is merged".into())),
        debt(
            Due::Develop(develop.clone()),
            DebtState::Owed("1 commit is missing, and production has it since 2026-02-28".into()),
        ),
        debt(Due::Release(hot()), DebtState::Owed("1 commit is missing".into())),
        debt(Due::Tag("v1.3.3".into()), DebtState::Paid("at e7f6c01".into())),
        debt(
            Due::Review(name("prod")),
            DebtState::Unknown("prod.example.com does not answer".into()),
        ),
    ];
    let mut waiting = release(
        ReleaseKind::Release,
        "release/v1.4.1-sha-4e07408",
        3,
        "feat: export ledger (#480)",
    );
    waiting.candidate = Bound::NoImage {
        tag: "sha-4e07408".parse().unwrap(),
    };
    waiting.debts = vec![debt(Due::Main(main.clone()), later())];
    let mut unknown = release(
        ReleaseKind::Release,
        "release/v1.4.0-sha-4b22777",
        4,
        "fix: retry ledger writes (#479)",
    );
    unknown.candidate = Bound::Unknown {
        why: "registry.example.com does not answer".into(),
    };
    unknown.trouble = Some("its name says 4b22777, and it began at d4735e3".into());
    unknown.debts = vec![debt(Due::Main(main.clone()), later())];
    let mut finished = release(
        ReleaseKind::Release,
        "release/v1.3.2-sha-e7f6c01",
        6,
        "fix: rounding in refunds (#468)",
    );
    let paid = || DebtState::Paid("it is merged".into());
    finished.debts = vec![
        debt(Due::Main(main), paid()),
        debt(Due::Develop(develop), paid()),
        debt(Due::Tag("v1.3.2".into()), DebtState::Paid("at e7f6c01".into())),
    ];
    Releases {
        list: vec![open, waiting, unknown, hotfix, finished],
        older: 3,
        stale: None,
    }
}

/// That prod is pinned, and owes a review.
pub fn standings() -> Vec<(EnvironmentName, Cell<Standing>)> {
    let pin = PinRecord {
        digest: digest(6),
        environment: name("prod"),
        held: true,
        reason: Clean::line("the payouts are wrong"),
        by: Clean::line("ana@desk"),
        at: ago(30),
        until: Some(now() + SignedDuration::from_hours(100)),
        from: None,
    };
    let owed = ExceptionRecord {
        digest: digest(6),
        environment: name("prod"),
        kind: ExceptionKind::Hotfix,
        skipped: vec![Clean::line("scan refused: 2 critical")],
        passed_over: vec![name("stage")],
        reason: Clean::line("payouts fail"),
        by: Clean::line("ana@desk"),
        at: ago(31),
    };
    let prod = Standing {
        pin: Some(pin),
        halted: None,
        reviews: vec![owed],
    };
    vec![
        (name("stage"), Cell::Ready(Standing::default())),
        (name("prod"), Cell::Ready(prod)),
    ]
}

/// The screen of releases, as it is after `R`, before anything was answered.
pub fn asked(size: (u16, u16), theme: Theme) -> Model {
    let mut model = board(size, theme);
    tell(&mut model, key('R'));
    model
}

/// The screen of releases with everything known.
pub fn releases(size: (u16, u16), theme: Theme) -> Model {
    let mut model = asked(size, theme);
    tell(&mut model, Msg::Releases(false, Ok(list())));
    tell(&mut model, Msg::EnvironmentStatuses(standings()));
    model
}

/// The end of the hotfix, of which develop does not take the merge.
pub fn finish() -> Plan {
    let ending = |branch: BranchName, at: usize, way| Ending {
        branch,
        at: commit(at),
        way,
    };
    let conflict = "2 files are in conflict: src/ledger.rs (changed in develop, changed in hotfix/v1.3.3); src/refunds.rs (deleted in develop, changed in hotfix/v1.3.3). Merge hotfix/v1.3.3 into develop manually";
    Plan {
        operation: Operation::Finish(windlass::domain::operation::Finish {
            branch: "hotfix/v1.3.3".parse().unwrap(),
            remote: "origin".into(),
            tag: Some("v1.3.3".into()),
            into: vec![
                ending(BranchName::main(), 5, MergeMethod::Merge),
                ending(BranchName::develop(), 1, MergeMethod::Merge),
            ],
        }),
        commit: Some(commit(6)),
        tag: Some("sha-e7f6c01".parse().unwrap()),
        digest: Some(digest(6)),
        gates: vec![
            Gate::new(
                GateKind::Candidate,
                Verdict::Allowed("sha-e7f6c01 runs in stage, prod".into()),
            ),
            Gate::new(GateKind::Tag, Verdict::Allowed("v1.3.3 is free on origin".into())),
            Gate::new(
                GateKind::Into("main".parse().unwrap()),
                Verdict::Allowed("merges without conflicts, at ef2d127".into()),
            ),
            Gate::new(
                GateKind::Into("develop".parse().unwrap()),
                Verdict::Refused(conflict.into()),
            )
            .with_override(Override::LeaveOut),
        ],
        steps: steps(&[
            (StepKind::Gate, "every branch again, at that moment"),
            (StepKind::Merge, "2 merge commits and the tag v1.3.3, here"),
            (
                StepKind::Push,
                "main, develop, tag v1.3.3 to origin, all at once or nothing",
            ),
        ]),
        ..promotion("prod", windlass::domain::Confirmation::Plain, Vec::new())
    }
}

/// A rollback of prod, to be typed.
pub fn rollback() -> Plan {
    Plan {
        operation: Operation::Rollback(windlass::domain::operation::Rollback {
            environment: name("prod"),
            image: format!("prod.example.com/payment-svc@{}", digest(9))
                .parse()
                .unwrap(),
            replaces: Some(digest(6)),
            from: Some(digest(6)),
            reason: Clean::line("payouts fail"),
            until: None,
            accept_findings: false,
        }),
        digest: Some(digest(9)),
        commit: Some(commit(9)),
        gates: past().earlier[0].gates.clone(),
        steps: steps(&[
            (StepKind::Gate, "re-check that it can be deployed"),
            (StepKind::Deploy, "kubectl, to prod"),
            (StepKind::Pin, "prod is pinned to it; promotions are refused"),
        ]),
        ..promotion(
            "prod",
            windlass::domain::Confirmation::Typed("prod 3c1f00".into()),
            Vec::new(),
        )
    }
}

fn earlier(seed: usize, version: Option<&str>, hours: i64, gates: Vec<Gate>) -> Earlier {
    Earlier {
        digest: digest(seed),
        deployed: ago(hours),
        commit: Some(commit(seed)),
        tag: None,
        version: version.map(str::to_owned),
        built: Some(ago(hours + 20)),
        rolled_back: None,
        gates,
    }
}

/// What prod runs, and ran before: ready, not ready, and not to be found out.
pub fn past() -> Box<EnvironmentHistory> {
    let complete = || {
        Gate::new(
            GateKind::Complete,
            Verdict::Allowed("3 manifests and 11 blobs present".into()),
        )
    };
    let signed = || {
        Gate::new(
            GateKind::Signature,
            Verdict::Allowed("signed with the key of prod".into()),
        )
    };
    let scan = |verdict| Gate::new(GateKind::Scan, verdict);
    let mut bad = earlier(
        10,
        Some("1.3.0"),
        900,
        vec![
            complete(),
            signed(),
            scan(Verdict::Refused("2 critical, and none is allowed".into())),
        ],
    );
    bad.rolled_back = Some(ago(850));
    let list = vec![
        earlier(
            9,
            Some("1.3.1"),
            600,
            vec![
                complete(),
                signed(),
                scan(Verdict::Allowed("clean, 2h old".into())),
            ],
        ),
        bad,
        earlier(
            11,
            None,
            1500,
            vec![Gate::new(
                GateKind::Complete,
                Verdict::Unknown("prod.example.com does not answer".into()),
            )],
        ),
    ];
    Box::new(EnvironmentHistory {
        deployed: Some(earlier(6, Some("1.3.2"), 290, Vec::new())),
        note: None,
        earlier: list,
    })
}

/// A lock that was left, and one of an owner at work.
pub fn locks() -> Vec<HeldLock> {
    let lock = |part: &str, owner: &str, hours: i64| HeldLock {
        subject: LockSubject::new(&"payment-svc".parse().unwrap(), &part.parse().unwrap()),
        note: Some(LockNote::new(
            owner,
            "desk",
            "0193abcd0193abcd0193abcd0193abcd",
            "promote to stage",
            ago(hours),
            SignedDuration::from_hours(1),
        )),
    };
    vec![lock("stage", "ana", 5), lock("prod", "omar", 0)]
}

/// What the release would change in production.
pub fn comparison() -> Comparison {
    let side = |name: &str, kind, seed: usize| Side {
        name: Clean::line(name),
        kind,
        commit: Some(commit(seed)),
        subject: Some(Clean::line("feat(api): paginate refunds (#482)")),
        image: None,
    };
    let messages = [
        "feat(api): paginate refunds so that shops with very many of them still see all of theirs (#482)",
        "fix: retry ledger writes (#479)",
        "chore: bump base image (#481)",
    ];
    let shas: Vec<CommitSha> = (1..=3).map(commit).collect();
    let committed = shas.iter().zip(messages).map(|(commit, message)| Committed {
        commit,
        is_merge: false,
        message,
    });
    let log = Changelog::of(committed, &TicketPattern::default());
    assert_eq!(log.groups[0].kind, ChangeKind::Feature);
    Comparison {
        service: "payment-svc".parse().unwrap(),
        from: side("prod", SideKind::Environment, 6),
        to: side("release/v1.5.0-sha-6b86b27", SideKind::Release, 1),
        changes: Some(log),
        taken_back: None,
        elsewhere: 2,
        files: None,
        image: None,
        packages: None,
        vulnerabilities: None,
        unknown: vec![windlass::domain::Unknown {
            part: windlass::domain::Part::Packages,
            side: Some(Clean::line("prod")),
            why: Clean::line("it has no SBOM"),
        }],
        notes: Vec::new(),
    }
}

/// That something could not be had.
pub fn failure(title: &str) -> Message {
    Message {
        good: false,
        title: title.into(),
        what: "could not reach origin: no connection within 10 s".into(),
        hint: Some("look at the network, then press r".into()),
    }
}
