//! Models to look at: a board, plans, runs, all with fixed times.

pub mod release_flow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use windlass::board::{Cell, DeployedImage, EnvironmentNow, Facts, Image, Place, Scan};
use windlass::domain::{
    Clean, CommitSha, Confirmation, Costs, Counts, DeployedBy, Digest, Environment, Finding, Gate, GateKind,
    Judged, Judgement, Operation, Plan, Severity, Standing, StepId, StepKind, Suppression, Verdict,
};
use windlass::engine::{Event, EventKind, Level, RunId, StepOutcome, Unit};
use windlass::tui::app::theme::Theme;
use windlass::tui::screens::board::{Gates, Row};
use windlass::tui::screens::findings::{Content, Findings};
use windlass::tui::session::{Effect, Model, Msg, update};

pub const COLOUR: Theme = Theme {
    colour: true,
    ascii: false,
};

pub fn now() -> Timestamp {
    "2026-03-12T14:02:11Z".parse().unwrap()
}

fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

pub fn commit(seed: usize) -> CommitSha {
    let hex = Digest::of(seed.to_string().as_bytes()).hex()[..40].to_owned();
    hex.parse().unwrap()
}

pub fn digest(seed: usize) -> Digest {
    Digest::of(format!("image {seed}").as_bytes())
}

fn environment(name: &str, from: &[&str], protected: bool) -> Environment {
    Environment {
        name: name.parse().unwrap(),
        image: format!("registry.example.com/{name}/{{service}}")
            .parse()
            .unwrap(),
        from: from.iter().map(|name| name.parse().unwrap()).collect(),
        protected,
    }
}

fn deployed(
    name: &str,
    seed: usize,
    release: Option<&str>,
    hours: i64,
    signed: Option<bool>,
) -> EnvironmentNow {
    EnvironmentNow {
        running: Cell::None("not observed".to_owned()),
        deployed: Cell::Ready(DeployedImage {
            digest: digest(seed),
            since: Some(ago(hours)),
            by: (name == "prod").then(|| DeployedBy {
                run: Clean::line("019cdf1a7b1c7f3a9c21d4e5a0b1c2d3"),
                by: Clean::line("ana@desk"),
            }),
            short: Some(commit(seed).short().to_owned()),
            stands_for: None,
            release: release.map(str::to_owned),
            signed: signed.map_or(Cell::None("no key".into()), Cell::Ready),
            tag: None,
        }),
        ..EnvironmentNow::unknown(name.parse().unwrap(), name == "prod")
    }
}

fn facts(seed: usize, counts: Counts, there: [bool; 3]) -> Facts {
    let place = |(name, there): (&str, bool)| Place {
        environment: name.parse().unwrap(),
        there: Cell::Ready(there),
        signed: if there && name == "prod" {
            Cell::Ready(true)
        } else {
            Cell::None("no key".into())
        },
    };
    Facts {
        image: Cell::Ready(Image {
            environment: "dev".parse().unwrap(),
            tag: format!("sha-{}", commit(seed).short()),
            digest: digest(seed),
            platforms: vec![
                ("linux/amd64".parse().unwrap(), 20_100_000),
                ("linux/arm64".parse().unwrap(), 19_800_000),
            ],
            size: 39_900_000,
            created: Some(ago(1)),
            moved: None,
            rebuilt: None,
        }),
        scan: Cell::Ready(Scan {
            counts,
            made: Some(ago(2)),
            gaps: Vec::new(),
        }),
        places: ["dev", "stage", "prod"]
            .into_iter()
            .zip(there)
            .map(place)
            .collect(),
    }
}

pub fn row(seed: usize, hours: i64, author: &str, subject: &str) -> Row {
    Row {
        commit: commit(seed),
        author: Clean::line(author),
        time: ago(hours),
        subject: Clean::line(subject),
        facts: Facts::default(),
    }
}

/// A model with an empty board.
pub fn empty(size: (u16, u16), theme: Theme) -> Model {
    let mut model = Model::new("payment-svc", theme, false, size, now());
    model.board.graph = vec![
        environment("dev", &[], false),
        environment("stage", &["dev"], false),
        environment("prod", &["stage"], true),
    ];
    "develop".clone_into(&mut model.board.branch);
    model
}

/// A board with a row for every state that a row can be in.
pub fn board(size: (u16, u16), theme: Theme) -> Model {
    let mut model = empty(size, theme);
    let none = Counts::default();
    let high = Counts { high: 1, ..none };
    let critical = Counts { critical: 2, ..none };
    let mut rows = vec![
        row(1, 0, "Ana Ruiz", "feat(api): paginate refunds (#482)"),
        row(2, 3, "Li Wei", "chore: bump base image (#481)"),
        row(3, 26, "Ana Ruiz", "feat: export ledger (#480)"),
        row(
            4,
            49,
            "Omar Said",
            "fix: retry ledger writes when the other side hangs up half-way (#479)",
        ),
        row(5, 97, "Li Wei", "feat: idempotency keys (#475)"),
        row(6, 290, "Omar Said", "fix: rounding in refunds (#468)"),
        row(7, 300, "佐藤 健", "docs: 返金の説明 (#467)"),
        row(8, 301, "Li Wei", "feat: what nobody has looked at yet (#466)"),
    ];
    rows[0].facts = facts(1, none, [true, false, false]);
    rows[1].facts = facts(2, high, [true, false, false]);
    rows[2].facts.image = Cell::None("no image sha-1121cfc".into());
    rows[2].facts.scan = Cell::None("no image".into());
    rows[3].facts = facts(4, none, [true, true, false]);
    rows[4].facts = facts(5, critical, [true, false, false]);
    rows[5].facts = facts(6, none, [true, true, true]);
    rows[6].facts.image = Cell::Failed("registry.example.com does not answer".into());
    rows[6].facts.scan = Cell::Failed("registry.example.com does not answer".into());
    if let Cell::Ready(scan) = rows[3].facts.scan.clone() {
        rows[3].facts.scan = Cell::Stale(scan);
    }
    tell(&mut model, Msg::Resize(size.0, size.1));
    tell(&mut model, Msg::Commits(rows, true));
    let environments = vec![
        deployed("dev", 1, None, 0, None),
        deployed("stage", 4, Some("v1.4.0"), 49, None),
        deployed("prod", 6, Some("v1.3.2"), 290, Some(true)),
    ];
    tell(
        &mut model,
        Msg::Environments(environments, now() - SignedDuration::from_secs(12), false),
    );
    let gates = vec![
        Gate::new(GateKind::Revision, Verdict::Allowed("built from it".into())),
        Gate::new(
            GateKind::Scan,
            Verdict::Refused("the report is 3 days old, and prod takes none older than 24 hours".into()),
        ),
        Gate::new(
            GateKind::Signature,
            Verdict::Unknown("registry.example.com did not answer".into()),
        ),
    ];
    tell(
        &mut model,
        Msg::Gates(commit(4), "prod".parse().unwrap(), Gates::Known(gates)),
    );
    let gates = vec![Gate::new(
        GateKind::Scan,
        Verdict::Allowed("clean, 2h old".into()),
    )];
    tell(
        &mut model,
        Msg::Gates(commit(1), "stage".parse().unwrap(), Gates::Known(gates)),
    );
    model
}

/// Steps with these words, in order.
pub fn steps(all: &[(StepKind, &str)]) -> Vec<windlass::domain::PlannedStep> {
    let mut steps = windlass::domain::StepList::default();
    for (kind, title) in all {
        steps.add(*kind, *title);
    }
    steps.into()
}

/// The first step of that kind in the promotion.
pub fn step(kind: StepKind) -> StepId {
    let plan = promotion("prod", Confirmation::Plain, Vec::new());
    plan.steps.iter().find(|step| step.kind == kind).unwrap().id
}

/// A promotion of the fourth candidate.
pub fn promotion(to: &str, confirmation: Confirmation, gates: Vec<Gate>) -> Plan {
    Plan {
        operation: Operation::Promote(windlass::domain::operation::Promote {
            from: "stage".parse().unwrap(),
            to: to.parse().unwrap(),
            source: format!("registry.example.com/stage/payment-svc@{}", digest(4))
                .parse()
                .unwrap(),
            target: format!("{to}.example.com/payment-svc:sha-2b2e927")
                .parse()
                .unwrap(),
            replaces: Some(digest(6)),
            reason: None,
            hotfix: false,
            runner: None,
        }),
        service: "payment-svc".parse().unwrap(),
        commit: Some(commit(4)),
        tag: Some("sha-2b2e927".parse().unwrap()),
        digest: Some(digest(4)),
        gates,
        steps: steps(&[
            (StepKind::Gate, "re-check all gates"),
            (
                StepKind::Copy,
                "11 blobs and 2 referrers, 39 MB to copy (3 already present)",
            ),
            (StepKind::Sign, "with the key of prod"),
            (StepKind::Verify, "the digest and the signature at the target"),
            (StepKind::Tag, "sha-2b2e927, which never moves"),
        ]),
        costs: Costs {
            requests: 41,
            bytes: 39_000_000,
        },
        confirmation,
    }
}

pub fn allowed() -> Vec<Gate> {
    vec![
        Gate::new(GateKind::Revision, Verdict::Allowed("built from it".into())),
        Gate::new(GateKind::Scan, Verdict::Allowed("clean, 3h old".into())),
    ]
}

pub fn refused() -> Vec<Gate> {
    vec![
        Gate::new(GateKind::Revision, Verdict::Allowed("built from it".into())),
        Gate::new(
            GateKind::Scan,
            Verdict::Refused("2 critical findings, and prod takes none".into()),
        ),
    ]
}

/// A run in the middle of its copy.
pub fn run(size: (u16, u16), theme: Theme) -> (Model, RunId) {
    let mut model = board(size, theme);
    let id = RunId::parse("0193abcd0193abcd0193abcd0193abcd").unwrap();
    let plan = promotion("prod", Confirmation::Plain, allowed());
    tell(&mut model, Msg::Started(Ok((id.clone(), Box::new(plan)))));
    let log = |level, line: &str| EventKind::Log {
        step: Some(step(StepKind::Copy)),
        level,
        line: line.to_owned(),
    };
    let copy = step(StepKind::Copy);
    let happenings = [
        (
            0,
            EventKind::StepStarted {
                step: step(StepKind::Gate),
            },
        ),
        (
            240,
            EventKind::StepEnded {
                step: step(StepKind::Gate),
                outcome: StepOutcome::Done("2 gates allow it".into()),
            },
        ),
        (240, EventKind::StepStarted { step: copy }),
        (
            300,
            log(Level::Info, "the index has 2 platforms, 11 blobs, 2 referrers"),
        ),
        (
            310,
            EventKind::ItemStarted {
                step: copy,
                item: digest(50).to_string(),
                label: digest(50).short(),
                unit: Unit::Bytes,
                total: 18_200_000,
            },
        ),
        (
            320,
            EventKind::ItemStarted {
                step: copy,
                item: digest(51).to_string(),
                label: digest(51).short(),
                unit: Unit::Bytes,
                total: 12_000_000,
            },
        ),
        (
            330,
            EventKind::ItemDone {
                step: copy,
                item: digest(52).to_string(),
                result: "present".into(),
            },
        ),
        (
            900,
            EventKind::ItemMoved {
                step: copy,
                item: digest(50).to_string(),
                done: 14_200_000,
            },
        ),
        (
            950,
            EventKind::ItemMoved {
                step: copy,
                item: digest(51).to_string(),
                done: 6_300_000,
            },
        ),
        (
            990,
            log(
                Level::Warning,
                "prod.example.com asked to wait 2 s (429); nothing is lost, and the copy goes on from where it is",
            ),
        ),
    ];
    for (after, happening) in happenings {
        tell(&mut model, event(&id, after, happening));
    }
    tell(&mut model, Msg::Now(now() + SignedDuration::from_millis(7_400)));
    (model, id)
}

pub fn event(run: &RunId, after: i64, happening: EventKind) -> Msg {
    Msg::Event(Event {
        run: run.clone(),
        at: now() + SignedDuration::from_millis(after),
        happening,
    })
}

/// A character that is typed.
pub fn key(c: char) -> Msg {
    Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
}

/// Gives the model a message.
pub fn tell(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update(model, msg)
}

/// The findings of a candidate, as they are after `f`: one that counts, one that was waived, one without a fix.
pub fn findings(size: (u16, u16), theme: Theme) -> Model {
    let mut model = board(size, theme);
    tell(&mut model, key('f'));
    let commit = model.findings.as_ref().unwrap().commit.clone();
    let finding = |id: &str, severity, package: &str, fixed: Option<&str>| Finding {
        kind: windlass::domain::FindingKind::Vulnerability,
        id: id.into(),
        aliases: vec!["GHSA-aaaa-bbbb-cccc".into()],
        severity,
        package: package.into(),
        purl: Some(format!("pkg:apk/alpine/{package}@3.3.1-r0")),
        installed: "3.3.1-r0".into(),
        fixed: fixed.map(str::to_owned),
        title: format!("{package} reads beyond the end of a buffer"),
        url: Some(format!("https://avd.example.com/{id}")),
    };
    let judged = |finding, standing| Judged {
        finding,
        only_on: Vec::new(),
        exploited: false,
        standing,
    };
    let waiver = Suppression::Waiver {
        reason: "nothing here speaks TLS".into(),
        owner: "Ana Ruiz".into(),
        expires: "2026-12-31".parse().unwrap(),
    };
    let judgement = Judgement {
        verdict: Verdict::Refused(
            "1 critical, and none is allowed: CVE-2099-0001 in libcrypto3 3.3.1-r0".into(),
        ),
        findings: vec![
            judged(
                finding(
                    "CVE-2099-0001",
                    Severity::Critical,
                    "libcrypto3",
                    Some("3.3.9-r9"),
                ),
                Standing::Counts { waived_until: None },
            ),
            judged(
                finding("CVE-2099-0002", Severity::High, "libcrypto3", Some("3.3.8-r0")),
                Standing::Suppressed { by: waiver },
            ),
            judged(
                finding("CVE-2099-0003", Severity::Medium, "busybox", None),
                Standing::Passes {
                    why: "no limit for medium".into(),
                },
            ),
        ],
        notes: vec!["the waiver of CVE-2020-1 matches nothing".into()],
    };
    let known = Findings::new(
        judgement,
        Some("prod".parse().unwrap()),
        Some(ago(2)),
        Some(ago(20)),
    );
    tell(
        &mut model,
        Msg::Examined(commit, Content::Known(std::sync::Arc::new(known))),
    );
    model
}
