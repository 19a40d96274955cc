//! What can stop the engine, with the exit code and the way out.

use crate::build::BuildError;
use crate::config::ConfigError;
use crate::deploy::DeployError;
use crate::domain::{Digest, EnvironmentName, Exit, Gate, ImageReference, ServiceName, Tag, TermError};
use crate::git::GitError;
use crate::github::GitHubError;
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
    /// GitHub.
    #[error(transparent)]
    GitHub(#[from] GitHubError),
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
    /// A lock: another run is at work.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Settings that nobody has trusted: nothing is written or started as long as there are any.
    #[error(
        "windlass.toml has settings that decide where secrets go or what runs here, and nobody has trusted them: {}",
        .0.join(", ")
    )]
    Untrusted(Vec<String>),
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
    #[error("`{text}` names nothing here: no environment, release, commit, image tag or digest{}", in_brackets(.unasked.as_deref()))]
    NothingNamed {
        /// What was given.
        text: String,
        /// Why a registry could not be asked for an image of that name, where one could not.
        unasked: Option<String>,
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
    /// What comes next cannot be told.
    #[error(
        "cannot propose a version: the tag {tag} seems to be the newest, and is not a version that windlass reads"
    )]
    NoProposal {
        /// The tag.
        tag: String,
    },
    /// No release or hotfix is called that.
    #[error("{remote} has no release or hotfix `{text}`: {why}")]
    NoRelease {
        /// What was given.
        text: String,
        /// The remote.
        remote: String,
        /// What it has.
        why: String,
    },
    /// A branch that a release does not go into.
    #[error("{release} does not go into `{branch}`: it goes into {known}")]
    NotInto {
        /// The release.
        release: String,
        /// The branch that was named.
        branch: String,
        /// Those it does go into.
        known: String,
    },
    /// Nothing runs where a hotfix is to begin.
    #[error("a hotfix cannot begin at what {environment} runs: {why}")]
    NoHotfix {
        /// The environment.
        environment: EnvironmentName,
        /// Why not.
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
        /// Whether images come there by promotions, and not by builds.
        by_promotion: bool,
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
    /// Until when a pin is to hold.
    #[error(transparent)]
    Term(#[from] TermError),
    /// A pin that would be over before it begins.
    #[error("`{0}` is over already")]
    TermOver(String),
    /// Something that is kept with its reason, and none was given.
    #[error("{0} wants a reason")]
    NoReason(&'static str),
    /// An environment that builds go to.
    #[error("builds go to {0}, and no promotion: it cannot be pinned or rolled back")]
    BuiltInto(EnvironmentName),
    /// An environment in which nothing was deployed.
    #[error("nothing is known to run in {0}")]
    NothingRuns(EnvironmentName),
    /// What runs has changed since the plan was made.
    #[error("{environment} ran {planned} when the plan was made and runs {found} now")]
    RunsAnother {
        /// The environment.
        environment: EnvironmentName,
        /// What ran.
        planned: String,
        /// What runs.
        found: String,
    },
    /// There is no pin to lift.
    #[error("{0} is not pinned")]
    NotPinned(EnvironmentName),
    /// Nothing to roll back to.
    #[error("{environment} cannot go back to `{text}`: {why}")]
    NoWayBack {
        /// The environment.
        environment: EnvironmentName,
        /// What was asked for.
        text: String,
        /// Why not.
        why: String,
    },
    /// The configuration has no short way there.
    #[error("{0} has no path for hotfixes in windlass.toml")]
    NoHotfixPath(EnvironmentName),
    /// No exception waits for a review.
    #[error("nothing that came to {0} owes a review")]
    NothingOwed(String),
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
        .map(|gate| {
            let way_out = gate
                .way_out
                .as_ref()
                .map(|way_out| format!("; {}", way_out.words()));
            let way_out = way_out.unwrap_or_default();
            format!("{} ({}{way_out})", gate.name, gate.verdict.reason())
        })
        .collect();
    list.join("; ")
}

/// What could not be asked, in brackets.
fn in_brackets(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| {
        format!(" (and the registry could not be asked: {why})")
    })
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
            Self::GitHub(error) => error.exit(),
            Self::Config(error) => error.exit(),
            Self::Scan(error) => error.exit(),
            Self::Sign(error) => error.exit(),
            Self::Build(error) => error.exit(),
            Self::Deploy(error) => error.exit(),
            Self::Journal(error) => error.exit(),
            Self::Lock(error) => error.exit(),
            Self::TagTaken { .. }
            | Self::TagOfAnother { .. }
            | Self::TagMoved { .. }
            | Self::RunsAnother { .. } => Exit::Conflict,
            Self::Untrusted(_)
            | Self::UnknownService(_)
            | Self::UnknownEnvironment(_)
            | Self::NoScanRules(_)
            | Self::NoSuchPromotion { .. }
            | Self::NoKey(_)
            | Self::NoPassword
            | Self::NoVersion { .. }
            | Self::NoProposal { .. }
            | Self::NotInto { .. }
            | Self::NoBranchName(_)
            | Self::PasswordFile { .. }
            | Self::Term(_)
            | Self::TermOver(_)
            | Self::NoReason(_)
            | Self::BuiltInto(_)
            | Self::NoHotfixPath(_) => Exit::Usage,
            Self::NoCandidate { .. }
            | Self::NoImage { .. }
            | Self::NothingNamed { .. }
            | Self::NoRelease { .. }
            | Self::NoHotfix { .. }
            | Self::NothingRuns(_)
            | Self::NotPinned(_)
            | Self::NoWayBack { .. }
            | Self::NothingOwed(_) => Exit::NotFound,
            Self::Refused(_) => Exit::Refused,
            Self::Artifacts { .. } | Self::NotProved { .. } | Self::Internal(_) => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Registry(error) => return error.hint(),
            Self::Git(error) => return error.hint(),
            Self::GitHub(error) => return error.hint(),
            Self::Config(error) => return error.hint(),
            Self::Scan(error) => return error.hint(),
            Self::Sign(error) => return error.hint(),
            Self::Build(error) => return error.hint(),
            Self::Deploy(error) => return Some(error.hint()),
            Self::Journal(error) => return error.hint(),
            Self::Lock(error) => return error.hint(),
            Self::Untrusted(_) => {
                "`windlass trust` shows these settings and asks; CI sets WINDLASS_TRUST to the hash that it prints"
            }
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
            Self::NoImage {
                environment,
                by_promotion: true,
                ..
            } => {
                return Some(format!(
                    "promote it to {environment} first, or choose another: `windlass board` shows what is where"
                ));
            }
            Self::NoImage { .. } => {
                "wait for the build of that commit, or choose another with `windlass board`"
            }
            Self::TagTaken { .. } | Self::TagOfAnother { .. } => {
                "find out who pushed that tag; windlass never overwrites it"
            }
            Self::TagMoved { .. } => {
                "someone pushed in between: look at the candidate again and make a new plan"
            }
            Self::Term(_) | Self::TermOver(_) => {
                "give a day to come, such as 2026-12-31, or a duration such as 7d"
            }
            Self::NoReason(_) => "say with --reason why",
            Self::BuiltInto(_) => "name an environment that promotions reach; `windlass status` lists them",
            Self::NothingRuns(_) => "promote something there first",
            Self::RunsAnother { .. } => {
                "someone deployed in between: look at it again with `windlass status` and make a new plan"
            }
            Self::NotPinned(_) => "`windlass pins` lists what is pinned; there is nothing to lift",
            Self::NoWayBack { .. } => "`windlass rollback ENVIRONMENT --list` shows what ran there before",
            Self::NoHotfixPath(_) => {
                "promote along the graph, or write `hotfix = { from = \"dev\", skip = [] }` for that environment"
            }
            Self::NothingOwed(_) => "there is nothing to review",
            Self::Refused(_) => "`windlass show` explains each gate; nothing was written",
            Self::NoKey(_) => {
                "set `sign = { key = \"cosign.key\" }` for it, or make a key with `windlass keygen`"
            }
            Self::NoRelease { .. } => "`windlass releases` lists them; name one by its branch or its version",
            Self::NotInto { .. } => "leave --into out, or name one of these",
            Self::NoHotfix { .. } => {
                "name an environment whose image says which commit it was built from; `windlass status` lists them"
            }
            Self::NoBranchName(_) => "change git.release_branch in windlass.toml, or what was given for it",
            Self::NoProposal { .. } => {
                "give the version with `--release`; `git.release_tag` in windlass.toml says how the tags of releases are called"
            }
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
