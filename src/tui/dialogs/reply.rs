//! What becomes of a key that a dialog was given.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use secrecy::SecretString;

use super::around::Around;
use super::fields::Form;
use crate::domain::Plan;
use crate::engine::DeploymentReview;
use crate::tui::session::request::Request;

/// The answer of a dialog to a key.
#[derive(Debug)]
pub enum Reply {
    /// It means nothing to the dialog: Esc and Ctrl-C then close it.
    Passed,
    /// The dialog took it.
    Taken,
    /// The dialog is done; what it stands on is shown again.
    Closed,
    /// It took it, and a person should read this.
    Notice(String),
    /// Make a plan; the dialog waits for it.
    Plan(Request),
    /// Make a plan of these answers, which were given beside a plan that lacks them.
    PlanOf(Form),
    /// Show these fields on top, with what a person should know who fills them in.
    Fill(Form, Vec<String>),
    /// Ask for the plan otherwise.
    ChangeOptions,
    /// Carry a plan out, after the password of the key where it needs one.
    CarryOut(Box<Plan>, bool),
    /// Carry a plan out with this password.
    Unlock(Box<Plan>, SecretString),
    /// Approve or reject a deployment on GitHub; the dialog waits for the answer.
    Review(DeploymentReview),
    /// Leave the console.
    Leave,
}

/// What a dialog does.
pub trait DialogSpec {
    /// Takes a key.
    fn on_key(&mut self, key: KeyEvent, around: &Around<'_>) -> Reply;

    /// Takes pasted text; nothing where nothing is typed.
    fn paste(&mut self, _text: &str) {}

    /// Whether it waits for a plan.
    fn is_waiting(&self) -> bool {
        false
    }

    /// Paints it over `area`.
    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer);
}

/// Whether a key closes a dialog that has no other use for it: Esc or Ctrl-C.
pub fn closes(key: KeyEvent) -> bool {
    let is_interrupt = key.modifiers == KeyModifiers::CONTROL && key.code == KeyCode::Char('c');
    key.code == KeyCode::Esc || is_interrupt
}
