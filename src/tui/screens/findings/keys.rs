//! The keys of the findings.

use crate::tui::screens::keys::{self, Action, Binding, ESC, Key, LEFT, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[OWN, keys::MOVES, WAYS, keys::COMMON, keys::INTERRUPT];

#[rustfmt::skip]
const OWN: &[Binding] = &[
    bind(Action::Open, &[Key::Char('o')], "open advisory", "open the advisory in the browser", 1),
    bind(Action::Sort, &[Key::Char('s')], "sort", "sort by severity, package, id or fix", 2),
    bind(Action::Search, &[Key::Char('/')], "filter", "filter by text; Enter keeps the filter, Esc clears it", 3),
    bind(Action::Copy, &[Key::Char('y')], "copy id", "copy the id to the clipboard", 5),
];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], "back", "clear the filter, or back", 4),
];
