//! Kinds of trouble, and how long each may last.

use std::time::Duration;

/// What holds a rollout up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Trouble {
    /// Of which kind.
    pub kind: TroubleKind,
    /// In one sentence.
    pub why: String,
    /// Where a log may say more.
    pub log: Option<LogSource>,
}

/// A kind of trouble, which decides how long it may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum TroubleKind {
    /// The image cannot be pulled.
    Pull,
    /// The container cannot be started: a secret or config map is missing.
    Start,
    /// The container crashes again and again, or its image has no valid name.
    Hopeless,
    /// Pods cannot be created: a quota, an admission plugin.
    Create,
    /// Somebody has paused the rollout, or has changed its strategy.
    Held,
}

impl TroubleKind {
    /// How long it may last before the rollout has failed.
    pub const fn grace(self) -> Duration {
        match self {
            Self::Hopeless => Duration::ZERO,
            // The kubelet tries again after 10 s: a registry that hiccups once does no harm.
            Self::Pull | Self::Start | Self::Create => Duration::from_secs(15),
            Self::Held => Duration::from_secs(30),
        }
    }
}

/// The log of a container that has crashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct LogSource {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
}
