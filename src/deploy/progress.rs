//! How a deployment goes, told as it happens.

/// What is told of a deployment while it goes on. Texts may come from a platform: whoever tells them makes them harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeployProgress {
    /// A line for the log.
    Line(String),
    /// A line that a person should see.
    Warning(String),
    /// Replicas begin to come up; told again where their number changes.
    Started {
        /// What tells them apart in their deployment: `prod/payment-svc`.
        item: String,
        /// What they are called.
        label: String,
        /// How many there will be.
        total: u64,
    },
    /// So many replicas of an item are up.
    Moved {
        /// The item.
        item: String,
        /// How many, of all.
        done: u64,
    },
    /// All replicas of an item are up, or it ended in another way.
    Ended {
        /// The item.
        item: String,
        /// What became of it.
        result: String,
    },
}

/// Who hears how a deployment goes.
pub type Tell<'a> = &'a (dyn Fn(DeployProgress) + Send + Sync);
