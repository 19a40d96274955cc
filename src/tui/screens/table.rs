//! The table of the screens: a line for each.

use crossterm::event::KeyEvent;

use super::board::BoardScreen;
use super::findings::FindingsScreen;
use super::fleet;
use super::keys::{Action, Binding};
use super::page::PageScreen;
use super::releases::ReleasesScreen;
use super::run::RunScreen;
use super::runs::RunsScreen;
use super::screen::Screen;
use super::spec::ScreenSpec;

/// The screens, each at its place in [`Screen`].
pub static SCREENS: &[(Screen, &dyn ScreenSpec)] = &[
    (Screen::Board, &BoardScreen),
    (Screen::Releases, &ReleasesScreen),
    (Screen::Run, &RunScreen),
    (Screen::Runs, &RunsScreen),
    (Screen::Findings, &FindingsScreen),
    (Screen::Page, &PageScreen),
];

/// What a screen says about itself.
pub fn spec(screen: Screen) -> &'static dyn ScreenSpec {
    SCREENS
        .get(screen as usize)
        .map_or(&BoardScreen, |(_, spec)| *spec)
}

/// The keys of a screen, in the order of the help.
pub fn bindings(screen: Screen) -> impl Iterator<Item = &'static Binding> {
    spec(screen).keys().iter().copied().flatten()
}

/// What `event` means in `screen`.
pub fn action_of(screen: Screen, event: KeyEvent) -> Option<Action> {
    bindings(screen)
        .find(|binding| binding.keys.iter().any(|key| key.is(event)))
        .map(|binding| binding.action)
}

/// The key table, in Markdown, as the README has it: what one screen has alone, then what several share.
pub fn markdown() -> String {
    let mut rows: Vec<(&Binding, Vec<&str>)> = Vec::new();
    for (screen, spec) in SCREENS {
        for binding in bindings(*screen) {
            match rows.iter_mut().find(|(known, _)| *known == binding) {
                Some((_, screens)) => screens.push(spec.word()),
                None => rows.push((binding, vec![spec.word()])),
            }
        }
    }
    let (alone, shared): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, screens)| screens.len() == 1);
    let mut table = "| Where | Key | Action |\n|---|---|---|\n".to_owned();
    for (binding, screens) in alone.into_iter().chain(shared) {
        let screens = if screens.len() == SCREENS.len() {
            "all".to_owned()
        } else {
            screens.join(", ")
        };
        let keys: Vec<_> = binding
            .keys
            .iter()
            .map(|key| format!("`{}`", key.name()))
            .collect();
        table.extend([
            "| ",
            &screens,
            " | ",
            &keys.join(" "),
            " | ",
            binding.help,
            " |\n",
        ]);
    }
    table + &fleet::markdown()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_screen_stands_at_its_place_in_the_table() {
        for (at, (screen, _)) in SCREENS.iter().enumerate() {
            assert_eq!(at, *screen as usize, "{screen:?}");
        }
        let words: BTreeSet<_> = SCREENS.iter().map(|(_, spec)| spec.word()).collect();
        assert_eq!(words.len(), SCREENS.len(), "each has a word of its own");
    }

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for (screen, _) in SCREENS {
            let mut seen = BTreeSet::new();
            for binding in bindings(*screen) {
                for key in binding.keys {
                    assert!(seen.insert(key.name()), "{} twice on {screen:?}", key.name());
                }
            }
        }
    }
}
