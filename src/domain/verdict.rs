//! What a gate says: allowed, refused or unknown, always with the reason.

use serde::{Deserialize, Serialize};

/// The answer of one gate. There is no answer without a reason, and `Unknown` stops a promotion as `Refused` does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule holds.
    Allowed(String),
    /// The rule does not hold.
    Refused(String),
    /// It could not be found out whether the rule holds.
    Unknown(String),
}

impl Verdict {
    /// Whether a promotion may go on.
    pub const fn allows(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }

    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Allowed(reason) | Self::Refused(reason) | Self::Unknown(reason) => reason,
        }
    }

    /// `allowed`, `refused` or `unknown`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Allowed(_) => "allowed",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// A rule by name, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The rule: `scan`, `revision`, `signature`, …
    pub name: String,
    /// What it said.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What a person should know besides; it decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Gate {
    /// The verdict of the rule `name`.
    pub fn new(name: &str, verdict: Verdict) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            notes: Vec::new(),
        }
    }

    /// The gate with something that a person should know besides.
    #[must_use]
    pub fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes = notes;
        self
    }
}
