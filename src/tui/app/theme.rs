//! How things look: sixteen colours, symbols in two alphabets, and one language of states.
//!
//! A state is always a symbol and a word; colour only repeats it. Without colour, weight and reverse video carry what
//! colour would have carried.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

pub use crate::report::State;

/// The look of a console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether only ASCII may be used.
    pub ascii: bool,
}

impl Theme {
    /// The look for this terminal: `NO_COLOR`, set to anything, takes the colours away (<https://no-color.org>).
    pub fn of_terminal(ascii: bool) -> Self {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colour, ascii }
    }

    /// The symbol of a state.
    pub const fn symbol(self, state: State) -> &'static str {
        if !self.ascii {
            return state.symbol();
        }
        match state {
            State::Ok => "+",
            State::Bad => "x",
            State::Loading => ".",
            State::None => "-",
            State::Attention | State::Stale | State::Unknown => state.symbol(),
        }
    }

    /// Picks between a text in Unicode and one in ASCII.
    pub const fn glyph(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { unicode }
    }

    /// The style of a state.
    pub fn state(self, state: State) -> Style {
        match state {
            State::Ok => self.ink(Color::Green),
            State::Bad => self.ink(Color::Red).add_modifier(Modifier::BOLD),
            State::Attention => self.ink(Color::Yellow).add_modifier(Modifier::BOLD),
            State::Loading => self.ink(Color::Cyan),
            State::None => self.quiet(),
            State::Stale => self.ink(Color::Yellow).add_modifier(Modifier::DIM),
            State::Unknown => self.ink(Color::Magenta),
        }
    }

    /// A symbol and a word in the style of the state.
    pub fn says(self, state: State, word: &str) -> Span<'static> {
        Span::styled(format!("{} {word}", self.symbol(state)), self.state(state))
    }

    /// Text in a colour, where there are colours.
    pub fn ink(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// Text that matters less.
    pub fn quiet(self) -> Style {
        if self.colour {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Titles and names.
    pub const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What a key is written in.
    pub fn key(self) -> Style {
        self.ink(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Commits and digests.
    pub fn identity(self) -> Style {
        self.ink(Color::Yellow)
    }

    /// The part of the screen that has the keyboard.
    pub fn accent(self) -> Style {
        self.ink(Color::Cyan)
    }

    /// The selected row.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(if self.colour {
            Modifier::BOLD
        } else {
            Modifier::REVERSED
        })
    }

    /// Text that a search has found.
    pub const fn found(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A button that Enter presses.
    pub const fn button(self) -> Style {
        Style::new()
            .add_modifier(Modifier::REVERSED)
            .add_modifier(Modifier::BOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 7] = [
        State::Ok,
        State::Bad,
        State::Attention,
        State::Loading,
        State::None,
        State::Stale,
        State::Unknown,
    ];

    #[test]
    fn no_two_states_share_a_symbol() {
        for ascii in [false, true] {
            let theme = Theme { colour: true, ascii };
            let symbols: std::collections::BTreeSet<_> = STATES.iter().map(|s| theme.symbol(*s)).collect();
            assert_eq!(symbols.len(), STATES.len());
            assert!(!ascii || symbols.iter().all(|s| s.is_ascii()));
        }
    }

    #[test]
    fn without_colour_no_style_has_one() {
        let theme = Theme {
            colour: false,
            ascii: false,
        };
        assert!(STATES.iter().all(|s| theme.state(*s).fg.is_none()));
        assert!(
            [theme.key(), theme.identity(), theme.accent(), theme.quiet()]
                .iter()
                .all(|s| s.fg.is_none())
        );
    }
}
