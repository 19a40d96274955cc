//! A lock that is broken.

use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::domain::LockPart;

/// A lock that somebody left at the remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlock {
    /// What of the service is locked.
    pub part: LockPart,
    /// The remote.
    pub remote: String,
    /// The object that is the lock: another one is not broken.
    pub lock: String,
    /// Whose lock it is: `ana@desk, run 1f9a2b3c`.
    pub holder: String,
    /// Whether it is taken from its holder even before its time is over.
    #[serde(rename = "force")]
    pub held: bool,
    /// Why.
    pub reason: String,
}

impl Words for Unlock {
    fn title(&self) -> String {
        format!(
            "unlock {}, locked by {} ({})",
            self.part, self.holder, self.reason
        )
    }

    fn deed(&self) -> String {
        format!("unlock {}", self.part)
    }

    fn way(&self) -> String {
        format!("{} on {}", self.part, self.remote)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("lock", format!("of {}, on {}", self.holder, self.remote)),
            ("reason", self.reason.clone()),
        ]
    }
}
