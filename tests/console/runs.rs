//! Several runs of one service at once: each keeps its own events, and none ends unseen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use windlass::domain::{Confirmation, Exit, StepKind};
use windlass::engine::{EventKind, RunId};
use windlass::tui::dialogs::Dialog;
use windlass::tui::screens::Screen;
use windlass::tui::screens::run::StepState;
use windlass::tui::session::{Effect, Model, Msg};

use crate::hands::{code, notice, press};
use crate::looks::picture;
use crate::sample::{self, COLOUR, allowed, event, promotion, tell};

const SIZE: (u16, u16) = (80, 24);

fn id(digit: char) -> RunId {
    RunId::parse(&digit.to_string().repeat(32)).unwrap()
}

fn begin(model: &mut Model, digit: char, to: &str) -> RunId {
    let plan = promotion(to, Confirmation::Plain, allowed());
    tell(model, Msg::Started(Ok((id(digit), Box::new(plan)))));
    id(digit)
}

/// A board with a run to stage and then one to prod, which is shown.
fn two() -> (Model, RunId, RunId) {
    let mut model = sample::board(SIZE, COLOUR);
    let first = begin(&mut model, 'a', "stage");
    let second = begin(&mut model, 'b', "prod");
    (model, first, second)
}

fn end(model: &mut Model, run: &RunId, exit: Exit, summary: &str) -> Vec<Effect> {
    let happening = EventKind::RunEnded {
        exit,
        summary: summary.to_owned(),
        hint: None,
        places: Vec::new(),
    };
    tell(model, event(run, 9_000, happening))
}

fn shown(model: &Model) -> &RunId {
    &model.runs.shown().unwrap().id
}

#[test]
fn each_run_takes_its_own_events_whichever_is_shown() {
    let (mut model, first, second) = two();
    let started = EventKind::StepStarted {
        step: sample::step(StepKind::Gate),
    };
    tell(&mut model, event(&first, 10, started));
    assert_eq!(*shown(&model), second);
    let is_running = |at: usize| matches!(model.runs.all()[at].steps[0].state, StepState::Running(_));
    assert!(is_running(0) && !is_running(1));
}

#[test]
fn a_second_plan_is_made_and_carried_out_while_a_run_is_active() {
    let mut model = sample::board(SIZE, COLOUR);
    begin(&mut model, 'a', "stage");
    code(&mut model, KeyCode::Esc);
    let asked = press(&mut model, 'p');
    assert_eq!(crate::hands::requests(&asked).len(), 1, "{}", notice(&model));
    crate::hands::answer(&mut model, promotion("prod", Confirmation::Plain, allowed()));
    assert!(crate::hands::starts(&code(&mut model, KeyCode::Enter)));
}

#[test]
fn w_shows_the_only_active_run_and_of_several_the_list() {
    let (mut model, first, second) = two();
    code(&mut model, KeyCode::Esc);
    press(&mut model, 'w');
    assert_eq!(model.screen, Screen::Runs);
    press(&mut model, 'j');
    code(&mut model, KeyCode::Enter);
    assert_eq!((model.screen, shown(&model)), (Screen::Run, &first));
    code(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Runs, "back where one came from");
    code(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Board);
    end(&mut model, &first, Exit::Done, "done");
    press(&mut model, 'w');
    assert_eq!((model.screen, shown(&model)), (Screen::Run, &second));
    press(&mut model, 'W');
    assert_eq!(model.screen, Screen::Runs, "ended ones are in the list, too");
}

#[test]
fn a_run_that_ends_while_another_is_shown_is_told() {
    let (mut model, first, second) = two();
    end(&mut model, &first, Exit::Failed, "promote to stage failed");
    assert_eq!(notice(&model), "promote to stage failed");
    assert!(model.notice.as_ref().unwrap().grave);
    code(&mut model, KeyCode::Esc);
    end(&mut model, &second, Exit::Done, "promote to prod is done");
    assert_eq!(notice(&model), "promote to prod is done");
}

#[test]
fn a_run_that_is_in_sight_tells_of_its_end_itself() {
    let (mut model, _, second) = two();
    end(&mut model, &second, Exit::Done, "promote to prod is done");
    assert!(model.notice.is_none());
}

#[test]
fn ctrl_c_stops_only_the_run_that_is_shown() {
    let (mut model, _, second) = two();
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let effects = tell(&mut model, Msg::Key(interrupt));
    assert!(
        matches!(&effects[..], [Effect::Stop(run)] if *run == second),
        "{effects:?}"
    );
}

#[test]
fn quitting_names_every_run_stops_all_and_waits_for_the_last() {
    let (mut model, first, second) = two();
    press(&mut model, 'q');
    let Some(Dialog::Quit(quit)) = model.dialogs.top() else {
        panic!("{:?}", model.dialogs)
    };
    assert_eq!(
        quit.runs,
        ["payment-svc: promote to stage", "payment-svc: promote to prod"]
    );
    let effects = code(&mut model, KeyCode::Enter);
    assert!(
        matches!(&effects[..], [Effect::Stop(a), Effect::Stop(b)] if *a == first && *b == second),
        "{effects:?}"
    );
    assert!(end(&mut model, &first, Exit::Interrupted, "interrupted").is_empty());
    let effects = end(&mut model, &second, Exit::Interrupted, "interrupted");
    assert!(matches!(&effects[..], [Effect::Quit]), "{effects:?}");
}

#[test]
fn the_oldest_runs_that_ended_are_forgotten_and_no_active_one() {
    let mut model = sample::board(SIZE, COLOUR);
    let active = begin(&mut model, 'a', "stage");
    for at in 0..40_u128 {
        let id = RunId::parse(&format!("{at:032x}")).unwrap();
        let plan = Box::new(promotion("prod", Confirmation::Plain, allowed()));
        tell(&mut model, Msg::Started(Ok((id.clone(), plan))));
        end(&mut model, &id, Exit::Done, "done");
    }
    assert!(model.runs.all().len() < 30, "{}", model.runs.all().len());
    assert_eq!(model.runs.all()[0].id, active);
}

#[test]
fn the_list_says_of_each_run_how_far_it_is() {
    let (mut model, first, second) = two();
    let started = EventKind::StepStarted {
        step: sample::step(StepKind::Copy),
    };
    tell(&mut model, event(&second, 500, started));
    end(&mut model, &first, Exit::Done, "sha-2b2e927 is in stage");
    press(&mut model, 'W');
    insta::assert_snapshot!("runs_80x24", picture(&model));
}
