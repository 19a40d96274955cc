//! The keys among the releases.

use crate::tui::screens::keys::{self, Action, Binding, ENTER, ESC, Key, LEFT, RIGHT, TAB, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[
    keys::WATCH,
    OPERATIONS,
    keys::MOVES,
    WAYS,
    keys::COMMON,
    keys::INTERRUPT,
];

#[rustfmt::skip]
const OPERATIONS: &[Binding] = &[
    bind(Action::Promote, &[Key::Char('p')], "promote", "promote the release's candidate to its next environment", 1),
    bind(Action::Finish, &[Key::Char('F')], "finish", "merge it back, tag it and push atomically", 2),
    bind(Action::Hotfix, &[Key::Char('H')], "hotfix", "start a hotfix from what is deployed to the environment", 5),
    bind(Action::Rollback, &[Key::Char('B')], "roll back", "roll the environment back to an earlier deployment", 4),
    bind(Action::Pin, &[Key::Char('P')], "pin", "pin the environment to what is deployed there", 8),
    bind(Action::Unpin, &[Key::Char('u')], "unpin", "unpin the environment", 8),
    bind(Action::Review, &[Key::Char('v')], "review", "record the review due after an exception", 8),
    bind(Action::Locks, &[Key::Char('L')], "locks", "show the locks on the remote; break an abandoned one", 0),
    bind(Action::Cut, &[Key::Char('c')], "cut release", "cut a release branch from the newest commit", 6),
    bind(Action::Diff, &[Key::Char('D')], "diff", "show what it would change in production", 7),
    bind(Action::Notes, &[Key::Char('n')], "notes", "show the release notes", 8),
    bind(Action::All, &[Key::Char('a')], "all", "show or hide finished releases", 0),
    bind(Action::Copy, &[Key::Char('y')], "copy branch", "copy the name of the branch to the clipboard", 0),
    bind(Action::Open, &[Key::Char('o')], "open branch", "open the branch in the browser", 0),
    bind(Action::Refresh, &[Key::Char('r')], "refresh", "refresh from git and the registries", 0),
    bind(Action::Switch, &[TAB], "pane", "switch between environments and releases", 0),
];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], "details", "show the details of the release", 3),
    bind(Action::Back, &[ESC, Key::Char('b'), Key::Char('h'), LEFT], "back", "back", 3),
];

/// Whether it is done to an environment, and not to a release.
pub(super) const fn is_of_environments(action: Action) -> bool {
    matches!(
        action,
        Action::Hotfix | Action::Pin | Action::Unpin | Action::Rollback | Action::Review | Action::Locks
    )
}
