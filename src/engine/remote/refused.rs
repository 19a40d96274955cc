//! Why a deployment that waits on GitHub is not reviewed here.

use crate::domain::Exit;

/// Why a deployment is not reviewed here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct ReviewRefused {
    /// The exit code that it leads to.
    pub exit: Exit,
    /// Why.
    pub why: String,
    /// What to do now.
    pub hint: String,
}
