//! The moments at which gates are asked.

/// When gates are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Moment {
    /// A release is cut: when that is planned, and again when it runs.
    Cut,
    /// A hotfix is started: when that is planned, and again when it runs.
    Hotfix,
    /// A pin is lifted, and the plan tells what could be promoted then.
    Unpin,
    /// Somebody only looks at a promotion: nothing is scanned for it.
    Preview,
    /// A promotion is planned.
    Plan,
    /// A promotion runs.
    Run,
}

impl Moment {
    /// Whether it is a moment of a promotion.
    pub(super) const fn is_promotion(self) -> bool {
        matches!(self, Self::Preview | Self::Plan | Self::Run)
    }

    /// Whether it is a moment at which a branch is about to be made.
    pub(super) const fn makes_branch(self) -> bool {
        matches!(self, Self::Cut | Self::Hotfix)
    }

    /// Whether a candidate is judged by the rules between two environments.
    pub(super) const fn judges_candidate(self) -> bool {
        !matches!(self, Self::Hotfix)
    }
}
