//! The dialogs of a session: they are given keys, and what they answer is done.

use crossterm::event::KeyEvent;

use super::leaving;
use super::message::Effect;
use super::model::Model;
use super::notice::Notice;
use super::plans;
use crate::domain::Plan;
use crate::tui::dialogs::reply::closes;
use crate::tui::dialogs::{Dialog, Form, FormDialog, PasswordDialog, Reply};

/// Gives a key to the dialog on top.
pub(super) fn on_key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(mut dialog) = model.dialogs.pop() else {
        return;
    };
    let reply = dialog.spec_mut().on_key(key, &model.around());
    match reply {
        Reply::Passed if closes(key) => {
            if dialog.spec().is_waiting() {
                // An answer that is still on its way finds nobody any more.
                model.ticket += 1;
                effects.push(Effect::CancelPlan);
            }
        }
        Reply::Closed => {}
        Reply::Leave => leaving::leave(model, effects),
        Reply::ChangeOptions => change_options(model, dialog),
        Reply::Unlock(plan, password) => start(model, Effect::Start(plan, Some(password)), effects),
        reply => {
            model.dialogs.push(dialog);
            answer(model, reply, effects);
        }
    }
}

/// What a dialog asks for that stays open.
fn answer(model: &mut Model, reply: Reply, effects: &mut Vec<Effect>) {
    match reply {
        Reply::Notice(text) => model.notice = Some(Notice { text, grave: true }),
        Reply::Plan(request) => plans::request(model, request, effects),
        Reply::PlanOf(form) => {
            let request = form.request.clone();
            let mut dialog = FormDialog::of(form, Vec::new());
            dialog.waiting = true;
            model.dialogs.push(Dialog::Form(Box::new(dialog)));
            plans::request(model, request, effects);
        }
        Reply::Fill(form, told) => fill(model, form, told),
        Reply::Review(review) => effects.push(Effect::Review(review)),
        Reply::CarryOut(plan, asks_password) => carry_out(model, plan, asks_password, effects),
        _ => {}
    }
}

/// Opens the dialog that asks for what `request` needs.
pub(in crate::tui) fn open_form(model: &mut Model, request: &super::request::Request, told: Vec<String>) {
    if let Some(form) = Form::of(request, &model.board.graph, None) {
        fill(model, form, told);
    }
}

fn fill(model: &mut Model, form: Form, told: Vec<String>) {
    model
        .dialogs
        .push(Dialog::Form(Box::new(FormDialog::of(form, told))));
}

/// From a plan to the fields that it was made of: they are beneath it, or are asked for anew.
fn change_options(model: &mut Model, dialog: Dialog) {
    if let Some(Dialog::Form(form)) = model.dialogs.top_mut() {
        form.form.at = 0;
        return;
    }
    let fields = match &dialog {
        Dialog::Plan(plan) => plan.options(&model.board.graph),
        _ => None,
    };
    model.dialogs.push(dialog);
    if let Some(form) = fields {
        fill(model, form, Vec::new());
    }
}

fn carry_out(model: &mut Model, plan: Box<Plan>, asks_password: bool, effects: &mut Vec<Effect>) {
    if asks_password {
        let typed = secrecy::SecretString::default();
        model
            .dialogs
            .push(Dialog::Password(PasswordDialog { plan, typed }));
    } else {
        start(model, Effect::Start(plan, None), effects);
    }
}

/// The run is begun: nothing that it was asked for by is confirmed once more.
fn start(model: &mut Model, effect: Effect, effects: &mut Vec<Effect>) {
    model.dialogs.clear();
    plans::say_planning(model, "the run");
    effects.push(effect);
}
