//! Keys among the fields of a form.

use crossterm::event::{KeyCode, KeyEvent};

use super::fields::{Field, Form, Value};
use super::reply::Reply;

impl Form {
    /// Goes among the fields and edits them.
    pub(super) fn on_key(&mut self, key: KeyEvent) -> Reply {
        edit(&mut self.fields, &mut self.at, key)
    }

    /// Types pasted text into the field that keys go into.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(Value::Text(input)) = self.current().map(|field| &mut field.value) {
            input.insert(text);
        }
    }
}

/// Goes among `fields`, of which the one `at` this place is typed into, and edits that.
pub(super) fn edit(fields: &mut [Field], at: &mut usize, key: KeyEvent) -> Reply {
    let count = fields.len().max(1);
    match key.code {
        KeyCode::Tab | KeyCode::Down => *at = (*at + 1) % count,
        KeyCode::BackTab | KeyCode::Up => *at = (*at + count - 1) % count,
        _ => {
            let Some(field) = fields.get_mut(*at) else {
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
