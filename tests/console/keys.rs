//! What keys, events and answers make of the model, and what they ask of the world.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use windlass::board::Cell;
use windlass::domain::{Confirmation, Exit};
use windlass::engine::{EventKind, Level, RunId};
use windlass::tui::dialogs::Dialog;
use windlass::tui::screens::Screen;
use windlass::tui::screens::findings::Content;
use windlass::tui::screens::run::Pane;
use windlass::tui::session::{Effect, Message, Model, Msg, PlanReady, Request};

use crate::sample::{self, COLOUR, allowed, commit, event, promotion, refused, tell};

const SIZE: (u16, u16) = (120, 40);

fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    tell(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn write(model: &mut Model, text: &str) {
    for c in text.chars() {
        press(model, KeyCode::Char(c));
    }
}

fn interrupt(model: &mut Model) -> Vec<Effect> {
    tell(
        model,
        Msg::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)),
    )
}

fn answer(model: &mut Model, plan: windlass::domain::Plan, asks_password: bool) {
    let planned = PlanReady {
        plan,
        asks_password,
        version: Some("1.5.0".into()),
    };
    tell(model, Msg::PlanReady(model.ticket, Ok(Box::new(planned))));
}

fn starts(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Start(..)))
}

#[test]
fn p_plans_the_promotion_to_the_next_environment() {
    let mut model = sample::board(SIZE, COLOUR);
    let effects = press(&mut model, KeyCode::Char('p'));
    let wanted = Request::promotion(&commit(1), "stage".parse().unwrap());
    assert!(matches!(&effects[..], [Effect::Plan(1, request)] if *request == wanted));
}

#[test]
fn a_key_that_does_nothing_here_says_why() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, KeyCode::Char('j'));
    press(&mut model, KeyCode::Char('j'));
    assert!(press(&mut model, KeyCode::Char('p')).is_empty());
    assert!(model.notice.as_ref().unwrap().text.contains("no image"));
}

#[test]
fn an_environment_that_has_not_answered_is_not_one_that_has_the_image() {
    let mut model = sample::board(SIZE, COLOUR);
    let places = &mut model.board.rows[0].facts.places;
    for place in places.iter_mut() {
        place.there = Cell::Ready(true);
    }
    places[1].there = Cell::Loading;
    assert!(press(&mut model, KeyCode::Char('p')).is_empty());
    assert_eq!(model.notice.as_ref().unwrap().text, "stage has not answered yet");
    model.board.rows[0].facts.places[1].there = Cell::Failed("connection refused".into());
    press(&mut model, KeyCode::Char('p'));
    assert_eq!(
        model.notice.as_ref().unwrap().text,
        "could not reach stage: connection refused"
    );
}

#[test]
fn a_read_only_console_plans_nothing_that_writes() {
    let mut model = sample::board(SIZE, COLOUR);
    model.read_only = true;
    for key in ['p', 'c', 's'] {
        assert!(press(&mut model, KeyCode::Char(key)).is_empty());
        assert!(model.notice.as_ref().unwrap().text.contains("read-only"), "{key}");
    }
}

#[test]
fn a_protected_environment_is_confirmed_by_typing_and_by_nothing_else() {
    let mut model = sample::board(SIZE, COLOUR);
    answer(
        &mut model,
        promotion("prod", Confirmation::Typed("prod 1f9a2b".into()), allowed()),
        false,
    );
    assert!(!starts(&press(&mut model, KeyCode::Enter)));
    tell(&mut model, Msg::Paste("prod 1f9a2b".into()));
    assert!(!starts(&press(&mut model, KeyCode::Enter)));
    write(&mut model, "prod 1f9a2");
    assert!(!starts(&press(&mut model, KeyCode::Enter)));
    write(&mut model, "b");
    assert!(starts(&press(&mut model, KeyCode::Enter)));
}

#[test]
fn a_refused_plan_cannot_be_started() {
    let mut model = sample::board(SIZE, COLOUR);
    answer(
        &mut model,
        promotion("prod", Confirmation::Plain, refused()),
        false,
    );
    assert!(!starts(&press(&mut model, KeyCode::Enter)));
    assert!(model.dialogs.is_empty());
}

#[test]
fn a_plan_that_was_cancelled_does_not_come_back() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, KeyCode::Char('p'));
    let ticket = model.ticket;
    press(&mut model, KeyCode::Esc);
    let plan = promotion("stage", Confirmation::Plain, allowed());
    let planned = PlanReady {
        plan,
        asks_password: false,
        version: None,
    };
    tell(&mut model, Msg::PlanReady(ticket, Ok(Box::new(planned))));
    assert!(model.dialogs.is_empty());
}

#[test]
fn a_password_is_asked_for_once_and_never_shown() {
    let mut model = sample::board(SIZE, COLOUR);
    answer(
        &mut model,
        promotion("prod", Confirmation::Plain, allowed()),
        true,
    );
    assert!(!starts(&press(&mut model, KeyCode::Enter)));
    write(&mut model, "hunter2");
    assert!(!format!("{:?}", model.dialogs).contains("hunter2"));
    let effects = press(&mut model, KeyCode::Enter);
    assert!(matches!(&effects[..], [Effect::Start(_, Some(_))]));
    assert!(!format!("{effects:?}").contains("hunter2"));
}

#[test]
fn an_edited_version_is_planned_again_before_anything_is_cut() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, KeyCode::Char('c'));
    let mut plan = promotion("prod", Confirmation::Plain, allowed());
    plan.operation = windlass::domain::Operation::Cut(windlass::domain::operation::Cut {
        branch: "release/v1.5.0".into(),
        remote: "origin".into(),
        reason: None,
    });
    answer(&mut model, plan.clone(), false);
    press(&mut model, KeyCode::Backspace);
    write(&mut model, "1");
    let effects = press(&mut model, KeyCode::Enter);
    assert!(matches!(
        &crate::hands::requests(&effects)[..],
        [windlass::engine::Request::Cut(cut)] if cut.version.as_deref() == Some("1.5.1") && cut.reason.is_none()
    ));
    answer(&mut model, plan, false);
    assert!(starts(&press(&mut model, KeyCode::Enter)));
}

#[test]
fn gates_are_asked_when_the_selection_rests_and_only_once() {
    let mut model = sample::board(SIZE, COLOUR);
    assert!(press(&mut model, KeyCode::Down).is_empty());
    let effects = tell(&mut model, Msg::Now(sample::now()));
    assert!(matches!(&effects[..], [Effect::AskGates(c, _)] if *c == commit(2)));
    assert!(tell(&mut model, Msg::Now(sample::now())).is_empty());
}

#[test]
fn only_rows_in_sight_are_looked_up_and_the_selected_one_first() {
    let mut model = sample::empty((80, 24), COLOUR);
    tell(&mut model, Msg::Resize(80, 24));
    let rows = (0..500)
        .map(|seed| sample::row(seed, 1, "Ana Ruiz", "feat: one of many"))
        .collect();
    tell(&mut model, Msg::Commits(rows, true));
    let effects = press(&mut model, KeyCode::Char('G'));
    let [Effect::LookAt(wished)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(wished.len(), model.board.height);
    assert_eq!(wished[0], commit(499));
}

#[test]
fn search_goes_to_the_match_while_it_is_typed_and_n_goes_on() {
    let mut model = sample::board(SIZE, COLOUR);
    write(&mut model, "/ledger");
    assert_eq!(model.board.selected, 2);
    press(&mut model, KeyCode::Enter);
    press(&mut model, KeyCode::Char('n'));
    assert_eq!(model.board.selected, 3);
    press(&mut model, KeyCode::Char('n'));
    assert_eq!(model.board.selected, 2);
    press(&mut model, KeyCode::Char('N'));
    assert_eq!(model.board.selected, 3);
}

#[test]
fn the_wheel_and_a_click_move_the_selection() {
    let mut model = sample::board(SIZE, COLOUR);
    let mouse = |kind, row| MouseEvent {
        kind,
        column: 10,
        row,
        modifiers: KeyModifiers::NONE,
    };
    tell(&mut model, Msg::Mouse(mouse(MouseEventKind::ScrollDown, 6)));
    assert_eq!(model.board.selected, 3);
    let click = MouseEventKind::Down(crossterm::event::MouseButton::Left);
    tell(&mut model, Msg::Mouse(mouse(click, 5)));
    assert_eq!(model.board.selected, 1);
}

#[test]
fn ctrl_c_stops_the_run_and_does_not_leave_the_console() {
    let (mut model, _) = sample::run(SIZE, COLOUR);
    assert!(matches!(&interrupt(&mut model)[..], [Effect::Stop(_)]));
    assert!(model.runs.shown().unwrap().stopping);
    assert!(interrupt(&mut model).is_empty());
}

#[test]
fn leaving_while_a_run_is_at_work_waits_for_its_end() {
    let (mut model, id) = sample::run(SIZE, COLOUR);
    press(&mut model, KeyCode::Char('q'));
    assert!(matches!(model.dialogs.top(), Some(Dialog::Quit(_))));
    assert!(matches!(
        &press(&mut model, KeyCode::Enter)[..],
        [Effect::Stop(_)]
    ));
    let effects = tell(&mut model, event(&id, 8_000, ended()));
    assert!(matches!(&effects[..], [Effect::Quit]));
}

fn ended() -> EventKind {
    EventKind::RunEnded {
        exit: Exit::Interrupted,
        summary: "interrupted".into(),
        hint: None,
        places: Vec::new(),
    }
}

#[test]
fn a_run_goes_on_when_it_is_left_with_esc_and_at_its_end_the_board_is_refreshed() {
    let (mut model, id) = sample::run(SIZE, COLOUR);
    press(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Board);
    assert!(model.is_running());
    press(&mut model, KeyCode::Char('w'));
    assert_eq!(model.screen, Screen::Run);
    assert!(matches!(
        &tell(&mut model, event(&id, 8_000, ended()))[..],
        [Effect::Refresh]
    ));
    press(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Board);
}

#[test]
fn events_of_another_run_change_nothing() {
    let (mut model, _) = sample::run(SIZE, COLOUR);
    let other = RunId::parse("ffffffffffffffffffffffffffffffff").unwrap();
    tell(&mut model, event(&other, 1, ended()));
    assert!(model.is_running());
}

#[test]
fn scrolling_up_stops_following_and_the_end_follows_again() {
    let (mut model, id) = sample::run((80, 24), COLOUR);
    for line in 0..100 {
        let line = format!("line {line}");
        let step = Some(sample::step(windlass::domain::StepKind::Copy));
        tell(
            &mut model,
            event(
                &id,
                1_000,
                EventKind::Log {
                    step,
                    level: Level::Info,
                    line,
                },
            ),
        );
    }
    press(&mut model, KeyCode::Tab);
    assert_eq!(model.runs.shown().unwrap().pane, Pane::Log);
    press(&mut model, KeyCode::Up);
    assert!(!model.runs.shown().unwrap().follow);
    press(&mut model, KeyCode::Char('G'));
    assert!(model.runs.shown().unwrap().follow);
    press(&mut model, KeyCode::Char('e'));
    let run = model.runs.shown().unwrap();
    assert_eq!(run.log()[run.scroll].level, Level::Warning);
}

#[test]
fn the_readme_has_the_keys_of_the_table() {
    let readme = include_str!("../../README.md");
    let keys = windlass::tui::screens::table::markdown();
    assert!(readme.contains(&keys), "put this into README.md:\n{keys}");
}

#[test]
fn pasted_text_is_searched_for_as_typed_text_is() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, KeyCode::Char('/'));
    tell(&mut model, Msg::Paste(commit(3).short().to_owned()));
    assert_eq!(model.board.current().unwrap().commit, commit(3));
    tell(&mut model, Msg::Paste("nowhere".into()));
    assert!(model.notice.as_ref().unwrap().text.contains("not found"));
}

#[test]
fn a_plan_that_arrives_under_a_message_is_shown_once_that_was_read() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, KeyCode::Char('p'));
    let verified = Message {
        good: true,
        title: "Verified".into(),
        what: "signed by this key".into(),
        hint: None,
    };
    tell(&mut model, Msg::Told(verified));
    answer(
        &mut model,
        promotion("stage", Confirmation::Plain, allowed()),
        false,
    );
    let effects = press(&mut model, KeyCode::Enter);
    assert!(
        !starts(&effects),
        "the key that closes the message confirms nothing"
    );
    assert!(matches!(model.dialogs.top(), Some(Dialog::Plan(_))));
    assert!(starts(&press(&mut model, KeyCode::Enter)));
}

#[test]
fn findings_are_sorted_filtered_copied_and_opened_by_keys() {
    let mut model = sample::findings((80, 24), COLOUR);
    let ids = |model: &Model| -> Vec<String> {
        let findings = model.findings.as_ref().unwrap();
        (0..findings.shown.len())
            .map(|at| findings.at(at).unwrap().finding.id[9..].to_owned())
            .collect()
    };
    assert_eq!(ids(&model), ["0001", "0002", "0003"]);
    press(&mut model, KeyCode::Char('s'));
    assert_eq!(ids(&model), ["0003", "0001", "0002"], "by package");
    press(&mut model, KeyCode::Char('/'));
    for c in "waived by ana".chars() {
        press(&mut model, KeyCode::Char(c));
    }
    assert_eq!(ids(&model), ["0002"]);
    press(&mut model, KeyCode::Enter);
    let effects = press(&mut model, KeyCode::Char('o'));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Open(url) if url.ends_with("CVE-2099-0002"))),
        "{effects:?}"
    );
    let effects = press(&mut model, KeyCode::Char('y'));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Copy(id) if id == "CVE-2099-0002"))
    );
    press(&mut model, KeyCode::Esc);
    assert_eq!(ids(&model).len(), 3);
    press(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Board);
}

#[test]
fn an_answer_for_another_candidate_is_dropped() {
    let mut model = sample::board((80, 24), COLOUR);
    press(&mut model, KeyCode::Char('f'));
    let message = Message {
        good: false,
        title: "no".into(),
        what: "no".into(),
        hint: None,
    };
    let content = Content::Failed(message);
    tell(&mut model, Msg::Examined(commit(99), content));
    assert!(matches!(model.findings.unwrap().content, Content::Loading));
}
