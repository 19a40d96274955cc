//! Plans are asked for, and answers come: each belongs to the newest request, or to nobody.

use super::message::{Effect, PlanReady};
use super::model::Model;
use super::notice::{Message, Notice};
use super::request::Request;
use crate::domain::Operation;
use crate::tui::dialogs::fields::Form;
use crate::tui::dialogs::model::{CutDialog, Dialog, Difference, PlanDialog};
use crate::tui::widgets::text_input::TextInput;

/// Asks for a plan, and says so.
pub(in crate::tui) fn plan(model: &mut Model, asked: Request, effects: &mut Vec<Effect>) {
    model.dialog = Some(Dialog::Planning(asked.words()));
    request(model, asked, effects);
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
    // Someone reads this message: the Enter that closes it must never confirm a plan that slipped in under it.
    if matches!(model.dialog, Some(Dialog::Message(_))) {
        model.notice = Some(Notice {
            text: "another plan was made in the meantime: try again".to_owned(),
            grave: false,
        });
        return;
    }
    let dialog = match (model.dialog.take(), result) {
        (Some(Dialog::Cut(mut cut)), Ok(planned)) => {
            cut.asks_password = planned.asks_password;
            cut.plan = Some(Ok(planned.plan));
            Dialog::Cut(cut)
        }
        (Some(Dialog::Cut(mut cut)), Err(message)) => {
            cut.plan = Some(Err(message));
            Dialog::Cut(cut)
        }
        (Some(Dialog::Form(mut form)), Err(message)) => {
            form.waiting = false;
            form.error = Some(message);
            Dialog::Form(form)
        }
        (Some(Dialog::Form(form)), Ok(planned)) => planned_dialog(model, *planned, Some(form.form), effects),
        (_, Ok(planned)) => planned_dialog(model, *planned, None, effects),
        (_, Err(message)) => Dialog::Message(message),
    };
    model.dialog = Some(dialog);
}

fn planned_dialog(
    model: &Model,
    planned: PlanReady,
    answers: Option<Form>,
    effects: &mut Vec<Effect>,
) -> Dialog {
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
    dialog.answers = answers;
    dialog.request = asked;
    Dialog::Plan(Box::new(dialog))
}

pub(in crate::tui) fn on_compared(model: &mut Model, ticket: u64, result: Result<Vec<String>, String>) {
    if let Some(Dialog::Plan(dialog)) = &mut model.dialog
        && ticket == model.ticket
    {
        dialog.difference = match result {
            Ok(lines) => Difference::Known(lines),
            Err(why) => Difference::Failed(why),
        };
    }
}

/// Asks how the environments stand, unless that is under way.
pub(in crate::tui) fn standings(model: &mut Model, effects: &mut Vec<Effect>) {
    if !model.standings.asking {
        model.standings.asking = true;
        effects.push(Effect::EnvironmentStatuses);
    }
}
