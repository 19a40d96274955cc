//! The keys of the list of runs.

use crate::tui::screens::keys::{self, Action, Binding, ENTER, ESC, Key, LEFT, RIGHT, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[OWN, keys::MOVES, WAYS, keys::COMMON, keys::INTERRUPT];

#[rustfmt::skip]
const OWN: &[Binding] = &[
    keys::APPROVE,
    keys::OPEN_RUN,
    bind(Action::Refresh, &[Key::Char('r')], "refresh", "list the runs of this machine and of GitHub again", 4),
];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], "show", "show the run; one on GitHub is followed live", 1),
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], "back", "back; the runs go on", 2),
];
