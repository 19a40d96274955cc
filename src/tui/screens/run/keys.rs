//! The keys of a run.

use crate::tui::screens::keys::{self, Action, Binding, ENTER, ESC, Key, LEFT, RIGHT, TAB, bind};

/// All of them, in the order of the help.
pub const KEYS: &[&[Binding]] = &[OWN, keys::MOVES, WAYS, keys::SEARCH, keys::COMMON];

#[rustfmt::skip]
const OWN: &[Binding] = &[
    bind(Action::Switch, &[TAB, LEFT, RIGHT, Key::Char('h'), Key::Char('l')], "pane", "switch between steps and log", 2),
    bind(Action::Follow, &[Key::Char('F')], "follow", "follow the newest line, or stop following", 4),
    bind(Action::Zoom, &[Key::Char('z')], "full screen", "show the log full screen, or not", 5),
    bind(Action::NextError, &[Key::Char('e')], "next error", "go to the next error or warning", 3),
    bind(Action::Wrap, &[Key::Char('w')], "wrap", "wrap or truncate long lines", 7),
    bind(Action::Times, &[Key::Char('t')], "times", "show or hide the time of each line", 0),
    bind(Action::Watch, &[Key::Char('W')], "runs", "show all runs, those on GitHub included", 2),
    bind(Action::Stop, &[Key::Ctrl('c')], "stop", "stop the run cleanly; the same command resumes it", 1),
    keys::APPROVE,
    keys::OPEN_RUN,
];

#[rustfmt::skip]
const WAYS: &[Binding] = &[
    bind(Action::Enter, &[ENTER], "log", "show the log of the step", 0),
    bind(Action::Back, &[ESC], "back", "back; the run goes on", 6),
];
