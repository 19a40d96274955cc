//! Keys in dialogs.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use secrecy::{ExposeSecret as _, SecretString};

use super::model::{CutDialog, Dialog, PlanDialog};
use super::{choice_update as choice, form_update as form};
use crate::domain::{Confirmation, Plan};
use crate::tui::session::leaving::leave;
use crate::tui::session::{Effect, Message, Model, Request, plans as ask};
use crate::tui::widgets::scroll::scroll;

pub(in crate::tui) fn on_key(model: &mut Model, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(mut dialog) = model.dialog.take() else {
        return;
    };
    let interrupt = key.modifiers == KeyModifiers::CONTROL && key.code == KeyCode::Char('c');
    if key.code == KeyCode::Esc || interrupt {
        // An answer that is still on its way finds nobody any more.
        model.ticket += 1;
        if matches!(dialog, Dialog::Planning(_)) {
            effects.push(Effect::CancelPlan);
        }
        return;
    }
    let enter = key.code == KeyCode::Enter;
    model.dialog = match &mut dialog {
        Dialog::Planning(_) => Some(dialog),
        Dialog::Message(_) => (!enter && key.code != KeyCode::Char('q')).then_some(dialog),
        Dialog::Quit => {
            if enter {
                leave(model, effects);
            }
            (!enter).then_some(dialog)
        }
        Dialog::Form(form) if enter => Some(form::on_enter(model, form, effects)),
        Dialog::Form(form) => {
            form::on_key(&mut form.form, key);
            form.incomplete = None;
            Some(dialog)
        }
        Dialog::Choice(choice) if enter => Some(choice::on_enter(model, choice)),
        Dialog::Choice(choice) => {
            choice::on_key(choice, key);
            Some(dialog)
        }
        Dialog::Plan(plan) if plan.form.is_some() => form::on_plan_key(model, plan, key, effects),
        Dialog::Plan(plan) if key.code == KeyCode::Tab => Some(form::revise(model, plan)),
        Dialog::Plan(plan) if enter => confirm(model, plan, effects),
        Dialog::Plan(plan) => {
            on_plan_key(plan, key);
            Some(dialog)
        }
        Dialog::Cut(cut) if enter => Some(on_cut_enter(model, cut, effects)),
        Dialog::Cut(cut) if key.code == KeyCode::Tab => {
            cut.at_reason = !cut.at_reason && cut.asks_reason();
            Some(dialog)
        }
        Dialog::Cut(cut) => {
            let before = (cut.version.clone(), cut.reason.clone());
            if !scroll(&mut cut.scroll, key) {
                cut.field().on_key(key);
            }
            cut.edited |= (&cut.version, &cut.reason) != (&before.0, &before.1);
            Some(dialog)
        }
        Dialog::Password { plan, typed } if enter => {
            effects.push(Effect::Start(plan.clone(), Some(typed.clone())));
            Some(Dialog::Planning("the run".to_owned()))
        }
        Dialog::Password { typed, .. } => {
            *typed = retyped(typed, key);
            Some(dialog)
        }
    };
}

fn on_plan_key(dialog: &mut PlanDialog, key: KeyEvent) {
    dialog.mistyped = false;
    let typed = matches!(dialog.plan.confirmation, Confirmation::Typed(_)) && dialog.plan.allowed();
    if !scroll(&mut dialog.scroll, key) && typed {
        dialog.typed.on_key(key);
    }
}

/// Enter in the dialog of a plan. A plan that a gate refuses has nothing to confirm: Enter closes it.
fn confirm(model: &mut Model, dialog: &mut PlanDialog, effects: &mut Vec<Effect>) -> Option<Dialog> {
    if !dialog.plan.allowed() {
        return None;
    }
    if !dialog.confirmed() {
        dialog.mistyped = true;
        return Some(Dialog::Plan(Box::new(dialog.clone())));
    }
    Some(carry_out(
        model,
        dialog.plan.clone(),
        dialog.asks_password,
        effects,
    ))
}

fn carry_out(model: &Model, plan: Plan, asks_password: bool, effects: &mut Vec<Effect>) -> Dialog {
    if model.is_running() {
        return Dialog::Message(Message {
            good: false,
            title: "One run at a time".to_owned(),
            what: "a run is still active in this console".to_owned(),
            hint: Some("wait for it to end, then make a new plan".to_owned()),
        });
    }
    if asks_password {
        return Dialog::Password {
            plan: Box::new(plan),
            typed: SecretString::default(),
        };
    }
    effects.push(Effect::Start(Box::new(plan), None));
    Dialog::Planning("the run".to_owned())
}

/// Enter in the dialog of a release: a version that was edited is planned first, then Enter cuts.
fn on_cut_enter(model: &mut Model, cut: &mut CutDialog, effects: &mut Vec<Effect>) -> Dialog {
    match &cut.plan {
        _ if cut.edited => {
            // The v of a version is no part of it.
            let version = cut.version.text().trim().trim_start_matches('v').to_owned();
            let reason = cut.reason.text().trim();
            let reason = (!reason.is_empty()).then(|| reason.to_owned());
            ask::request(
                model,
                Request::Cut(cut.commit.clone(), Some(version), reason),
                effects,
            );
            cut.plan = None;
            cut.edited = false;
        }
        Some(Ok(plan)) if plan.allowed() => {
            return carry_out(model, plan.clone(), cut.asks_password, effects);
        }
        _ => {}
    }
    Dialog::Cut(Box::new(cut.clone()))
}

fn retyped(typed: &SecretString, key: KeyEvent) -> SecretString {
    let mut text = typed.expose_secret().to_owned();
    match key.code {
        KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => text.clear(),
        KeyCode::Char(c)
            if !key
                .modifiers
                .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
        {
            text.push(c)
        }
        KeyCode::Backspace => {
            text.pop();
        }
        _ => {}
    }
    SecretString::from(text)
}

pub(in crate::tui) fn paste(dialog: &mut Dialog, text: &str) {
    match dialog {
        Dialog::Cut(cut) => {
            cut.field().insert(text);
            cut.edited = true;
        }
        // What is typed to confirm is typed by hand: that is what it is for.
        Dialog::Plan(plan) => form::paste(plan.form.as_mut(), text),
        Dialog::Form(dialog) => form::paste(Some(&mut dialog.form), text),
        Dialog::Choice(_) | Dialog::Planning(_) | Dialog::Message(_) | Dialog::Quit => {}
        Dialog::Password { typed, .. } => {
            let all = format!("{}{}", typed.expose_secret(), text.trim_end_matches(['\r', '\n']));
            *typed = SecretString::from(all);
        }
    }
}
