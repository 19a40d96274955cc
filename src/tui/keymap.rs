//! The table of actions: their keys, their names, and why one is not possible now. The footer, the help and the key
//! table of the README all come from here.

mod enabled;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub use enabled::enabled;

use super::model::{Model, ReleasesPane, Screen};

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
    /// Shows what is locked, to break what was left.
    Locks,
    /// Compares with what runs.
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
    const fn is_operation(self) -> bool {
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

    /// Whether it is done to an environment, and not to a release.
    const fn is_of_environments(self) -> bool {
        matches!(
            self,
            Self::Hotfix | Self::Pin | Self::Unpin | Self::Rollback | Self::Review | Self::Locks
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
    pub(super) fn is(self, event: KeyEvent) -> bool {
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
pub struct Binding {
    /// What is done.
    pub action: Action,
    /// By which keys; the first one is shown in the footer.
    pub keys: &'static [Key],
    /// On which screens.
    pub screens: &'static [Screen],
    /// Two words at most, for the footer.
    pub label: &'static str,
    /// A phrase, for the help.
    pub help: &'static str,
    /// Its rank in the footer, from 1; 0 keeps it out.
    pub rank: u8,
}

const BOARD: &[Screen] = &[Screen::Board];
const RUN: &[Screen] = &[Screen::Run];
const FINDINGS: &[Screen] = &[Screen::Findings];
const RELEASES: &[Screen] = &[Screen::Releases];
const PAGE: &[Screen] = &[Screen::Page];
const AROUND: &[Screen] = &[Screen::Board, Screen::Releases];
const LINES: &[Screen] = &[Screen::Board, Screen::Run, Screen::Page];
const OUTSIDE: &[Screen] = &[Screen::Board, Screen::Releases, Screen::Findings, Screen::Page];
const ALL: &[Screen] = &Screen::ALL;

pub(super) const UP: Key = Key::Named(KeyCode::Up, "Up");
pub(super) const DOWN: Key = Key::Named(KeyCode::Down, "Down");
pub(super) const LEFT: Key = Key::Named(KeyCode::Left, "Left");
pub(super) const RIGHT: Key = Key::Named(KeyCode::Right, "Right");
pub(super) const ENTER: Key = Key::Named(KeyCode::Enter, "Enter");
pub(super) const ESC: Key = Key::Named(KeyCode::Esc, "Esc");
pub(super) const TAB: Key = Key::Named(KeyCode::Tab, "Tab");
pub(super) const PAGE_UP: Key = Key::Named(KeyCode::PageUp, "PgUp");
pub(super) const PAGE_DOWN: Key = Key::Named(KeyCode::PageDown, "PgDn");
pub(super) const HOME: Key = Key::Named(KeyCode::Home, "Home");
pub(super) const END: Key = Key::Named(KeyCode::End, "End");

const fn bind(
    action: Action,
    keys: &'static [Key],
    screens: &'static [Screen],
    label: &'static str,
    help: &'static str,
    rank: u8,
) -> Binding {
    Binding {
        action,
        keys,
        screens,
        label,
        help,
        rank,
    }
}

/// All of it, in the order of the help.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Action::Promote, &[Key::Char('p')], BOARD, "promote", "promote the candidate to its next environment", 1),
    bind(Action::Cut, &[Key::Char('c')], BOARD, "cut release", "cut a release branch from the commit", 2),
    bind(Action::Sign, &[Key::Char('s')], BOARD, "sign", "sign the candidate in its last environment", 5),
    bind(Action::Verify, &[Key::Char('v')], BOARD, "verify", "verify the signature in its last environment", 7),
    bind(Action::Findings, &[Key::Char('f')], BOARD, "findings", "show the findings of its scans", 4),
    bind(Action::Copy, &[Key::Char('y')], BOARD, "copy digest", "copy the digest to the clipboard", 0),
    bind(Action::Refresh, &[Key::Char('r')], BOARD, "refresh", "refresh from git and the registries", 0),
    bind(Action::Releases, &[Key::Char('R'), TAB], BOARD, "releases", "show releases, hotfixes and environments", 3),
    bind(Action::Diff, &[Key::Char('D')], BOARD, "diff", "show what it would change in its next environment", 0),
    bind(Action::Watch, &[Key::Char('w')], AROUND, "watch run", "show the run that is active, or the last one", 3),
    bind(Action::Fleet, &[Key::Char('F')], BOARD, "fleet", "show every service in every environment", 5),
    bind(Action::Promote, &[Key::Char('p')], RELEASES, "promote", "promote the release's candidate to its next environment", 1),
    bind(Action::Finish, &[Key::Char('F')], RELEASES, "finish", "merge it back, tag it and push atomically", 2),
    bind(Action::Hotfix, &[Key::Char('H')], RELEASES, "hotfix", "start a hotfix from what is deployed to the environment", 5),
    bind(Action::Rollback, &[Key::Char('B')], RELEASES, "roll back", "roll the environment back to an earlier deployment", 4),
    bind(Action::Pin, &[Key::Char('P')], RELEASES, "pin", "pin the environment to what is deployed there", 8),
    bind(Action::Unpin, &[Key::Char('u')], RELEASES, "unpin", "unpin the environment", 8),
    bind(Action::Review, &[Key::Char('v')], RELEASES, "review", "record the review due after an exception", 8),
    bind(Action::Locks, &[Key::Char('L')], RELEASES, "locks", "show the locks on the remote; break an abandoned one", 0),
    bind(Action::Cut, &[Key::Char('c')], RELEASES, "cut release", "cut a release branch from the newest commit", 6),
    bind(Action::Diff, &[Key::Char('D')], RELEASES, "diff", "show what it would change in production", 7),
    bind(Action::Notes, &[Key::Char('n')], RELEASES, "notes", "show the release notes", 8),
    bind(Action::All, &[Key::Char('a')], RELEASES, "all", "show or hide finished releases", 0),
    bind(Action::Copy, &[Key::Char('y')], RELEASES, "copy branch", "copy the name of the branch to the clipboard", 0),
    bind(Action::Open, &[Key::Char('o')], RELEASES, "open branch", "open the branch in the browser", 0),
    bind(Action::Refresh, &[Key::Char('r')], RELEASES, "refresh", "refresh from git and the registries", 0),
    bind(Action::Switch, &[TAB], RELEASES, "pane", "switch between environments and releases", 0),
    bind(Action::Copy, &[Key::Char('y')], PAGE, "copy", "copy the text to the clipboard", 1),
    bind(Action::Switch, &[TAB, LEFT, RIGHT, Key::Char('h'), Key::Char('l')], RUN, "pane", "switch between steps and log", 2),
    bind(Action::Follow, &[Key::Char('F')], RUN, "follow", "follow the newest line, or stop following", 4),
    bind(Action::Zoom, &[Key::Char('z')], RUN, "full screen", "show the log full screen, or not", 5),
    bind(Action::NextError, &[Key::Char('e')], RUN, "next error", "go to the next error or warning", 3),
    bind(Action::Wrap, &[Key::Char('w')], RUN, "wrap", "wrap or truncate long lines", 7),
    bind(Action::Times, &[Key::Char('t')], RUN, "times", "show or hide the time of each line", 0),
    bind(Action::Open, &[Key::Char('o')], FINDINGS, "open advisory", "open the advisory in the browser", 1),
    bind(Action::Sort, &[Key::Char('s')], FINDINGS, "sort", "sort by severity, package, id or fix", 2),
    bind(Action::Search, &[Key::Char('/')], FINDINGS, "filter", "filter by text; Enter keeps the filter, Esc clears it", 3),
    bind(Action::Copy, &[Key::Char('y')], FINDINGS, "copy id", "copy the id to the clipboard", 5),
    bind(Action::Stop, &[Key::Ctrl('c')], RUN, "stop", "stop the run cleanly; the same command resumes it", 1),
    bind(Action::Up, &[UP, Key::Char('k')], ALL, "up", "one line up", 0),
    bind(Action::Down, &[DOWN, Key::Char('j')], ALL, "down", "one line down", 0),
    bind(Action::PageUp, &[PAGE_UP, Key::Ctrl('b')], ALL, "page up", "one page up", 0),
    bind(Action::PageDown, &[PAGE_DOWN, Key::Ctrl('f'), Key::Char(' ')], ALL, "page down", "one page down", 0),
    bind(Action::First, &[Key::Char('g'), HOME], ALL, "first", "go to the first line", 0),
    bind(Action::Last, &[Key::Char('G'), END], ALL, "last", "go to the last line", 0),
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], BOARD, "details", "show the details of the candidate", 3),
    bind(Action::Enter, &[ENTER], RUN, "log", "show the log of the step", 0),
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], BOARD, "back", "back to the table; clears the search; to the fleet", 3),
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], RELEASES, "details", "show the details of the release", 3),
    bind(Action::Back, &[ESC, Key::Char('b'), Key::Char('h'), LEFT], RELEASES, "back", "back", 3),
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], PAGE, "back", "back", 2),
    bind(Action::Back, &[ESC], RUN, "back", "back; the run goes on", 6),
    bind(Action::Back, &[ESC, Key::Char('h'), LEFT], FINDINGS, "back", "clear the filter, or back", 4),
    bind(Action::Search, &[Key::Char('/')], LINES, "search", "search; Enter keeps the search, Esc clears it", 4),
    bind(Action::NextFound, &[Key::Char('n')], LINES, "next", "go to the next match", 0),
    bind(Action::PreviousFound, &[Key::Char('N')], LINES, "previous", "go to the previous match", 0),
    bind(Action::Help, &[Key::Char('?')], ALL, "help", "show all keys", 9),
    bind(Action::Quit, &[Key::Char('q')], ALL, "quit", "quit the console", 6),
    bind(Action::Quit, &[Key::Ctrl('c')], OUTSIDE, "quit", "quit the console", 0),
];

/// What `event` means in `screen`.
pub fn action_of(screen: Screen, event: KeyEvent) -> Option<Action> {
    of_screen(screen)
        .find(|binding| binding.keys.iter().any(|key| key.is(event)))
        .map(|binding| binding.action)
}

/// The lines of the table that hold in `screen`.
pub fn of_screen(screen: Screen) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.screens.contains(&screen))
}

/// The keys for the footer, by rank, with whether they work now: six at most, and the one for help. An operation that is
/// not possible is among them, so that a person learns of it; a way to go that leads nowhere is not.
pub fn of_footer(model: &Model) -> Vec<(&'static Binding, bool)> {
    const MOST: usize = 6;
    let ranked = of_screen(model.screen).filter(|binding| binding.rank > 0);
    let mut shown: Vec<_> = ranked
        .map(|binding| (binding, enabled(model, binding.action).is_ok()))
        .filter(|(binding, possible)| *possible || binding.action.is_operation())
        // A run that has ended can be looked at again, but need not be called to mind.
        .filter(|(binding, _)| binding.action != Action::Watch || model.is_running())
        // The key that goes to the fleet says so itself.
        .filter(|(binding, _)| binding.action != Action::Back || !model.is_bare_board())
        .collect();
    let pane = model.releases.as_ref().map(|releases| releases.pane);
    let of_environments = model.screen == Screen::Releases && pane == Some(ReleasesPane::Environments);
    // With the keyboard on the environments, what is done to them comes first.
    shown.sort_by_key(|(binding, _)| {
        let first = of_environments && binding.action.is_of_environments();
        (of_environments && !first, binding.rank)
    });
    let (help, mut others): (Vec<_>, Vec<_>) = shown.into_iter().partition(|(b, _)| b.action == Action::Help);
    others.truncate(MOST);
    others.into_iter().chain(help).collect()
}

/// The key table, in Markdown, as the README has it.
pub fn markdown() -> String {
    let mut table = "| Where | Key | Action |\n|---|---|---|\n".to_owned();
    for binding in BINDINGS {
        let screens: Vec<_> = binding.screens.iter().map(|screen| screen.word()).collect();
        let screen = if binding.screens == ALL {
            "all".to_owned()
        } else {
            screens.join(", ")
        };
        let keys: Vec<_> = binding
            .keys
            .iter()
            .map(|key| format!("`{}`", key.name()))
            .collect();
        table.extend(["| ", &screen, " | ", &keys.join(" "), " | ", binding.help, " |\n"]);
    }
    table + &super::screens::fleet::markdown()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for screen in Screen::ALL {
            let mut seen = std::collections::BTreeSet::new();
            for binding in of_screen(screen) {
                for key in binding.keys {
                    assert!(seen.insert(key.name()), "{} twice on {screen:?}", key.name());
                }
            }
        }
    }
}
