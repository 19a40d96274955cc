//! The keys of a text.

use crate::tui::screens::keys::{self, Action, Binding, ESC, Key, LEFT, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[
    OWN,
    keys::MOVES,
    WAYS,
    keys::SEARCH,
    keys::COMMON,
    keys::INTERRUPT,
];

#[rustfmt::skip]
const OWN: &[Binding] = &[
    bind(Action::Copy, &[Key::Char('y')], "copy", "copy the text to the clipboard", 1),
];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], "back", "back", 2),
];
