//! Every screen, painted into a buffer: its text as a picture, and its styles as a fingerprint, so that a colour that
//! changes is seen as well.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;
use windlass::domain::{Confirmation, Digest, Exit, Judgement, StepKind, Verdict};
use windlass::engine::{EventKind, Level, Place, StepOutcome};
use windlass::tui::app::theme::Theme;
use windlass::tui::dialogs::Dialog;
use windlass::tui::screens::findings::{Content, Findings};
use windlass::tui::session::{Console, Message, Model, Msg, PlanReady};

use crate::sample::{self, COLOUR, allowed, commit, promotion, refused, tell};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The text of a frame, its lines without blanks at the end, and a fingerprint of all styles.
pub fn picture(model: &Model) -> String {
    let buffer = painted(model);
    let width = usize::from(model.size.0);
    let mut text = String::new();
    for line in buffer.content.chunks(width) {
        let mut skip = 0;
        let mut shown = String::new();
        for cell in line {
            if skip == 0 {
                shown.push_str(cell.symbol());
            }
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol())
                .max(skip)
                .saturating_sub(1);
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    let styles: Vec<_> = buffer
        .content
        .iter()
        .map(|cell| format!("{:?}", cell.style()))
        .collect();
    format!(
        "{text}styles {}",
        Digest::of(styles.join("\n").as_bytes()).short()
    )
}

pub fn painted(model: &Model) -> Buffer {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let mut buffer = Buffer::empty(area);
    Console(model).render(area, &mut buffer);
    buffer
}

fn press(model: &mut Model, code: KeyCode) {
    tell(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

pub fn show(name: &str, paint: impl Fn((u16, u16)) -> Model) {
    for size in SIZES {
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), picture(&paint(size)));
    }
}

fn planned(model: &mut Model, confirmation: Confirmation, gates: Vec<windlass::domain::Gate>) {
    let plan = promotion("prod", confirmation, gates);
    let planned = PlanReady {
        plan,
        asks_password: false,
        version: None,
    };
    tell(model, Msg::PlanReady(0, Ok(Box::new(planned))));
}

#[test]
fn the_board_answers_what_runs_where_and_what_can_go_on() {
    show("board", |size| sample::board(size, COLOUR));
}

#[test]
fn the_board_before_anything_is_known_says_what_it_waits_for() {
    show("board_loading", |size| sample::empty(size, COLOUR));
}

#[test]
fn the_details_say_why_a_candidate_may_not_go_on() {
    show("details", |size| {
        let mut model = sample::board(size, COLOUR);
        for _ in 0..3 {
            press(&mut model, KeyCode::Down);
        }
        if size.0 < 100 {
            press(&mut model, KeyCode::Enter);
        }
        model
    });
}

#[test]
fn findings_say_what_counts_and_why_the_others_do_not() {
    show("findings", |size| sample::findings(size, COLOUR));
}

#[test]
fn findings_on_their_way_and_findings_that_failed_say_so() {
    show("findings_failed", |size| {
        let mut model = sample::board(size, COLOUR);
        press(&mut model, KeyCode::Char('f'));
        assert!(picture(&model).contains("loading the attached reports"));
        let commit = model.findings.as_ref().unwrap().commit.clone();
        let message = Message {
            good: false,
            title: "Could not read the findings".into(),
            what: "registry.example.com does not answer".into(),
            hint: Some("`windlass doctor` looks at each registry".into()),
        };
        tell(&mut model, Msg::Examined(commit, Content::Failed(message)));
        model
    });
}

#[test]
fn findings_without_colour_and_beyond_ascii_say_the_same() {
    let plain = Theme {
        colour: false,
        ascii: true,
    };
    let picture = picture(&sample::findings((80, 24), plain));
    assert!(picture.contains("x refused for prod: 1 critical"), "{picture}");
    assert!(picture.lines().take(24).all(str::is_ascii), "{picture}");
}

#[test]
fn findings_of_an_image_that_nobody_scanned_are_not_none() {
    let mut model = sample::findings((80, 24), COLOUR);
    let commit = model.findings.as_ref().unwrap().commit.clone();
    let judgement = Judgement {
        verdict: Verdict::Unknown("no scan report is attached to this digest".into()),
        findings: Vec::new(),
        notes: Vec::new(),
    };
    let known = Findings::new(judgement, None, None, None).with_gaps(vec!["not scanned".into()]);
    let known = Content::Known(std::sync::Arc::new(known));
    tell(&mut model, Msg::Examined(commit, known));
    let picture = picture(&model);
    assert!(picture.contains("not scanned"), "{picture}");
    assert!(
        !picture.contains("0 findings") && !picture.contains("no findings"),
        "{picture}"
    );
}

#[test]
fn a_plan_shows_gates_steps_costs_and_asks_to_be_typed_where_it_is_protected() {
    show("plan_typed", |size| {
        let mut model = sample::board(size, COLOUR);
        planned(&mut model, Confirmation::Typed("prod 1f9a2b".into()), allowed());
        model
    });
}

#[test]
fn a_refused_plan_says_by_what_and_that_there_is_no_way_around() {
    show("plan_refused", |size| {
        let mut model = sample::board(size, COLOUR);
        planned(&mut model, Confirmation::Plain, refused());
        model
    });
}

#[test]
fn a_run_shows_steps_progress_and_its_log() {
    show("run", |size| sample::run(size, COLOUR).0);
}

#[test]
fn a_run_that_ended_shows_where_the_digest_is() {
    show("run_done", |size| {
        let (mut model, id) = sample::run(size, COLOUR);
        let done = |step| EventKind::StepEnded {
            step,
            outcome: StepOutcome::Done("done".into()),
        };
        let place = |name: &str| Place {
            environment: name.parse().unwrap(),
            image: format!("{name}.example.com/payment-svc@{}", sample::digest(4))
                .parse()
                .unwrap(),
            digest: sample::digest(4),
        };
        tell(
            &mut model,
            sample::event(&id, 7_000, done(sample::step(StepKind::Copy))),
        );
        let ended = EventKind::RunEnded {
            exit: Exit::Done,
            summary: "promote to prod is done".into(),
            hint: None,
            places: vec![place("stage"), place("prod")],
        };
        tell(&mut model, sample::event(&id, 9_000, ended));
        model
    });
}

#[test]
fn a_log_that_grew_too_long_says_where_its_beginning_is() {
    let (mut model, id) = sample::run((120, 40), COLOUR);
    let log = |number: usize| EventKind::Log {
        step: Some(sample::step(StepKind::Copy)),
        level: Level::Info,
        line: format!("line {number}"),
    };
    let first = |model: &Model| {
        let steps = &model.runs.shown().unwrap().steps;
        let copy = steps.iter().find(|step| step.kind == StepKind::Copy).unwrap();
        (copy.log[0].line.clone(), copy.log.len())
    };
    for number in 0..50_000 {
        tell(&mut model, sample::event(&id, 7_000, log(number)));
        assert!(first(&model).1 <= 20_001);
    }
    assert_eq!(first(&model).0, "earlier lines are only in the journal");
}

#[test]
fn a_run_that_failed_says_what_to_do_now() {
    let (mut model, id) = sample::run((120, 40), COLOUR);
    let why = "prod.example.com broke off the connection";
    let copy = sample::step(StepKind::Copy);
    let log = EventKind::Log {
        step: Some(copy),
        level: Level::Error,
        line: why.into(),
    };
    tell(&mut model, sample::event(&id, 7_000, log));
    let outcome = StepOutcome::Failed(why.into());
    tell(
        &mut model,
        sample::event(&id, 7_000, EventKind::StepEnded { step: copy, outcome }),
    );
    let ended = EventKind::RunEnded {
        exit: Exit::Incomplete,
        summary: format!("promote to prod stopped: {why}"),
        hint: Some("give the same command again; what has been copied stays".into()),
        places: Vec::new(),
    };
    tell(&mut model, sample::event(&id, 7_100, ended));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn what_to_do_after_a_run_is_told_in_full_on_a_small_screen() {
    let (mut model, id) = sample::run((80, 24), COLOUR);
    let ended = EventKind::RunEnded {
        exit: Exit::Conflict,
        summary: "pin prod stopped: payment-svc in prod is locked on origin: stale: acquired by ana@desk, run 0193abcd (promote to prod) 2026-03-12 09:00:00 UTC, expired 4h ago"
            .into(),
        hint: Some(
            "if that run is dead, break its lock with `windlass unlock prod --reason …`, then run the same command again; this run changed nothing"
                .into(),
        ),
        places: Vec::new(),
    };
    tell(&mut model, sample::event(&id, 7_100, ended));
    let picture = picture(&model);
    assert!(
        picture.contains("4h ago") && picture.contains("same command again"),
        "{picture}"
    );
}

#[test]
fn a_release_is_proposed_with_its_checks() {
    let mut model = sample::board((80, 24), COLOUR);
    let mut plan = promotion("prod", Confirmation::Plain, allowed());
    plan.operation = windlass::domain::Operation::Cut(windlass::domain::operation::Cut {
        branch: "release/v1.5.0-sha-2b2e927".into(),
        remote: "origin".into(),
        reason: None,
    });
    plan.commit = Some(commit(4));
    plan.steps.truncate(2);
    let planned = PlanReady {
        plan,
        asks_password: false,
        version: Some("1.5.0".into()),
    };
    tell(&mut model, Msg::PlanReady(0, Ok(Box::new(planned))));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn an_error_says_what_happened_and_what_to_do_now() {
    let mut model = sample::board((80, 24), COLOUR);
    model.dialogs.push(Dialog::Message(Message {
        good: false,
        title: "Could not make a plan".into(),
        what: "registry.example.com/stage/payment-svc: no connection within 10 s".into(),
        hint: Some("look at the network, then press p again; `windlass doctor` tries every registry".into()),
    }));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn the_help_has_every_key() {
    let mut model = sample::board((120, 40), COLOUR);
    press(&mut model, KeyCode::Char('?'));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn without_colour_and_in_ascii_all_is_still_told() {
    let plain = Theme {
        colour: false,
        ascii: true,
    };
    let model = sample::board((80, 24), plain);
    let cells = painted(&model).content;
    let colourless = |cell: &ratatui::buffer::Cell| {
        cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset
    };
    assert!(cells.iter().all(colourless));
    insta::assert_snapshot!("board_plain", picture(&model));
    insta::assert_snapshot!("run_plain", picture(&sample::run((80, 24), plain).0));
}

#[test]
fn a_terminal_that_is_too_small_gets_a_notice() {
    insta::assert_snapshot!(picture(&sample::board((20, 5), COLOUR)));
}

#[test]
fn no_size_makes_any_screen_panic() {
    for width in [0, 1, 7, 20, 39, 40, 41, 59, 79, 99, 100, 101, 300] {
        for height in [0, 1, 2, 5, 9, 10, 11, 18, 50] {
            for screen in 0..11 {
                let size = (width, height);
                let mut model = match screen {
                    1 => sample::run(size, COLOUR).0,
                    4 => sample::findings(size, COLOUR),
                    5.. => crate::release_looks::any(screen - 5, size),
                    _ => sample::board(size, COLOUR),
                };
                match screen {
                    2 => planned(&mut model, Confirmation::Typed("prod 1f9a2b".into()), refused()),
                    3 => press(&mut model, KeyCode::Char('?')),
                    _ => {}
                }
                press(&mut model, KeyCode::Enter);
                painted(&model);
            }
        }
    }
}

#[test]
fn a_terminal_that_shrank_before_it_was_told_is_painted_without_harm() {
    for model in [sample::board((120, 40), COLOUR), sample::run((120, 40), COLOUR).0] {
        for (width, height) in [(80, 24), (20, 5), (1, 1), (0, 0), (120, 10), (30, 40)] {
            let area = Rect::new(0, 0, width, height);
            Console(&model).render(area, &mut Buffer::empty(area));
        }
    }
}
