//! What a gate says: allowed, refused or unknown, always with the reason.

use serde::{Deserialize, Serialize};

use super::EnvironmentName;

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
    /// What a person may ask for instead, where it does not allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_out: Option<Override>,
}

/// What may be asked for where a gate does not allow, besides setting right what its reason says. How it is asked for is the
/// business of whoever shows it: an option there, a key here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Override {
    /// The same with a reason.
    Reason,
    /// The same without the branch that stands against it; it stays owed.
    LeaveOut,
    /// To go on in spite of the findings, in an emergency; it owes a review.
    AcceptFindings,
    /// To take a lock from somebody whose run may be alive.
    TakeLock,
    /// To lift the pin of an environment first.
    Unpin {
        /// Which environment.
        environment: EnvironmentName,
    },
}

impl Override {
    /// In words, for whoever has no better ones.
    pub fn words(&self) -> String {
        match self {
            Self::Reason => "can be overridden with a reason".to_owned(),
            Self::LeaveOut => "can be left out; it stays outstanding".to_owned(),
            Self::AcceptFindings => "can be accepted in an emergency; a review is due afterwards".to_owned(),
            Self::TakeLock => "can be broken on request".to_owned(),
            Self::Unpin { environment } => format!("unpin {environment} first"),
        }
    }
}

impl Gate {
    /// The verdict of the rule `name`.
    pub fn new(name: &str, verdict: Verdict) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            notes: Vec::new(),
            way_out: None,
        }
    }

    /// The gate with something that a person should know besides.
    #[must_use]
    pub fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes = notes;
        self
    }

    /// The gate with what may be asked for instead.
    #[must_use]
    pub fn with_override(mut self, way_out: Override) -> Self {
        self.way_out = Some(way_out);
        self
    }
}
