//! What a gate is: its kind, when it is asked, and what asks it.

use std::fmt;

use super::evaluate::Evaluate;
use super::moment::Moment;
use super::settings::Settings;
use crate::domain::GateKind;

/// One line of the table.
pub(in crate::engine) struct GateRule {
    /// Which rule it is.
    pub(super) kind: RuleKind,
    /// Whether it is asked at that moment under those settings.
    pub(super) applies: fn(&Settings<'_>, Moment) -> bool,
    /// What asks it.
    pub(super) evaluate: Evaluate,
}

/// Which gates a rule makes.
pub(super) enum RuleKind {
    /// One of this kind.
    One(GateKind),
    /// One for each branch that a release is merged into.
    EachBranch,
}

impl fmt::Display for RuleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(kind) => kind.fmt(f),
            Self::EachBranch => f.write_str("into"),
        }
    }
}
