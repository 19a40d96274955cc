//! Stopping the line, and letting it go on.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::{Clean, EnvironmentName};

/// An environment that nothing is promoted to any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// The environment.
    pub environment: EnvironmentName,
    /// The remote that has the note.
    pub remote: String,
    /// The note that it is put on top of; none where the environment was never halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Why.
    pub reason: Clean,
    /// The key that signs the note, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

/// An environment that was halted, and that promotions may go to again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The environment.
    pub environment: EnvironmentName,
    /// The remote that has the note.
    pub remote: String,
    /// The note that is lifted: another one is not.
    pub halt: String,
    /// What it says: `halted by ana@desk on …: INC-42`.
    pub halted: Clean,
    /// Why it is lifted.
    pub reason: Clean,
    /// The key that signs the note, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
}

impl Words for Halt {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("halt {} ({})", self.environment, self.reason)
    }

    fn deed(&self) -> String {
        format!("halt {}", self.environment)
    }

    fn way(&self) -> String {
        format!("{} on {}", self.environment, self.remote)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("reason", self.reason.to_string()),
            ("signed", signed_with(self.key.as_ref())),
        ]
    }
}

impl Words for Resume {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("resume {} ({})", self.environment, self.reason)
    }

    fn deed(&self) -> String {
        format!("resume {}", self.environment)
    }

    fn way(&self) -> String {
        format!("{} on {}", self.environment, self.remote)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("lifts", self.halted.to_string()),
            ("reason", self.reason.to_string()),
            ("signed", signed_with(self.key.as_ref())),
        ]
    }
}

fn signed_with(key: Option<&PathBuf>) -> String {
    key.map_or_else(
        || "no (environment.halt has no key)".to_owned(),
        |key| format!("with {}", key.display()),
    )
}
