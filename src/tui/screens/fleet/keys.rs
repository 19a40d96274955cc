//! The keys of the fleet. Those that move are the same on all screens.

use crossterm::event::KeyEvent;

use crate::tui::screens::keys::{self, Action, Binding, ENTER, ESC, Key, RIGHT, bind};

/// All of them, in the order of the help.
const KEYS: &[&[Binding]] = &[OWN, keys::MOVES, keys::COMMON, keys::INTERRUPT];

#[rustfmt::skip]
const OWN: &[Binding] = &[
    bind(Action::Enter, &[ENTER, Key::Char('l'), RIGHT], "open", "open the board of the service", 1),
    bind(Action::Search, &[Key::Char('/')], "filter", "filter by text; Enter keeps the filter, Esc clears it", 2),
    bind(Action::Refresh, &[Key::Char('r')], "refresh", "refresh from git and the registries", 3),
    bind(Action::Back, &[ESC], "clear", "clear the filter", 0),
];

/// The keys, in the order of the help.
pub(super) fn bindings() -> impl Iterator<Item = &'static Binding> {
    KEYS.iter().copied().flatten()
}

/// What `event` means.
pub(super) fn action_of(event: KeyEvent) -> Option<Action> {
    bindings()
        .find(|binding| binding.keys.iter().any(|key| key.is(event)))
        .map(|binding| binding.action)
}

/// The lines of the README's key table that are the fleet's alone.
pub fn markdown() -> String {
    let mut lines = String::new();
    for binding in OWN {
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
        for key in bindings().flat_map(|binding| binding.keys) {
            assert!(seen.insert(key.name()), "{} twice", key.name());
        }
    }
}
