//! The moments at which gates are asked.

/// The enum with one variant for each line, and the list of all of them.
macro_rules! moments {
    ($($(#[$doc:meta])+ $moment:ident;)+) => {
        /// When gates are asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::engine) enum Moment {
            $($(#[$doc])+ $moment,)+
        }

        #[cfg(test)]
        impl Moment {
            /// All of them.
            pub(super) const ALL: &'static [Self] = &[$(Self::$moment,)+];
        }
    };
}

moments! {
    /// A release is cut: when that is planned, and again when it runs.
    Cut;
    /// A hotfix is started: when that is planned, and again when it runs.
    Hotfix;
    /// Somebody only looks at a promotion: nothing is scanned for it.
    Preview;
    /// A promotion is planned.
    Plan;
    /// A promotion runs.
    Run;
    /// An image is built: when that is planned, and again when it runs.
    Build;
    /// A build runs: what was planned must still be checked out.
    Checkout;
    /// A release or a hotfix is finished: when that is planned, and again when it runs.
    Finish;
    /// A pin is planned.
    Pin;
    /// A pin is set.
    PinRun;
    /// A pin is lifted: when that is planned, and again when it runs.
    Unpin;
    /// A pin is about to be lifted, and the plan says what could be promoted then.
    Next;
    /// A rollback is planned.
    Rollback;
    /// A rollback runs, or a list says which digests an environment could go back to.
    RollbackRun;
    /// A review is planned.
    Review;
    /// A lock is broken: when that is planned, and again when it runs.
    Unlock;
    /// Images that nobody needs are deleted: when that is planned, and again when it runs.
    Gc;
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
        self.is_promotion() || matches!(self, Self::Cut | Self::Next)
    }

    /// Whether it is a moment of a rollback.
    pub(super) const fn is_rollback(self) -> bool {
        matches!(self, Self::Rollback | Self::RollbackRun)
    }
}
