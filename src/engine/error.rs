//! What can stop the engine, with the exit code and the way out.

use crate::build::BuildError;
use crate::config::ConfigError;
use crate::deploy::DeployError;
use crate::domain::{Digest, EnvironmentName, Exit, Gate, ImageReference, ServiceName, Tag};
use crate::git::GitError;
use crate::registry::RegistryError;
use crate::scan::ScanError;
use crate::sign::SignError;

use super::journal::JournalError;
use super::lock::LockError;

/// Why an operation could not be planned, or a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file that belongs to the configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A scanner, a report or a document about vulnerabilities.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// A key or a signature.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A builder, or what it left.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The deployer.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Another run is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A service that is not configured.
    #[error("there is no service `{0}` in windlass.toml")]
    UnknownService(ServiceName),
    /// An environment that is not configured.
    #[error("there is no environment `{0}` in windlass.toml")]
    UnknownEnvironment(EnvironmentName),
    /// An environment without a scan gate.
    #[error("{0} has no rules for scans: there is no gate.scan for it in windlass.toml")]
    NoScanRules(EnvironmentName),
    /// No promotion leads there.
    #[error("{to} takes no promotions from {from}: its `from` names {sources}")]
    NoSuchPromotion {
        /// The environment that was to be left.
        from: EnvironmentName,
        /// The one to be reached.
        to: EnvironmentName,
        /// What it does take, in words.
        sources: String,
    },
    /// The text names nothing.
    #[error("`{text}` is no candidate: {why}")]
    NoCandidate {
        /// What was given.
        text: String,
        /// Why it is not one.
        why: String,
    },
    /// The text names neither an environment, nor a release, nor a commit, nor an image.
    #[error("`{text}` names nothing here: no environment, release, commit, image tag or digest")]
    NothingNamed {
        /// What was given.
        text: String,
        /// What there is.
        hint: String,
    },
    /// The text is no version.
    #[error("`{text}` is no version: {why}")]
    NoVersion {
        /// What was given.
        text: String,
        /// Why it is not one.
        why: String,
    },
    /// The template of release branches makes no name.
    #[error("no release branch can be named: {0}")]
    NoBranchName(String),
    /// The candidate has no image where it should come from.
    #[error("{environment} has no image {image}")]
    NoImage {
        /// Where it was looked for.
        environment: EnvironmentName,
        /// What was looked for.
        image: ImageReference,
    },
    /// The immutable tag at the target belongs to another digest.
    #[error("{target} is {found} already, and an immutable tag never moves to {wanted}")]
    TagTaken {
        /// The tag at the target.
        target: ImageReference,
        /// What it is.
        found: Digest,
        /// What it should have become.
        wanted: Digest,
    },
    /// The tag of a commit is on an image that was not built from it.
    #[error("{target} is {found} already, which {}", built_from(.revision.as_deref()))]
    TagOfAnother {
        /// The tag.
        target: ImageReference,
        /// What it is.
        found: Digest,
        /// The commit that the image says it was built from.
        revision: Option<String>,
    },
    /// The tag has moved since the plan was made.
    #[error("tag {tag} was {planned} when the plan was made and is {found} now")]
    TagMoved {
        /// The tag at the source.
        tag: Tag,
        /// The digest in the plan.
        planned: Digest,
        /// What it is now.
        found: String,
    },
    /// Gates do not allow it.
    #[error("refused by {}", names(.0))]
    Refused(Vec<Gate>),
    /// Signing was asked for, and there is no key to sign with.
    #[error("no signing key is configured for {0}")]
    NoKey(String),
    /// The key is encrypted and nothing gave its password.
    #[error("the signing key is encrypted, and there is no password for it")]
    NoPassword,
    /// The file with the password could not be read.
    #[error("could not read the password file {path}: {source}")]
    PasswordFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder for what a check leaves.
    #[error("could not make {} ready: {source}", path.display())]
    Artifacts {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The verification after the copy found something else.
    #[error("{image} could not be proved: {why}")]
    NotProved {
        /// What was looked at.
        image: ImageReference,
        /// What is wrong.
        why: String,
    },
    /// Ctrl-C, or a termination signal.
    #[error("interrupted")]
    Interrupted,
    /// A task of the program ended in a way that it never should.
    #[error("an internal task ended unexpectedly: {0}")]
    Internal(String),
}

fn built_from(revision: Option<&str>) -> String {
    revision.map_or_else(
        || "does not say what it was built from".to_owned(),
        |revision| format!("says it was built from {}", crate::domain::clean_line(revision)),
    )
}

fn names(gates: &[Gate]) -> String {
    let list: Vec<_> = gates
        .iter()
        .map(|g| format!("{} ({})", g.name, g.verdict.reason()))
        .collect();
    list.join("; ")
}

impl EngineError {
    /// The error in one line, as the reason of a verdict.
    pub fn brief(&self) -> String {
        match self {
            Self::Config(error) => error.brief(),
            other => other.to_string(),
        }
    }

    /// The exit code that it leads to.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Registry(error) => error.exit(),
            Self::Git(error) => error.exit(),
            Self::Config(error) => error.exit(),
            Self::Scan(error) => error.exit(),
            Self::Sign(error) => error.exit(),
            Self::Build(error) => error.exit(),
            Self::Deploy(error) => error.exit(),
            Self::Journal(error) => error.exit(),
            Self::Lock(LockError::Held { .. })
            | Self::TagTaken { .. }
            | Self::TagOfAnother { .. }
            | Self::TagMoved { .. } => Exit::Conflict,
            Self::UnknownService(_)
            | Self::UnknownEnvironment(_)
            | Self::NoScanRules(_)
            | Self::NoSuchPromotion { .. }
            | Self::NoKey(_)
            | Self::NoPassword
            | Self::NoVersion { .. }
            | Self::NoBranchName(_)
            | Self::PasswordFile { .. } => Exit::Usage,
            Self::NoCandidate { .. } | Self::NoImage { .. } | Self::NothingNamed { .. } => Exit::NotFound,
            Self::Refused(_) => Exit::Refused,
            Self::Lock(LockError::Io { .. })
            | Self::Artifacts { .. }
            | Self::NotProved { .. }
            | Self::Internal(_) => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Registry(error) => return error.hint(),
            Self::Git(error) => return error.hint(),
            Self::Config(error) => return error.hint(),
            Self::Scan(error) => return error.hint(),
            Self::Sign(error) => return error.hint(),
            Self::Build(error) => return error.hint(),
            Self::Deploy(error) => return Some(error.hint()),
            Self::Journal(error) => return error.hint(),
            Self::Lock(LockError::Held { .. }) => "wait for that run to end; nothing was changed by this one",
            Self::Lock(LockError::Io { .. }) => "give access to the state folder (XDG_STATE_HOME)",
            Self::UnknownService(_) | Self::UnknownEnvironment(_) => {
                "`windlass doctor` lists what is configured"
            }
            Self::NoScanRules(_) => {
                "name an environment that has some with --policy, or write `gate.scan` for it"
            }
            Self::NoSuchPromotion { .. } => "promote along the graph of environments, one step at a time",
            Self::NoCandidate { .. } => {
                "name a commit, a tag such as sha-2b2e927, a digest or a release branch"
            }
            Self::NothingNamed { hint, .. } => hint,
            Self::NoImage { .. } => {
                "wait for the build of that commit, or choose another with `windlass board`"
            }
            Self::TagTaken { .. } | Self::TagOfAnother { .. } => {
                "find out who pushed that tag; windlass never overwrites it"
            }
            Self::TagMoved { .. } => {
                "someone pushed in between: look at the candidate again and make a new plan"
            }
            Self::Refused(_) => "`windlass show` explains each gate; nothing was written",
            Self::NoKey(_) => {
                "set `sign = { key = \"cosign.key\" }` for it, or make a key with `windlass keygen`"
            }
            Self::NoBranchName(_) => "change git.release_branch in windlass.toml, or what was given for it",
            Self::NoVersion { .. } => "write a version such as 1.4.0 (semantic versioning)",
            Self::NoPassword => {
                "set COSIGN_PASSWORD, name a `password_file` beside the key, or run it on a terminal"
            }
            Self::PasswordFile { .. } => "give access to the file, or set COSIGN_PASSWORD instead",
            Self::Artifacts { .. } => {
                "give access to it, or name another with `artifacts` of [check] in windlass.toml"
            }
            Self::NotProved { .. } => "do not deploy it; find out who else writes to that repository",
            Self::Interrupted => "give the same command again to go on",
            Self::Internal(_) => return None,
        };
        Some(text.to_owned())
    }
}
