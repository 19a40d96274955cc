//! Runs on GitHub in the console: listed with those of this machine, followed, and what waits in them approved.

use crossterm::event::KeyCode;
use jiff::{SignedDuration, Timestamp};
use windlass::domain::{Exit, RunTitle};
use windlass::engine::{DeploymentReview, EventKind, Level, RemoteRun, RemoteRuns, RunId, WaitingRun};
use windlass::github::{Conclusion, PendingDeployment, Progress, Reviewer, WorkflowRun};
use windlass::tui::dialogs::Dialog;
use windlass::tui::screens::Screen;
use windlass::tui::screens::runs::PastRun;
use windlass::tui::session::{Effect, Message, Model, Msg};

use crate::hands::{code, notice, press, write};
use crate::looks::picture;
use crate::sample::{self, COLOUR, digest, event, now, tell};

const SIZE: (u16, u16) = (120, 40);
const NUMBER: u64 = 16_512_345_678;

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn pending(environment: &str, may_approve: bool) -> PendingDeployment {
    PendingDeployment {
        environment_id: 71,
        environment: environment.to_owned(),
        reviewers: vec![
            Reviewer::User("ana".to_owned()),
            Reviewer::Team("release-managers".to_owned()),
        ],
        may_approve,
        waits_until: None,
        prevents_self_review: Some(true),
    }
}

fn workflow_run(number: u64, minutes: i64, progress: Progress) -> WorkflowRun {
    let title = format!("promote-prod {} (plan 7c1d-42ab, {})", digest(3), "e".repeat(32));
    WorkflowRun {
        id: number,
        attempt: 1,
        title,
        path: ".github/workflows/promote-prod.yml".to_owned(),
        progress,
        url: format!("https://github.com/acme/app/actions/runs/{number}"),
        head_sha: "c".repeat(40),
        actor: Some("omar".to_owned()),
        created: ago(minutes),
    }
}

fn remote(number: u64, minutes: i64, progress: Progress) -> RemoteRun {
    let run = workflow_run(number, minutes, progress);
    let waits = progress == Progress::Waiting;
    RemoteRun {
        said: RunTitle {
            correlation: None,
            ..RunTitle::parse(&run.title)
        },
        environment: Some("prod".to_owned()),
        pending: if waits {
            vec![pending("prod", true)]
        } else {
            Vec::new()
        },
        run,
    }
}

fn listed(model: &mut Model, runs: Vec<RemoteRun>) {
    let listed = RemoteRuns {
        runs,
        remaining: Some(4321),
        at: model.now,
    };
    tell(model, Msg::RemoteRuns(Ok(Some(listed))));
}

fn past(digit: char, minutes: i64, ended: Option<Exit>) -> PastRun {
    PastRun {
        id: RunId::parse(&digit.to_string().repeat(32)).unwrap(),
        title: "promote to stage".to_owned(),
        started: ago(minutes),
        ended: ended.map(|exit| (exit, ago(minutes - 1))),
        digest: Some(digest(3)),
        actor: "ana@desk".to_owned(),
    }
}

/// The list of runs, with one that waits, one that is done and the journals of this machine.
fn list() -> Model {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'w');
    listed(
        &mut model,
        vec![
            remote(NUMBER, 5, Progress::Waiting),
            remote(NUMBER - 1, 90, Progress::Ended(Conclusion::Success)),
        ],
    );
    let runs = vec![
        past('a', 30, Some(Exit::Done)),
        past('e', 95, Some(Exit::StillRunning)),
    ];
    tell(&mut model, Msg::PastRuns(Ok(runs)));
    model
}

fn waiting(environments: &[(&str, bool)]) -> WaitingRun {
    let pending = environments.iter().map(|(name, may)| pending(name, *may));
    WaitingRun {
        run: workflow_run(NUMBER, 5, Progress::Waiting),
        digest: Some(digest(3)),
        plan: Some("7c1d-42ab".to_owned()),
        tag: None,
        pending: pending.collect(),
    }
}

/// The dialog about the run that waits, as the key opens it.
fn review(waiting: WaitingRun) -> Model {
    let mut model = list();
    let asked = press(&mut model, 'a');
    let [Effect::WaitingRun(ticket, NUMBER)] = asked[..] else {
        panic!("{asked:?}")
    };
    tell(&mut model, Msg::WaitingRun(ticket, Ok(Box::new(waiting))));
    model
}

fn sent(effects: &[Effect]) -> &DeploymentReview {
    match effects {
        [Effect::Review(review)] => review,
        other => panic!("{other:?}"),
    }
}

#[test]
fn runs_on_github_are_listed_by_time_with_those_of_this_machine_each_once() {
    let mut model = sample::board(SIZE, COLOUR);
    let asked = press(&mut model, 'w');
    assert!(
        matches!(&asked[..], [Effect::PastRuns, Effect::RemoteRuns]),
        "{asked:?}"
    );
    let mut model = list();
    let mut own = remote(NUMBER - 1, 94, Progress::Running);
    own.said.correlation = Some("e".repeat(32));
    listed(&mut model, vec![remote(NUMBER, 5, Progress::Waiting), own]);
    let rows = model.runs.rows();
    let known: Vec<_> = rows
        .iter()
        .map(|row| (row.number(), row.past.map(|past| past.id.short().to_owned())))
        .collect();
    assert_eq!(
        known,
        [
            (Some(NUMBER), None),
            (None, Some("a".repeat(8))),
            (Some(NUMBER - 1), Some("e".repeat(8)))
        ]
    );
    drop(rows);
    insta::assert_snapshot!("runs_of_github_120x40", picture(&model));
}

#[test]
fn what_cannot_be_listed_leaves_what_was_known_in_sight_with_its_age() {
    let mut model = list();
    let why = Message {
        good: false,
        title: "Could not list the runs on GitHub".to_owned(),
        what: "could not reach GitHub at api.github.com: refused".to_owned(),
        hint: None,
    };
    tell(&mut model, Msg::RemoteRuns(Err(why)));
    assert!(picture(&model).contains("not reachable since"));
    assert_eq!(model.runs.rows().len(), 4);
}

#[test]
fn a_run_that_somebody_else_began_is_followed_live_and_is_not_stopped_with_the_console() {
    let mut model = list();
    let effects = code(&mut model, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Follow(NUMBER)]), "{effects:?}");
    assert_eq!(model.screen, Screen::Run);
    let id = RunId::of_workflow_run(NUMBER);
    let line = EventKind::Log {
        step: None,
        level: Level::Warning,
        line: "waiting for the approval of prod by ana".to_owned(),
    };
    let asked = tell(&mut model, event(&id, 10, line));
    assert!(matches!(asked[..], [Effect::RemoteRuns]), "{asked:?}");
    assert!(picture(&model).contains("waiting for the approval of prod by ana"));
    assert!(picture(&model).contains("waits for prod"));
    // A second one at the same time.
    code(&mut model, KeyCode::Esc);
    code(&mut model, KeyCode::Down);
    code(&mut model, KeyCode::Down);
    let effects = code(&mut model, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Follow(other)] if other == NUMBER - 1));
    assert_eq!(model.runs.all().len(), 2);
    let effects = press(&mut model, 'q');
    assert!(matches!(effects[..], [Effect::Quit]), "{effects:?}");
}

#[test]
fn a_run_of_this_machine_that_was_left_is_followed_on_github_again_and_another_is_read_from_its_journal() {
    let mut model = list();
    let mut own = remote(NUMBER - 1, 94, Progress::Running);
    own.said.correlation = Some("e".repeat(32));
    listed(&mut model, vec![own]);
    code(&mut model, KeyCode::End);
    let effects = code(&mut model, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Follow(number)] if number == NUMBER - 1));
    code(&mut model, KeyCode::Esc);
    press(&mut model, 'g');
    let effects = code(&mut model, KeyCode::Enter);
    assert!(
        matches!(&effects[..], [Effect::Replay(id)] if id.short() == "aaaaaaaa"),
        "{effects:?}"
    );
}

#[test]
fn the_dialog_names_environment_digest_plan_and_reviewers_and_approves_that_alone() {
    let mut model = review(waiting(&[("prod", true)]));
    insta::assert_snapshot!("review_120x40", picture(&model));
    write(&mut model, "tested on stage");
    let effects = code(&mut model, KeyCode::Enter);
    let asked = sent(&effects).clone();
    let expected = DeploymentReview {
        number: NUMBER,
        environment: "prod".to_owned(),
        approved: true,
        comment: "tested on stage".to_owned(),
        digest: digest(3),
    };
    assert_eq!(asked, expected);
    // It is sent once, however often Enter is pressed.
    assert!(code(&mut model, KeyCode::Enter).is_empty());
    tell(&mut model, Msg::Reviewed(asked, Ok(())));
    assert!(model.dialogs.is_empty());
    assert!(notice(&model).starts_with("approved prod in run 16512345678"));
}

#[test]
fn of_several_environments_the_chosen_one_is_rejected_with_the_digest_and_the_plan_as_comment() {
    let mut model = review(waiting(&[("audit", false), ("prod", true)]));
    code(&mut model, KeyCode::BackTab);
    code(&mut model, KeyCode::Right);
    let effects = code(&mut model, KeyCode::Enter);
    let asked = sent(&effects);
    assert_eq!((asked.environment.as_str(), asked.approved), ("prod", false));
    assert_eq!(asked.comment, format!("{}, plan 7c1d-42ab", digest(3)));
}

#[test]
fn what_may_not_be_approved_says_why_and_sends_nothing() {
    let mut unknown = waiting(&[("prod", true)]);
    unknown.digest = None;
    for (waiting, why) in [
        (waiting(&[("prod", false)]), "this token may not review prod"),
        (unknown, "does not say which digest"),
    ] {
        let mut model = review(waiting);
        assert!(picture(&model).contains(why), "{}", picture(&model));
        assert!(code(&mut model, KeyCode::Enter).is_empty());
    }
    let mut model = review(waiting(&[("prod", true)]));
    model.read_only = true;
    assert!(code(&mut model, KeyCode::Enter).is_empty());
}

#[test]
fn the_answer_about_a_run_that_nobody_waits_for_any_more_opens_nothing() {
    let mut model = list();
    press(&mut model, 'a');
    let ticket = model.ticket;
    code(&mut model, KeyCode::Esc);
    let answer = Box::new(waiting(&[("prod", true)]));
    tell(&mut model, Msg::WaitingRun(ticket, Ok(answer)));
    assert!(!matches!(model.dialogs.top(), Some(Dialog::Review(_))));
}

#[test]
fn the_board_says_that_a_run_waits_and_asks_github_only_while_somebody_looks() {
    let mut model = sample::board(SIZE, COLOUR);
    let at = |minutes: i64| Msg::Now(now() + SignedDuration::from_mins(minutes));
    let asks = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::RemoteRuns));
    assert!(!asks(tell(&mut model, at(0))), "no environment runs on GitHub");
    model.runs.remote.is_runner = true;
    assert!(asks(tell(&mut model, at(0))));
    listed(&mut model, vec![remote(NUMBER, 5, Progress::Waiting)]);
    assert!(picture(&model).contains("1 run waits for you"));
    assert!(!asks(tell(&mut model, at(0))));
    assert!(asks(tell(&mut model, at(1))));
    listed(&mut model, Vec::new());
    assert!(
        !asks(tell(&mut model, at(10))),
        "nobody has pressed a key for long"
    );
    code(&mut model, KeyCode::Down);
    assert!(asks(tell(&mut model, at(10))));
}
