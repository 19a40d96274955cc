//! Plans are asked for, and answers come: each belongs to the newest request, or to nobody.

use super::message::{Effect, PlanReady};
use super::model::Model;
use super::notice::Message;
use super::request::Request;
use crate::domain::Operation;
use crate::tui::dialogs::{CutDialog, Dialog, Difference, Form, PlanDialog, Planning};
use crate::tui::widgets::text_input::TextInput;

/// Asks for a plan, and says so.
pub(in crate::tui) fn plan(model: &mut Model, asked: Request, effects: &mut Vec<Effect>) {
    say_planning(model, &asked.words());
    request(model, asked, effects);
}

/// Says that something is being prepared.
pub(super) fn say_planning(model: &mut Model, what: &str) {
    let what = what.to_owned();
    model.dialogs.push(Dialog::Planning(Planning { what }));
}

/// Asks for a plan, whatever stands over the screen.
pub(in crate::tui) fn request(model: &mut Model, asked: Request, effects: &mut Vec<Effect>) {
    model.ticket += 1;
    model.asked = Some(asked.clone());
    effects.push(Effect::Plan(model.ticket, asked));
}

pub(in crate::tui) fn on_planned(
    model: &mut Model,
    ticket: u64,
    result: Result<Box<PlanReady>, Message>,
    effects: &mut Vec<Effect>,
) {
    if ticket != model.ticket {
        return;
    }
    // What stands on the dialog that waits, such as a message, stays there: a key that is meant for it confirms nothing.
    let Some((place, waiting)) = model.dialogs.waiting() else {
        let dialog = match result {
            Ok(planned) => planned_dialog(model, *planned, false, effects),
            Err(message) => Dialog::Message(message),
        };
        return model.dialogs.push(dialog);
    };
    match (waiting, result) {
        (Dialog::Cut(cut), Ok(planned)) => {
            cut.asks_password = planned.asks_password;
            cut.plan = Some(Ok(planned.plan));
        }
        (Dialog::Cut(cut), Err(message)) => cut.plan = Some(Err(message)),
        (Dialog::Form(form), Err(message)) => {
            form.waiting = false;
            form.error = Some(message);
        }
        (Dialog::Form(form), Ok(planned)) => {
            form.waiting = false;
            let dialog = planned_dialog(model, *planned, true, effects);
            model.dialogs.insert_above(place, dialog);
            model.dialogs.forget_plans_below(place);
        }
        (_, Ok(planned)) => {
            let dialog = planned_dialog(model, *planned, false, effects);
            model.dialogs.replace(place, dialog);
        }
        (_, Err(message)) => model.dialogs.replace(place, Dialog::Message(message)),
    }
}

/// The dialog of a plan; whether the fields that it was made of are beneath it.
fn planned_dialog(model: &Model, planned: PlanReady, has_fields: bool, effects: &mut Vec<Effect>) -> Dialog {
    if let (Operation::Cut(_), Some(commit)) = (&planned.plan.operation, planned.plan.commit.clone()) {
        return Dialog::Cut(Box::new(CutDialog {
            title: model.board.title_of(&commit),
            version: TextInput::with(planned.version.as_deref().unwrap_or_default()),
            reason: TextInput::default(),
            at_reason: false,
            commit,
            plan: Some(Ok(planned.plan)),
            asks_password: planned.asks_password,
            edited: false,
            scroll: 0,
        }));
    }
    let mut dialog = PlanDialog::of(planned.plan, planned.asks_password);
    let replaced = dialog.plan.operation.replaces().flatten().cloned();
    if let (Some(old), Some(new)) = (replaced, dialog.plan.digest.clone())
        && old != new
    {
        dialog.difference = Difference::Loading;
        effects.push(Effect::Compare(model.ticket, old, new));
    }
    let asked = model.asked.clone();
    // A reason that was given is part of the plan; one that is asked for can be given where it is.
    if let Some(request) = asked.as_ref().filter(|_| dialog.asks_reason().is_some()) {
        dialog.form = Form::of(request, &model.board.graph, Some(&dialog.plan));
    }
    dialog.has_fields = has_fields;
    dialog.request = asked;
    Dialog::Plan(Box::new(dialog))
}

pub(in crate::tui) fn on_compared(model: &mut Model, ticket: u64, result: Result<Vec<String>, String>) {
    let difference = match result {
        Ok(lines) => Difference::Known(lines),
        Err(why) => Difference::Failed(why),
    };
    if ticket != model.ticket {
        return;
    }
    for dialog in model.dialogs.iter_mut() {
        if let Dialog::Plan(dialog) = dialog
            && dialog.difference == Difference::Loading
        {
            dialog.difference = difference.clone();
        }
    }
}

/// Asks how the environments stand, unless that is under way.
pub(in crate::tui) fn standings(model: &mut Model, effects: &mut Vec<Effect>) {
    if !model.standings.asking {
        model.standings.asking = true;
        effects.push(Effect::EnvironmentStatuses);
    }
}
