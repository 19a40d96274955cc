//! One of several is chosen: what an environment is taken back to, or which lock is broken.

use crossterm::event::{KeyCode, KeyEvent};

use super::form_update as form;
use super::model::{ChoiceDialog, Choices, Dialog, EnvironmentHistory};
use crate::domain::{EnvironmentName, HeldLock, LockStanding};
use crate::tui::session::{Message, Model, Notice, Request};

pub(in crate::tui) fn on_key(dialog: &mut ChoiceDialog, key: KeyEvent) {
    let last = dialog.len().saturating_sub(1);
    dialog.selected = match key.code {
        KeyCode::Down | KeyCode::Char('j') => (dialog.selected + 1).min(last),
        KeyCode::Up | KeyCode::Char('k') => dialog.selected.saturating_sub(1),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => last,
        _ => dialog.selected,
    };
}

/// Enter: goes on with what is selected, to say why.
pub(in crate::tui) fn on_enter(model: &mut Model, dialog: &ChoiceDialog) -> Dialog {
    let stay = || Dialog::Choice(Box::new(dialog.clone()));
    let (request, told) = match &dialog.choices {
        Choices::Past(environment, Some(ran)) => {
            let Some(one) = ran.earlier.get(dialog.selected) else {
                return stay();
            };
            let told = one
                .gates
                .iter()
                .filter(|gate| !gate.verdict.allows())
                .map(|gate| format!("{}: {}", gate.kind, gate.verdict.reason()));
            let request = Request::Rollback {
                environment: environment.clone(),
                to: one.digest.clone(),
                reason: String::new(),
                until: None,
                accept_findings: false,
            };
            (request, told.collect())
        }
        Choices::Locks(Some(locks)) => {
            let Some(lock) = locks.get(dialog.selected) else {
                return stay();
            };
            if lock.subject.service.as_str() != model.service {
                let text = format!(
                    "this lock belongs to {}: open the console for that service",
                    lock.subject.service
                );
                model.notice = Some(Notice { text, grave: true });
                return stay();
            }
            if model.read_only {
                let text = "this console is read-only".to_owned();
                model.notice = Some(Notice { text, grave: true });
                return stay();
            }
            let request = Request::Unlock {
                part: lock.subject.part.clone(),
                reason: String::new(),
                held: false,
            };
            let mut told = vec![lock.words(model.now)];
            if lock.standing(model.now) == LockStanding::Held {
                told.push(
                    "it has not expired: break it only with `held`; its owner may still be running"
                        .to_owned(),
                );
            }
            (request, told)
        }
        _ => return stay(),
    };
    form::open(model, &request, told);
    model.dialog.take().unwrap_or_else(stay)
}

/// The answer; one that nobody waits for any more is dropped.
pub(in crate::tui) fn on_past(
    model: &mut Model,
    of: &EnvironmentName,
    result: Result<Box<EnvironmentHistory>, Message>,
) {
    let Some(Dialog::Choice(dialog)) = &mut model.dialog else {
        return;
    };
    if let Choices::Past(environment, past) = &mut dialog.choices
        && environment == of
    {
        match result {
            Ok(found) => *past = Some(found),
            Err(message) => dialog.error = Some(message),
        }
    }
}

/// The answer; one that nobody waits for any more is dropped.
pub(in crate::tui) fn on_locks(model: &mut Model, result: Result<Vec<HeldLock>, Message>) {
    let Some(Dialog::Choice(dialog)) = &mut model.dialog else {
        return;
    };
    if let Choices::Locks(locks) = &mut dialog.choices {
        match result {
            Ok(found) => *locks = Some(found),
            Err(message) => dialog.error = Some(message),
        }
    }
}
