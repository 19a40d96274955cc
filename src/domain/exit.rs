//! Exit codes: one meaning each, the same for every command.

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// All that was asked for is done.
    Done,
    /// Something failed.
    Failed,
    /// The arguments or the configuration are wrong.
    Usage,
    /// A gate refused.
    Refused,
    /// A tag moved, an immutable tag is taken, a lock is held.
    Conflict,
    /// Broken off half-way; the same command again goes on from there.
    Incomplete,
    /// A registry or a remote did not accept the credentials.
    NotAuthorised,
    /// What was named does not exist.
    NotFound,
    /// Following stopped while what was followed goes on, as a run on GitHub does.
    StillRunning,
    /// Ctrl-C, or a termination signal.
    Interrupted,
}

impl Exit {
    /// The number that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Conflict => 4,
            Self::Incomplete => 5,
            Self::NotAuthorised => 6,
            Self::NotFound => 7,
            Self::StillRunning => 8,
            Self::Interrupted => 130,
        }
    }
}
