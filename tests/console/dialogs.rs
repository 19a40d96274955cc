//! Dialogs stand on each other: what one was opened from is there again when it is closed.

use crossterm::event::KeyCode;
use windlass::domain::{Confirmation, Plan};
use windlass::engine::Request;
use windlass::tui::dialogs::Dialog;
use windlass::tui::session::{Message, Model, Msg, PlanReady};

use crate::hands::{SIZE, answer, at, code, press, refuse, requests, starts, write};
use crate::sample::release_flow as flow;
use crate::sample::{self, COLOUR, allowed, promotion, refused, tell};

fn plan() -> Plan {
    promotion("stage", Confirmation::Plain, allowed())
}

/// The reason that the fields on top have, if they are on top.
fn reason(model: &Model) -> Option<String> {
    match model.dialogs.top() {
        Some(Dialog::Form(form)) => Some(form.form.fields[0].answer().to_owned()),
        _ => None,
    }
}

fn is_plan(model: &Model) -> bool {
    matches!(model.dialogs.top(), Some(Dialog::Plan(_)))
}

#[test]
fn esc_in_fields_that_were_opened_from_a_choice_returns_to_the_choice() {
    let mut model = at(0);
    press(&mut model, 'B');
    tell(&mut model, Msg::Past("prod".parse().unwrap(), Ok(flow::past())));
    code(&mut model, KeyCode::Down);
    code(&mut model, KeyCode::Enter);
    assert_eq!(reason(&model).as_deref(), Some(""));
    code(&mut model, KeyCode::Esc);
    assert!(
        matches!(model.dialogs.top(), Some(Dialog::Choice(choice)) if choice.selected == 1),
        "as it was left"
    );
    code(&mut model, KeyCode::Esc);
    assert!(model.dialogs.is_empty());
}

#[test]
fn esc_in_a_plan_returns_to_the_fields_that_it_was_made_of_with_their_answers() {
    let mut model = at(0);
    press(&mut model, 'P');
    write(&mut model, "an audit is on");
    code(&mut model, KeyCode::Enter);
    answer(&mut model, plan());
    assert!(is_plan(&model));
    code(&mut model, KeyCode::Esc);
    assert_eq!(reason(&model).as_deref(), Some("an audit is on"));
    write(&mut model, " until Friday");
    let asked = requests(&code(&mut model, KeyCode::Enter));
    assert!(
        matches!(&asked[..], [Request::Pin(pin)] if pin.reason == "an audit is on until Friday"),
        "{asked:?}"
    );
}

#[test]
fn esc_in_the_options_of_a_plan_returns_to_the_plan_and_a_new_plan_takes_its_place() {
    let mut model = at(0);
    press(&mut model, 'p');
    answer(&mut model, promotion("stage", Confirmation::Plain, refused()));
    code(&mut model, KeyCode::Tab);
    assert_eq!(reason(&model).as_deref(), Some(""));
    code(&mut model, KeyCode::Esc);
    assert!(is_plan(&model));
    code(&mut model, KeyCode::Tab);
    write(&mut model, "payouts fail");
    code(&mut model, KeyCode::Enter);
    answer(&mut model, plan());
    assert!(is_plan(&model));
    code(&mut model, KeyCode::Esc);
    assert_eq!(reason(&model).as_deref(), Some("payouts fail"));
    code(&mut model, KeyCode::Esc);
    assert!(model.dialogs.is_empty(), "the refused plan is gone");
}

#[test]
fn a_plan_that_cannot_be_made_says_so_in_the_fields_and_esc_returns_to_the_plan_before() {
    let mut model = at(0);
    press(&mut model, 'p');
    answer(&mut model, plan());
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Enter);
    refuse(&mut model);
    assert!(matches!(model.dialogs.top(), Some(Dialog::Form(form)) if form.error.is_some()));
    code(&mut model, KeyCode::Esc);
    assert!(is_plan(&model));
}

#[test]
fn a_message_over_a_plan_is_read_and_the_plan_is_still_there() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'p');
    answer(&mut model, plan());
    tell(
        &mut model,
        Msg::Told(Message {
            good: true,
            title: "Verified".into(),
            what: "signed by this key".into(),
            hint: None,
        }),
    );
    assert!(!starts(&code(&mut model, KeyCode::Enter)));
    assert!(is_plan(&model));
    assert!(starts(&code(&mut model, KeyCode::Enter)));
}

#[test]
fn a_password_that_is_not_given_returns_to_the_plan() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'p');
    let planned = PlanReady {
        plan: plan(),
        asks_password: true,
        version: None,
    };
    let ticket = model.ticket;
    tell(&mut model, Msg::PlanReady(ticket, Ok(Box::new(planned))));
    code(&mut model, KeyCode::Enter);
    assert!(matches!(model.dialogs.top(), Some(Dialog::Password(_))));
    write(&mut model, "hunter2");
    code(&mut model, KeyCode::Esc);
    assert!(is_plan(&model));
}

#[test]
fn a_key_for_the_help_reaches_nothing_beneath_it() {
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, '?');
    assert!(press(&mut model, 'p').is_empty());
    assert!(model.dialogs.is_empty(), "it is closed");
    assert_eq!(requests(&press(&mut model, 'p')).len(), 1);
}

#[test]
fn esc_is_called_back_where_it_leads_to_another_dialog_and_cancel_where_it_does_not() {
    let mut model = at(0);
    press(&mut model, 'p');
    answer(&mut model, plan());
    let says = |model: &Model, keys: &str| crate::looks::picture(model).contains(keys);
    assert!(says(&model, "promote to stage    Esc cancel"));
    code(&mut model, KeyCode::Tab);
    assert!(says(&model, "Tab next    Esc back"));
}

#[test]
fn the_signs_in_the_help_are_all_in_sight_on_a_small_screen() {
    let mut model = sample::board((80, 24), COLOUR);
    press(&mut model, '?');
    for _ in 0..4 {
        code(&mut model, KeyCode::PageDown);
    }
    let shown = crate::looks::picture(&model);
    assert!(shown.contains("? unknown"), "{shown}");
}
