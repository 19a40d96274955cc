//! A search in the lines of a screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::text_input::TextInput;

/// A search, and whether it is still being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// What is searched for.
    pub input: TextInput,
    /// Whether keys go into it.
    pub typing: bool,
}

/// What became of a search by a key that was typed into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchKey {
    /// Nobody searches any more: Esc, Ctrl-C, or Enter with nothing typed.
    Dropped,
    /// It is typed to its end and stays.
    Kept,
    /// Its text may be another one.
    Edited,
    /// The key means nothing here.
    Ignored,
}

impl Search {
    /// Takes a key that was typed into it.
    pub fn on_key(&mut self, key: KeyEvent) -> SearchKey {
        let interrupt = key.modifiers == KeyModifiers::CONTROL && key.code == KeyCode::Char('c');
        if key.code == KeyCode::Esc || interrupt {
            return SearchKey::Dropped;
        }
        if key.code == KeyCode::Enter {
            self.typing = false;
            return if self.input.text().is_empty() {
                SearchKey::Dropped
            } else {
                SearchKey::Kept
            };
        }
        if self.input.on_key(key) {
            SearchKey::Edited
        } else {
            SearchKey::Ignored
        }
    }

    /// One that nothing was typed into yet.
    pub fn begun() -> Self {
        Self {
            typing: true,
            ..Self::default()
        }
    }

    /// What is searched for, whatever the case of its letters.
    pub fn needle(&self) -> String {
        self.input.text().to_lowercase()
    }
}

/// The next of `n` places from `here` on that matches, around the end; `here` itself first if `from_here`.
pub fn next_match(
    n: usize,
    here: usize,
    forward: bool,
    from_here: bool,
    matches: impl Fn(usize) -> bool,
) -> Option<usize> {
    let here = here.min(n.checked_sub(1)?);
    let start = usize::from(!from_here);
    let at = |step: usize| {
        if forward {
            (here + step) % n
        } else {
            (here + n - step % n) % n
        }
    };
    (start..n + start).map(at).find(|place| matches(*place))
}

#[cfg(test)]
mod tests {
    use super::next_match;

    #[test]
    fn matches_are_found_one_after_the_other_around_the_end() {
        let even = |place: usize| place.is_multiple_of(2);
        assert_eq!(next_match(5, 2, true, true, even), Some(2));
        assert_eq!(next_match(5, 2, true, false, even), Some(4));
        assert_eq!(next_match(5, 4, true, false, even), Some(0));
        assert_eq!(next_match(5, 0, false, false, even), Some(4));
        assert_eq!(
            next_match(5, 9, true, true, even),
            Some(4),
            "where the text became shorter"
        );
    }

    #[test]
    fn the_only_match_is_found_again_and_none_where_there_is_none() {
        assert_eq!(next_match(3, 1, true, false, |place| place == 1), Some(1));
        assert_eq!(next_match(3, 1, true, false, |_| false), None);
        assert_eq!(next_match(0, 0, true, true, |_| true), None);
    }
}
