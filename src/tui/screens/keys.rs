//! Keys and what they do: the parts that the tables of the screens are put together from. A screen lists its own keys beside
//! its folder's other files; footer, help and the key table of the README all come from there.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key can do outside dialogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Into what is selected.
    Enter,
    /// Back to where one came from.
    Back,
    /// Starts a search.
    Search,
    /// The next screen that the search finds.
    NextFound,
    /// The one before.
    PreviousFound,
    /// Cuts a release branch.
    Cut,
    /// Promotes the candidate.
    Promote,
    /// Signs the candidate where it is furthest.
    Sign,
    /// Verifies the candidate where it is furthest.
    Verify,
    /// Shows the findings of the candidate's scans.
    Findings,
    /// Shows releases and environments.
    Releases,
    /// Ends a release or a hotfix.
    Finish,
    /// Begins a hotfix.
    Hotfix,
    /// Holds an environment.
    Pin,
    /// Lets an environment go.
    Unpin,
    /// Takes an environment back.
    Rollback,
    /// Leaves a review that is owed.
    Review,
    /// Approves or rejects what a run on GitHub waits for.
    Approve,
    /// Shows what is locked, to break what was left.
    Locks,
    /// Compares with what is deployed.
    Diff,
    /// Shows the notes of a release.
    Notes,
    /// Shows finished ones too, or not.
    All,
    /// Another order.
    Sort,
    /// Opens the page about what is selected.
    Open,
    /// Looks everything up again.
    Refresh,
    /// Copies the digest.
    Copy,
    /// The other half of the run screen.
    Switch,
    /// Keeps the newest line in sight.
    Follow,
    /// Wraps long lines.
    Wrap,
    /// Shows the times of lines.
    Times,
    /// The next line that is an error.
    NextError,
    /// The log fills the screen.
    Zoom,
    /// Stops the run cleanly.
    Stop,
    /// Shows the run that is active, or the newest one.
    Watch,
    /// Shows the fleet.
    Fleet,
    /// All keys.
    Help,
    /// Leaves the console.
    Quit,
}

impl Action {
    /// Whether it does something to a candidate, and not only to the screen.
    pub const fn is_operation(self) -> bool {
        matches!(
            self,
            Self::Cut
                | Self::Promote
                | Self::Sign
                | Self::Verify
                | Self::Finish
                | Self::Hotfix
                | Self::Pin
                | Self::Unpin
                | Self::Rollback
                | Self::Review
        )
    }
}

/// The key that a person presses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Another key, and its name.
    Named(KeyCode, &'static str),
}

impl Key {
    /// As people write it: `Ctrl-C`, `PgDn`, `g`.
    pub fn name(self) -> String {
        match self {
            Self::Char(' ') => "Space".to_owned(),
            Self::Char(c) => c.to_string(),
            Self::Ctrl(c) => format!("Ctrl-{}", c.to_ascii_uppercase()),
            Self::Named(_, name) => name.to_owned(),
        }
    }

    /// Whether `event` is this key.
    pub(in crate::tui) fn is(self, event: KeyEvent) -> bool {
        let plain = !event
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match self {
            Self::Char(c) => plain && event.code == KeyCode::Char(c),
            Self::Ctrl(c) => event.modifiers == KeyModifiers::CONTROL && event.code == KeyCode::Char(c),
            Self::Named(code, _) => plain && event.code == code,
        }
    }
}

/// One line of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Binding {
    /// What is done.
    pub action: Action,
    /// By which keys; the first one is shown in the footer.
    pub keys: &'static [Key],
    /// Two words at most, for the footer.
    pub label: &'static str,
    /// A phrase, for the help.
    pub help: &'static str,
    /// Its rank in the footer, from 1; 0 keeps it out.
    pub rank: u8,
}

/// The key of that name.
pub const UP: Key = Key::Named(KeyCode::Up, "Up");
/// The key of that name.
pub const DOWN: Key = Key::Named(KeyCode::Down, "Down");
/// The key of that name.
pub const LEFT: Key = Key::Named(KeyCode::Left, "Left");
/// The key of that name.
pub const RIGHT: Key = Key::Named(KeyCode::Right, "Right");
/// The key of that name.
pub const ENTER: Key = Key::Named(KeyCode::Enter, "Enter");
/// The key of that name.
pub const ESC: Key = Key::Named(KeyCode::Esc, "Esc");
/// The key of that name.
pub const TAB: Key = Key::Named(KeyCode::Tab, "Tab");
/// The key of that name.
pub const PAGE_UP: Key = Key::Named(KeyCode::PageUp, "PgUp");
/// The key of that name.
pub const PAGE_DOWN: Key = Key::Named(KeyCode::PageDown, "PgDn");
/// The key of that name.
pub const HOME: Key = Key::Named(KeyCode::Home, "Home");
/// The key of that name.
pub const END: Key = Key::Named(KeyCode::End, "End");

/// One line of the table.
pub const fn bind(
    action: Action,
    keys: &'static [Key],
    label: &'static str,
    help: &'static str,
    rank: u8,
) -> Binding {
    Binding {
        action,
        keys,
        label,
        help,
        rank,
    }
}

/// Keys that every screen has.
#[rustfmt::skip]
pub const MOVES: &[Binding] = &[
    bind(Action::Up, &[UP, Key::Char('k')], "up", "one line up", 0),
    bind(Action::Down, &[DOWN, Key::Char('j')], "down", "one line down", 0),
    bind(Action::PageUp, &[PAGE_UP, Key::Ctrl('b')], "page up", "one page up", 0),
    bind(Action::PageDown, &[PAGE_DOWN, Key::Ctrl('f'), Key::Char(' ')], "page down", "one page down", 0),
    bind(Action::First, &[Key::Char('g'), HOME], "first", "go to the first line", 0),
    bind(Action::Last, &[Key::Char('G'), END], "last", "go to the last line", 0),
];

/// Keys of a screen whose lines can be searched.
#[rustfmt::skip]
pub const SEARCH: &[Binding] = &[
    bind(Action::Search, &[Key::Char('/')], "search", "search; Enter keeps the search, Esc clears it", 4),
    bind(Action::NextFound, &[Key::Char('n')], "next", "go to the next match", 0),
    bind(Action::PreviousFound, &[Key::Char('N')], "previous", "go to the previous match", 0),
];

/// The way to the runs.
#[rustfmt::skip]
pub const WATCH: &[Binding] = &[
    bind(Action::Watch, &[Key::Char('w')], "watch run", "show the run that is active; else the list of all runs, those on GitHub included", 3),
];

/// The key for what a run on GitHub waits for.
#[rustfmt::skip]
pub const APPROVE: Binding =
    bind(Action::Approve, &[Key::Char('a')], "approve", "approve or reject what the run on GitHub waits for", 2);

/// The key for the page of a run on GitHub.
#[rustfmt::skip]
pub const OPEN_RUN: Binding =
    bind(Action::Open, &[Key::Char('o')], "open page", "open the run on GitHub in the browser", 0);

/// Keys that every screen has, at the end of the help.
#[rustfmt::skip]
pub const COMMON: &[Binding] = &[
    bind(Action::Help, &[Key::Char('?')], "help", "show all keys", 9),
    bind(Action::Quit, &[Key::Char('q')], "quit", "quit the console", 6),
];

/// The key that stops a run, where there is none to stop.
pub const INTERRUPT: &[Binding] = &[bind(
    Action::Quit,
    &[Key::Ctrl('c')],
    "quit",
    "quit the console",
    0,
)];
