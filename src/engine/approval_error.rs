//! Why an approval could not be given, or not be read.

use std::path::PathBuf;

use crate::domain::{Clean, EnvironmentName, Exit, ImageReference, RoleName};

/// Why an approval could not be given, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// Nobody has to approve what is promoted there.
    #[error("{0} requires no approvals")]
    NotRequired(EnvironmentName),
    /// There is no key to sign with.
    #[error("no key to sign the approval with")]
    NoKey,
    /// The key that would sign is not one that counts.
    #[error("approvals for {environment} that are signed with {} do not count: it is not one of `gate.approvals.trusted`", .key.display())]
    OtherKey {
        /// The environment.
        environment: EnvironmentName,
        /// The key.
        key: PathBuf,
    },
    /// Nobody has that role.
    #[error("nobody approves for {environment} as {role}")]
    UnknownRole {
        /// The environment.
        environment: EnvironmentName,
        /// The role.
        role: RoleName,
        /// The roles that somebody has.
        known: Vec<RoleName>,
    },
    /// It would be left, and would not count.
    #[error("an approval of {name} for {environment} would not count: it {why}")]
    WouldNotCount {
        /// Who approves.
        name: Clean,
        /// The environment.
        environment: EnvironmentName,
        /// Why it would not.
        why: String,
    },
    /// What was to be approved is not what it was.
    #[error("{image} or the rules of {environment} changed after the plan was made")]
    Changed {
        /// The image.
        image: ImageReference,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Who wrote the commit may not approve it, and is not known.
    #[error("the commit that {0} was built from is unknown, so that nobody knows who wrote it")]
    NoCommit(ImageReference),
    /// Two people have one key.
    #[error("{one} and {other} have the same key in `gate.approvals.trusted`")]
    SharedKey {
        /// The first.
        one: Clean,
        /// The second.
        other: Clean,
    },
}

impl ApprovalError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NotRequired(_) | Self::NoKey | Self::UnknownRole { .. } | Self::SharedKey { .. } => {
                Exit::Usage
            }
            Self::OtherKey { .. } | Self::WouldNotCount { .. } | Self::NoCommit(_) => Exit::Refused,
            Self::Changed { .. } => Exit::Conflict,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> String {
        match self {
            Self::NotRequired(environment) => {
                format!(
                    "set `gate.approvals` for {environment} in windlass.toml where approvals are to be required"
                )
            }
            Self::NoKey => "name one with --key, or with `key` in [approve] of your own configuration; \
                 `windlass keygen` makes one"
                .to_owned(),
            Self::OtherKey { .. } => {
                "add its public part to `gate.approvals.trusted`, or name another key with --key".to_owned()
            }
            Self::UnknownRole { known, .. } if known.is_empty() => {
                "give somebody in `gate.approvals.trusted` that role, or leave out --as".to_owned()
            }
            Self::UnknownRole { known, .. } => {
                let known: Vec<_> = known.iter().map(RoleName::as_str).collect();
                format!("these roles are known: {}", known.join(", "))
            }
            Self::WouldNotCount { .. } => "ask somebody else to approve it".to_owned(),
            Self::Changed { .. } => "run the same command again to see what it is now".to_owned(),
            Self::NoCommit(_) => {
                "fetch the commit, or label the image with the one that it was built from".to_owned()
            }
            Self::SharedKey { .. } => "give each of them a key of their own".to_owned(),
        }
    }
}
