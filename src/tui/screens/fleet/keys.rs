//! The keys of the fleet. Those that move are the same on all screens.

use crossterm::event::KeyEvent;

use crate::tui::screens::keys as keymap;
use crate::tui::screens::keys::Key;

/// What a key can do on the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetAction {
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
    /// Opens the board of the service.
    Open,
    /// Shows only services with a text.
    Filter,
    /// Clears the filter.
    Back,
    /// Looks everything up again.
    Refresh,
    /// All keys.
    Help,
    /// Leaves the console.
    Quit,
}

/// One line of the table.
pub(in crate::tui) struct FleetBinding {
    pub(in crate::tui) action: FleetAction,
    pub(in crate::tui) keys: &'static [Key],
    /// Two words at most, for the footer.
    pub(in crate::tui) label: &'static str,
    /// A phrase, for the help.
    pub(in crate::tui) help: &'static str,
    /// Whether the footer shows it.
    pub(in crate::tui) in_footer: bool,
    /// Whether all screens have it.
    pub(in crate::tui) is_common: bool,
}

const fn bind(
    action: FleetAction,
    keys: &'static [Key],
    label: &'static str,
    help: &'static str,
    in_footer: bool,
    is_common: bool,
) -> FleetBinding {
    FleetBinding {
        action,
        keys,
        label,
        help,
        in_footer,
        is_common,
    }
}

/// All of it, in the order of the help.
#[rustfmt::skip]
pub(in crate::tui) const BINDINGS: &[FleetBinding] = &[
    bind(FleetAction::Open, &[keymap::ENTER, Key::Char('l'), keymap::RIGHT], "open", "open the board of the service", true, false),
    bind(FleetAction::Filter, &[Key::Char('/')], "filter", "filter by text; Enter keeps the filter, Esc clears it", true, false),
    bind(FleetAction::Refresh, &[Key::Char('r')], "refresh", "refresh from git and the registries", true, false),
    bind(FleetAction::Back, &[keymap::ESC], "clear", "clear the filter", false, false),
    bind(FleetAction::Up, &[keymap::UP, Key::Char('k')], "up", "one line up", false, true),
    bind(FleetAction::Down, &[keymap::DOWN, Key::Char('j')], "down", "one line down", false, true),
    bind(FleetAction::PageUp, &[keymap::PAGE_UP, Key::Ctrl('b')], "page up", "one page up", false, true),
    bind(FleetAction::PageDown, &[keymap::PAGE_DOWN, Key::Ctrl('f'), Key::Char(' ')], "page down", "one page down", false, true),
    bind(FleetAction::First, &[Key::Char('g'), keymap::HOME], "first", "go to the first line", false, true),
    bind(FleetAction::Last, &[Key::Char('G'), keymap::END], "last", "go to the last line", false, true),
    bind(FleetAction::Quit, &[Key::Char('q'), Key::Ctrl('c')], "quit", "quit the console", true, true),
    bind(FleetAction::Help, &[Key::Char('?')], "help", "show all keys", true, true),
];

/// What `event` means.
pub(in crate::tui) fn action_of(event: KeyEvent) -> Option<FleetAction> {
    let found = BINDINGS
        .iter()
        .find(|binding| binding.keys.iter().any(|key| key.is(event)));
    found.map(|binding| binding.action)
}

/// The lines of the README's key table that are the fleet's alone.
pub fn markdown() -> String {
    let mut lines = String::new();
    for binding in BINDINGS.iter().filter(|binding| !binding.is_common) {
        let keys: Vec<_> = binding
            .keys
            .iter()
            .map(|key| format!("`{}`", key.name()))
            .collect();
        lines.extend(["| fleet | ", &keys.join(" "), " | ", binding.help, " |\n"]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut seen = std::collections::BTreeSet::new();
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(seen.insert(key.name()), "{} twice", key.name());
        }
    }
}
