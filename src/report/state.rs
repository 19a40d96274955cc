//! One language of states: always a symbol and a word, so that nothing depends on colour.

use std::fmt;

/// What can be said of a fact, a gate or a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It holds, or it is done.
    Ok,
    /// Refused or failed.
    Bad,
    /// It holds, and a person should look.
    Attention,
    /// Under way.
    Loading,
    /// There is none, or it has not begun.
    None,
    /// It held when it was last looked at.
    Stale,
    /// It could not be found out.
    Unknown,
}

impl State {
    /// The symbol for it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Bad => "✗",
            Self::Attention => "!",
            Self::Loading => "…",
            Self::None => "–",
            Self::Stale => "~",
            Self::Unknown => "?",
        }
    }
}

/// A state in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// What there is to say.
    pub words: String,
}

impl Status {
    /// `words` on something in this state.
    pub fn new(state: State, words: impl Into<String>) -> Self {
        Self {
            state,
            words: words.into(),
        }
    }
}

impl fmt::Display for Status {
    /// `✓ finished`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.state.symbol(), self.words)
    }
}
