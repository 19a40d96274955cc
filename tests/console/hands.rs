//! What hands do, and what becomes of it: keys, answers, and the effects that are asked for.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use windlass::domain::Plan;
use windlass::engine::Request;
use windlass::tui::session::{Effect, Model, Msg, PlanReady};

use crate::sample::release_flow::{self as flow, failure};
use crate::sample::{COLOUR, key, tell};

pub const SIZE: (u16, u16) = (120, 40);

pub fn press(model: &mut Model, c: char) -> Vec<Effect> {
    tell(model, key(c))
}

pub fn code(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    tell(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

pub fn write(model: &mut Model, text: &str) {
    for c in text.chars() {
        press(model, c);
    }
}

pub fn answer(model: &mut Model, plan: Plan) -> Vec<Effect> {
    let planned = PlanReady {
        plan,
        asks_password: false,
        version: None,
    };
    tell(model, Msg::PlanReady(model.ticket, Ok(Box::new(planned))))
}

pub fn refuse(model: &mut Model) {
    let ticket = model.ticket;
    tell(
        model,
        Msg::PlanReady(ticket, Err(failure("Could not make a plan"))),
    );
}

pub fn requests(effects: &[Effect]) -> Vec<Request> {
    let plans = effects.iter().filter_map(|effect| match effect {
        Effect::Plan(_, request) => Some(request.asked.clone()),
        _ => None,
    });
    plans.collect()
}

pub fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| &notice.text)
}

pub fn starts(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Start(..)))
}

/// Selects the release at that place.
pub fn at(place: usize) -> Model {
    let mut model = flow::releases(SIZE, COLOUR);
    for _ in 0..place {
        press(&mut model, 'j');
    }
    model
}

/// The keyboard on the environments, with stage selected.
pub fn on_stage() -> Model {
    let mut model = at(0);
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Up);
    model
}
