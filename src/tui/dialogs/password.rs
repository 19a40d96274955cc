//! The password of the signing key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use secrecy::{ExposeSecret as _, SecretString};

use super::around::Around;
use super::parts::Simple;
use super::reply::{DialogSpec, Reply};
use crate::domain::Plan;
use crate::tui::app::theme::State;
use crate::tui::widgets::input;

/// A password for the signing key; it is never shown.
#[derive(Debug, Clone)]
pub struct PasswordDialog {
    /// The plan that needs it.
    pub plan: Box<Plan>,
    /// What was typed so far.
    pub typed: SecretString,
}

impl DialogSpec for PasswordDialog {
    fn on_key(&mut self, key: KeyEvent, _around: &Around<'_>) -> Reply {
        if key.code == KeyCode::Enter {
            return Reply::Unlock(self.plan.clone(), self.typed.clone());
        }
        let Some(typed) = retyped(&self.typed, key) else {
            return Reply::Passed;
        };
        self.typed = typed;
        Reply::Taken
    }

    fn paste(&mut self, text: &str) {
        let all = format!(
            "{}{}",
            self.typed.expose_secret(),
            text.trim_end_matches(['\r', '\n'])
        );
        self.typed = SecretString::from(all);
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

fn retyped(typed: &SecretString, key: KeyEvent) -> Option<SecretString> {
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
        _ => return None,
    }
    Some(SecretString::from(text))
}

fn paint(around: &Around, dialog: &PasswordDialog, area: Rect, buffer: &mut Buffer) {
    let theme = around.theme;
    let mut field = vec![Span::styled("Password  ", theme.strong())];
    field.extend(input::hidden(
        dialog.typed.expose_secret().chars().count(),
        theme.ascii,
    ));
    let body = vec![
        Line::from(format!(
            "To {}, windlass needs the signing key, which is encrypted.",
            dialog.plan.operation.title()
        )),
        Line::from(Span::styled(
            "The password is not shown, stored or logged.",
            theme.quiet(),
        )),
        Line::default(),
        Line::from(field),
    ];
    Simple {
        title: "Password of the signing key",
        state: State::Attention,
        body,
        keys: vec![("Enter", "go on"), ("Esc", around.esc())],
    }
    .paint(around, area, buffer);
}
