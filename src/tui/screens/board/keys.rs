//! The keys of the board.

use crate::tui::screens::keys::{self, Action, Binding, ENTER, ESC, Key, LEFT, RIGHT, TAB, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[
    OPERATIONS,
    keys::WATCH,
    FLEET,
    keys::MOVES,
    WAYS,
    keys::SEARCH,
    keys::COMMON,
    keys::INTERRUPT,
];

#[rustfmt::skip]
const OPERATIONS: &[Binding] = &[
    bind(Action::Promote, &[Key::Char('p')], "promote", "promote the candidate to its next environment", 1),
    bind(Action::Cut, &[Key::Char('c')], "cut release", "cut a release branch from the commit", 2),
    bind(Action::Sign, &[Key::Char('s')], "sign", "sign the candidate in its last environment", 5),
    bind(Action::Verify, &[Key::Char('v')], "verify", "verify the signature in its last environment", 7),
    bind(Action::Findings, &[Key::Char('f')], "findings", "show the findings of its scans", 4),
    bind(Action::Copy, &[Key::Char('y')], "copy digest", "copy the digest to the clipboard", 0),
    bind(Action::Refresh, &[Key::Char('r')], "refresh", "refresh from git and the registries", 0),
    bind(Action::Releases, &[Key::Char('R'), TAB], "releases", "show releases, hotfixes and environments", 3),
    bind(Action::Diff, &[Key::Char('D')], "diff", "show what it would change in its next environment", 0),
];

#[rustfmt::skip]
const FLEET: &[Binding] = &[
    bind(Action::Fleet, &[Key::Char('F')], "fleet", "show every service in every environment", 5),
];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], "details", "show the details of the candidate", 3),
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], "back", "back to the table; clears the search; to the fleet", 3),
];
