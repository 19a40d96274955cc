//! The keys of the list of runs.

use crate::tui::screens::keys::{self, Action, Binding, ENTER, ESC, Key, LEFT, RIGHT, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[keys::MOVES, WAYS, keys::COMMON, keys::INTERRUPT];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], "show", "show the run", 1),
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], "back", "back; the runs go on", 2),
];
