//! What a gate says: allowed, refused or unknown, always with the reason, and how it can be overridden.

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

/// What may be asked for where a gate does not allow, besides setting right what its reason says. How it is asked for is the
/// business of whoever shows it: an option there, a key here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Override {
    /// The same with a reason.
    Reason,
    /// The same without the branch that stands against it; it stays owed.
    LeaveOut,
    /// To go on in spite of the findings, in an emergency; it owes a review.
    AcceptFindings,
    /// To take a lock from somebody whose run may be alive.
    #[serde(rename = "break-lock")]
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
