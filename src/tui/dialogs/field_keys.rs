//! Keys among the fields of a form.

use crossterm::event::{KeyCode, KeyEvent};

use super::fields::{Form, Value};
use super::reply::Reply;

impl Form {
    /// Goes among the fields and edits them.
    pub(super) fn on_key(&mut self, key: KeyEvent) -> Reply {
        match key.code {
            KeyCode::Tab | KeyCode::Down => self.go(true),
            KeyCode::BackTab | KeyCode::Up => self.go(false),
            _ => {
                let Some(field) = self.current() else {
                    return Reply::Passed;
                };
                let is_known = match (&mut field.value, key.code) {
                    (Value::Text(input), _) => input.on_key(key),
                    (Value::Pick { .. }, KeyCode::Right | KeyCode::Char(' ')) => {
                        field.turn(true);
                        true
                    }
                    (Value::Pick { .. }, KeyCode::Left) => {
                        field.turn(false);
                        true
                    }
                    _ => false,
                };
                if !is_known {
                    return Reply::Passed;
                }
            }
        }
        Reply::Taken
    }

    /// Types pasted text into the field that keys go into.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(Value::Text(input)) = self.current().map(|field| &mut field.value) {
            input.insert(text);
        }
    }
}
