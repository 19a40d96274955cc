//! Dialogs: what stands over a screen until it is answered.

use secrecy::SecretString;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::domain::{CommitSha, Confirmation, Plan};

/// A line that is being typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextInput {
    text: String,
    /// Where the next character goes: an index in bytes, at a boundary of what people see as one character.
    cursor: usize,
}

impl TextInput {
    /// A line with `text` in it, and the cursor at its end.
    pub fn with(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.len(),
        }
    }

    /// What stands in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// What stands after the cursor.
    pub fn after(&self) -> &str {
        &self.text[self.cursor..]
    }

    /// Types text; line breaks and control characters are left out.
    pub fn insert(&mut self, text: &str) {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    /// Takes the character before the cursor away.
    pub fn backspace(&mut self) {
        let end = self.cursor;
        self.left();
        self.text.replace_range(self.cursor..end, "");
    }

    /// Takes the character after the cursor away.
    pub fn delete(&mut self) {
        let len = self.after().graphemes(true).next().map_or(0, str::len);
        self.text.replace_range(self.cursor..self.cursor + len, "");
    }

    /// Takes everything before the cursor away.
    pub fn clear_before(&mut self) {
        self.text.replace_range(..self.cursor, "");
        self.cursor = 0;
    }

    /// One character to the left.
    pub fn left(&mut self) {
        self.cursor -= self.before().graphemes(true).next_back().map_or(0, str::len);
    }

    /// One character to the right.
    pub fn right(&mut self) {
        self.cursor += self.after().graphemes(true).next().map_or(0, str::len);
    }

    /// To the beginning.
    pub const fn home(&mut self) {
        self.cursor = 0;
    }

    /// To the end.
    pub const fn end(&mut self) {
        self.cursor = self.text.len();
    }
}

/// What happened, and what to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whether it is good news.
    pub good: bool,
    /// A few words.
    pub title: String,
    /// What happened.
    pub what: String,
    /// What to do now.
    pub hint: Option<String>,
}

/// The plan of a promotion or a signature, waiting for its confirmation.
#[derive(Debug, Clone)]
pub struct PlanDialog {
    /// The plan.
    pub plan: Plan,
    /// What is typed to confirm it.
    pub typed: TextInput,
    /// Whether Enter was pressed while the text was not the one asked for.
    pub mistyped: bool,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// The first line that is seen, where the plan is longer than the screen.
    pub scroll: usize,
}

impl PlanDialog {
    /// The dialog of a plan.
    pub fn of(plan: Plan, asks_password: bool) -> Self {
        Self {
            plan,
            typed: TextInput::default(),
            asks_password,
            mistyped: false,
            scroll: 0,
        }
    }

    /// Whether what was typed confirms it.
    pub fn confirmed(&self) -> bool {
        match &self.plan.confirmation {
            Confirmation::Plain => true,
            Confirmation::Typed(text) => self.typed.text().trim() == text,
        }
    }
}

/// A release to be cut at a commit.
#[derive(Debug, Clone)]
pub struct CutDialog {
    /// The commit.
    pub commit: CommitSha,
    /// The commit in seven characters and its subject.
    pub title: String,
    /// The version, proposed first and then as it is edited.
    pub version: TextInput,
    /// The plan for that version, once it is there; an error says why there is none.
    pub plan: Option<Result<Plan, Message>>,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// Whether the version was changed since the plan was made.
    pub edited: bool,
    /// The first line that is seen, where it is longer than the screen.
    pub scroll: usize,
}

/// What stands over the screen.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// A plan is being made; the text says of what.
    Planning(String),
    /// A release to be cut.
    Cut(Box<CutDialog>),
    /// A plan to be confirmed.
    Plan(Box<PlanDialog>),
    /// A password for the signing key; it is never shown.
    Password {
        /// The plan that needs it.
        plan: Box<Plan>,
        /// What was typed so far.
        typed: SecretString,
    },
    /// Something happened.
    Message(Message),
    /// Quitting would stop the run.
    Quit,
}
