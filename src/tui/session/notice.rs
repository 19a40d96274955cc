//! What a person is told: in the line of the footer, or in a dialog.

/// A short notice in the place of the footer: why a key did nothing, or that something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// Whether a person should look.
    pub grave: bool,
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
