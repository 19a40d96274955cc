//! Fields are filled in, and a plan is made of them.

use crossterm::event::{KeyCode, KeyEvent};

use super::fields::{Form, Value};
use super::model::{Dialog, FormDialog, PlanDialog};
use crate::tui::session::{Effect, Model, Notice, Request, plans as ask};
use crate::tui::widgets::scroll::scroll;

/// Opens the dialog that asks for what `request` needs.
pub(in crate::tui) fn open(model: &mut Model, request: &Request, told: Vec<String>) {
    if let Some(form) = Form::of(request, &model.board.graph, None) {
        model.dialog = Some(Dialog::Form(Box::new(FormDialog::of(form, told))));
    }
}

/// Goes among the fields and edits them.
pub(in crate::tui) fn on_key(form: &mut Form, key: KeyEvent) {
    match key.code {
        KeyCode::Tab | KeyCode::Down => form.go(true),
        KeyCode::BackTab | KeyCode::Up => form.go(false),
        _ => {
            let Some(field) = form.current() else { return };
            match (&mut field.value, key.code) {
                (Value::Text(input), _) => {
                    input.on_key(key);
                }
                (Value::Pick { .. }, KeyCode::Right | KeyCode::Char(' ')) => field.turn(true),
                (Value::Pick { .. }, KeyCode::Left) => field.turn(false),
                _ => {}
            }
        }
    }
}

pub(in crate::tui) fn paste(form: Option<&mut Form>, text: &str) {
    let field = form.and_then(Form::current);
    if let Some(Value::Text(input)) = field.map(|field| &mut field.value) {
        input.insert(text);
    }
}

/// Enter: plans with what was filled in, or goes to what is missing.
pub(in crate::tui) fn on_enter(
    model: &mut Model,
    dialog: &mut FormDialog,
    effects: &mut Vec<Effect>,
) -> Dialog {
    if !dialog.waiting {
        if let Some((at, why)) = dialog.form.missing() {
            dialog.form.at = at;
            dialog.incomplete = Some(why);
        } else {
            dialog.waiting = true;
            dialog.error = None;
            ask::request(model, dialog.form.filled(), effects);
        }
    }
    Dialog::Form(Box::new(dialog.clone()))
}

/// Keys in the dialog of a plan that a reason is missing of.
pub(in crate::tui) fn on_plan_key(
    model: &mut Model,
    dialog: &mut PlanDialog,
    key: KeyEvent,
    effects: &mut Vec<Effect>,
) -> Option<Dialog> {
    let form = dialog.form.as_mut()?;
    if key.code != KeyCode::Enter {
        let pages = matches!(key.code, KeyCode::PageUp | KeyCode::PageDown);
        if !(pages && scroll(&mut dialog.scroll, key)) {
            on_key(form, key);
        }
        return Some(Dialog::Plan(Box::new(dialog.clone())));
    }
    let filled = form.filled();
    if dialog.request.as_ref() == Some(&filled) {
        // Nothing was said: there is nothing to plan anew, and the refused plan has nothing to confirm.
        return None;
    }
    form.request = filled.clone();
    let mut waiting = FormDialog::of(form.clone(), Vec::new());
    waiting.waiting = true;
    ask::request(model, filled, effects);
    Some(Dialog::Form(Box::new(waiting)))
}

/// From a plan back to what it was asked for, to ask otherwise.
pub(in crate::tui) fn revise(model: &mut Model, dialog: &PlanDialog) -> Dialog {
    if let Some(mut form) = dialog.revised(&model.board.graph) {
        form.at = 0;
        return Dialog::Form(Box::new(FormDialog::of(form, Vec::new())));
    }
    let text = "it has no other options".to_owned();
    model.notice = Some(Notice { text, grave: true });
    Dialog::Plan(Box::new(dialog.clone()))
}
