//! What can stop the engine, with the exit code and the way out.

use crate::build::BuildError;
use crate::config::ConfigError;
use crate::deploy::DeployError;
use crate::domain::{
    ChainFault, Digest, EnvironmentName, Exit, Gate, ImageReference, ServiceName, StepKind, Tag, TermError,
};
use crate::git::GitError;
use crate::github::GitHubError;
use crate::registry::RegistryError;
use crate::scan::ScanError;
use crate::sign::SignError;

use crate::engine::approval_error::ApprovalError;
use crate::engine::halt_error::HaltError;
use crate::engine::remote::refused::ReviewRefused;
use crate::engine::run::journal::JournalError;
use crate::engine::run::lock::LockError;

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
    /// The chain of promotion records of an image does not hold.
    #[error("{image}: {fault}")]
    Chain {
        /// The image.
        image: ImageReference,
        /// What is wrong.
        fault: ChainFault,
    },
    /// Somebody has stopped the line.
    #[error(transparent)]
    Halt(#[from] HaltError),
    /// An approval that could not be given, or not be read.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// Settings that nobody has trusted: nothing is written or started as long as there are any.
    #[error(
        "windlass.toml is not trusted; these settings decide where secrets go or which programs run: {}",
        .0.join(", ")
    )]
    Untrusted(Vec<String>),
    /// A service that is not configured.
    #[error("no service `{0}` in windlass.toml")]
    UnknownService(ServiceName),
    /// An environment that is not configured.
    #[error("no environment `{0}` in windlass.toml")]
    UnknownEnvironment(EnvironmentName),
    /// An environment without a scan gate.
    #[error("no scan policy for {0}: `gate.scan` is not set in windlass.toml")]
    NoScanRules(EnvironmentName),
    /// No promotion leads there.
    #[error("{from} cannot be promoted to {to} directly; {to} accepts promotions from: {sources}")]
    NoSuchPromotion {
        /// The environment that was to be left.
        from: EnvironmentName,
        /// The one to be reached.
        to: EnvironmentName,
        /// What it does take, in words.
        sources: String,
    },
    /// The text names nothing.
    #[error("cannot find a candidate named `{text}`: {why}")]
    NoCandidate {
        /// What was given.
        text: String,
        /// Why it is not one.
        why: String,
    },
    /// The text names neither an environment, nor a release, nor a commit, nor an image.
    #[error("no environment, release, commit, image tag or digest named `{text}`{}", in_brackets(.unasked.as_deref()))]
    NothingNamed {
        /// What was given.
        text: String,
        /// Why a registry could not be asked for an image of that name, where one could not.
        unasked: Option<String>,
        /// What there is.
        hint: String,
    },
    /// The text is no version.
    #[error("invalid version `{text}`: {why}")]
    NoVersion {
        /// What was given.
        text: String,
        /// Why it is not one.
        why: String,
    },
    /// What comes next cannot be told.
    #[error(
        "cannot propose a version: the newest tag seems to be {tag}, which is not a version windlass can read"
    )]
    NoProposal {
        /// The tag.
        tag: String,
    },
    /// No release or hotfix is called that.
    #[error("no release or hotfix `{text}` on {remote}: {why}")]
    NoRelease {
        /// What was given.
        text: String,
        /// The remote.
        remote: String,
        /// What it has.
        why: String,
    },
    /// A branch that a release does not go into.
    #[error("{release} is not merged into `{branch}`; it is merged into {known}")]
    NotInto {
        /// The release.
        release: String,
        /// The branch that was named.
        branch: String,
        /// Those it does go into.
        known: String,
    },
    /// Nothing is deployed where a hotfix is to begin.
    #[error("cannot start a hotfix from what is deployed to {environment}: {why}")]
    NoHotfix {
        /// The environment.
        environment: EnvironmentName,
        /// Why not.
        why: String,
    },
    /// The template of release branches makes no name.
    #[error("cannot name the release branch: {0}")]
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
    #[error("{target} already points to {found}; an immutable tag cannot be moved to {wanted}")]
    TagTaken {
        /// The tag at the target.
        target: ImageReference,
        /// What it is.
        found: Digest,
        /// What it should have become.
        wanted: Digest,
    },
    /// The tag of a commit is on an image that was not built from it.
    #[error("{target} already points to {found}, which {}", built_from(.revision.as_deref()))]
    TagOfAnother {
        /// The tag.
        target: ImageReference,
        /// What it is.
        found: Digest,
        /// The commit that the image says it was built from.
        revision: Option<String>,
    },
    /// The tag has moved since the plan was made.
    #[error("tag {tag} moved: it was {planned} when the plan was made and is {found} now")]
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
    #[error("`{0}` is in the past")]
    TermOver(String),
    /// Something that is kept with its reason, and none was given.
    #[error("a reason is required for {0}")]
    NoReason(&'static str),
    /// An environment that builds go to.
    #[error("{0} receives builds, not promotions: it cannot be pinned or rolled back")]
    BuiltInto(EnvironmentName),
    /// An environment in which nothing was deployed.
    #[error("nothing is deployed to {0}")]
    NothingDeployed(EnvironmentName),
    /// What is deployed has changed since the plan was made.
    #[error("{environment} changed: {planned} was deployed when the plan was made, {found} is deployed now")]
    RunsAnother {
        /// The environment.
        environment: EnvironmentName,
        /// What ran.
        planned: String,
        /// What is deployed.
        found: String,
    },
    /// There is no pin to lift.
    #[error("{0} is not pinned")]
    NotPinned(EnvironmentName),
    /// Nothing to roll back to.
    #[error("cannot roll {environment} back to `{text}`: {why}")]
    NoWayBack {
        /// The environment.
        environment: EnvironmentName,
        /// What was asked for.
        text: String,
        /// Why not.
        why: String,
    },
    /// The configuration has no short way there.
    #[error("no hotfix path for {0} in windlass.toml")]
    NoHotfixPath(EnvironmentName),
    /// No exception waits for a review.
    #[error("no review is due for {0}")]
    NothingOwed(String),
    /// Gates do not allow it.
    #[error("refused by {}", names(.0))]
    Refused(Vec<Gate>),
    /// An environment that keeps everything.
    #[error("nothing is ever deleted from {0}: it has no `retain` in windlass.toml")]
    NoRetention(EnvironmentName),
    /// Signing was asked for, and there is no key to sign with.
    #[error("no signing key configured for {0}")]
    NoKey(String),
    /// The key is encrypted and nothing gave its password.
    #[error("the signing key is encrypted and no password is available")]
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
    #[error("could not prepare {}: {source}", path.display())]
    Artifacts {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The verification after the copy found something else.
    #[error("could not verify {image}: {why}")]
    NotProved {
        /// What was looked at.
        image: ImageReference,
        /// What is wrong.
        why: String,
    },
    /// An environment whose promotions run on GitHub, and no repository there.
    #[error("promotions to {0} run on GitHub, but the repository is not known to be there")]
    NoGitHub(EnvironmentName),
    /// Something is asked of GitHub, and no repository there is known.
    #[error("the repository is not known to be on GitHub")]
    NotOnGitHub,
    /// A deployment that waits on GitHub is not reviewed here.
    #[error(transparent)]
    ReviewRefused(#[from] ReviewRefused),
    /// The job runs the right workflow from another branch than the plan says.
    #[error("this job runs {workflow} from {found}, not from {planned} as the plan requires")]
    OtherWorkflowRef {
        /// The workflow.
        workflow: String,
        /// What the job runs.
        found: String,
        /// What the plan has.
        planned: String,
    },
    /// Whether a run began on GitHub is not known.
    #[error("could not find out whether {workflow} was started on GitHub: {why}")]
    DispatchUnknown {
        /// The workflow.
        workflow: String,
        /// What went wrong.
        why: String,
        /// What the title of its run would say.
        correlation: String,
    },
    /// Ctrl-C, or a termination signal.
    #[error("interrupted")]
    Interrupted,
    /// A plan has a step that its operation cannot run. That is a fault of windlass.
    #[error("the plan has a step `{}` that a {operation} cannot run", .step.word())]
    UnknownStep {
        /// Which operation.
        operation: String,
        /// The step.
        step: StepKind,
    },
    /// A task of the program ended in a way that it never should.
    #[error("an internal task failed: {0}")]
    Internal(String),
}

fn built_from(revision: Option<&str>) -> String {
    revision.map_or_else(
        || "does not name the commit it was built from".to_owned(),
        |revision| format!("was built from {}", crate::domain::clean_line(revision)),
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
            format!("{} ({}{way_out})", gate.kind, gate.verdict.reason())
        })
        .collect();
    list.join("; ")
}

/// What could not be asked, in brackets.
fn in_brackets(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| {
        format!(" (and the registry could not be reached: {why})")
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
            Self::ReviewRefused(refused) => refused.exit,
            Self::Halt(error) => error.exit(),
            Self::Approval(error) => error.exit(),
            Self::TagTaken { .. }
            | Self::TagOfAnother { .. }
            | Self::TagMoved { .. }
            | Self::RunsAnother { .. }
            | Self::OtherWorkflowRef { .. } => Exit::Conflict,
            Self::Untrusted(_)
            | Self::UnknownService(_)
            | Self::UnknownEnvironment(_)
            | Self::NoScanRules(_)
            | Self::NoSuchPromotion { .. }
            | Self::NoRetention(_)
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
            | Self::NoGitHub(_)
            | Self::NotOnGitHub
            | Self::NoHotfixPath(_) => Exit::Usage,
            Self::NoCandidate { .. }
            | Self::NoImage { .. }
            | Self::NothingNamed { .. }
            | Self::NoRelease { .. }
            | Self::NoHotfix { .. }
            | Self::NothingDeployed(_)
            | Self::NotPinned(_)
            | Self::NoWayBack { .. }
            | Self::NothingOwed(_) => Exit::NotFound,
            Self::Refused(_) | Self::Chain { .. } => Exit::Refused,
            Self::Artifacts { .. }
            | Self::NotProved { .. }
            | Self::UnknownStep { .. }
            | Self::Internal(_) => Exit::Failed,
            Self::DispatchUnknown { .. } => Exit::Incomplete,
            Self::Interrupted => Exit::Interrupted,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Git(error) => error.hint(),
            Self::GitHub(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Scan(error) => error.hint(),
            Self::Sign(error) => error.hint(),
            Self::Build(error) => error.hint(),
            Self::Deploy(error) => Some(error.hint()),
            Self::Journal(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Halt(error) => Some(error.hint()),
            Self::Approval(error) => Some(error.hint()),
            own => own.own_hint(),
        }
    }

    /// What to do about what is not an error of something else.
    fn own_hint(&self) -> Option<String> {
        let text = match self {
            Self::Chain { .. } => {
                "find out who left or removed it, and when: `windlass registry referrers` lists what is attached, \
                 `windlass runs` what ran here; promote again from the last environment whose record holds"
            }
            Self::Untrusted(_) => {
                "run `windlass trust` to review these settings; in CI set WINDLASS_TRUST to the hash it prints"
            }
            Self::UnknownService(_) | Self::UnknownEnvironment(_) => {
                "run `windlass doctor` to list what is configured"
            }
            Self::NoScanRules(_) => {
                "choose an environment that has one with --policy, or set `gate.scan` for it"
            }
            Self::NoSuchPromotion { .. } => "promote one environment at a time, along the `from` of each",
            Self::NoCandidate { .. } => {
                "give a commit, a tag such as sha-2b2e927, a digest or a release branch"
            }
            Self::NothingNamed { hint, .. } => hint,
            Self::NoImage {
                environment,
                by_promotion: true,
                ..
            } => {
                return Some(format!(
                    "promote it to {environment} first, or choose another candidate (see `windlass board`)"
                ));
            }
            Self::NoImage { .. } => {
                "wait for the build of that commit, or choose another candidate (see `windlass board`)"
            }
            Self::TagTaken { .. } | Self::TagOfAnother { .. } => {
                "find out who pushed that tag; windlass never overwrites an immutable tag"
            }
            Self::TagMoved { .. } => {
                "someone pushed in the meantime: review the candidate and make a new plan"
            }
            Self::Term(_) | Self::TermOver(_) => {
                "give a future date such as 2026-12-31, or a duration such as 7d"
            }
            Self::NoReason(_) => "say with --reason why",
            Self::BuiltInto(_) => "choose an environment that receives promotions (see `windlass status`)",
            Self::NothingDeployed(_) => "promote a candidate there first",
            Self::RunsAnother { .. } => {
                "someone deployed in the meantime: review `windlass status` and make a new plan"
            }
            Self::NotPinned(_) => "run `windlass pins` to list the pinned environments",
            Self::NoWayBack { .. } => {
                "run `windlass rollback ENVIRONMENT --list` to see its earlier deployments"
            }
            Self::NoHotfixPath(_) => {
                "promote one environment at a time, or set `hotfix = { from = \"dev\", skip = [] }` for that \
                 environment"
            }
            Self::NothingOwed(_) => "run `windlass history` to see what was deployed",
            Self::Refused(_) => "nothing was changed; run `windlass show` for an explanation of each gate",
            Self::NoRetention(_) => {
                "to have its old images deleted, set `retain = { builds = 50, for = \"30d\" }` for it"
            }
            Self::NoKey(_) => {
                "set `sign = { key = \"cosign.key\" }` for it, or create a key with `windlass keygen`"
            }
            Self::NoRelease { .. } => "give its branch or version (see `windlass releases`)",
            Self::NotInto { .. } => "omit --into, or give one of these branches",
            Self::NoHotfix { .. } => {
                "choose an environment whose image names the commit it was built from (see `windlass status`)"
            }
            Self::NoBranchName(_) => {
                "change `git.release_branch` in windlass.toml, or the values given for it"
            }
            Self::NoProposal { .. } => {
                "give the version with --release; `git.release_tag` in windlass.toml sets the form of release tags"
            }
            Self::NoVersion { .. } => "give a version such as 1.4.0 (semantic versioning)",
            Self::NoPassword => "set COSIGN_PASSWORD or `password_file`, or run it in a terminal to be asked",
            Self::PasswordFile { .. } => "make the file readable, or set COSIGN_PASSWORD instead",
            Self::Artifacts { .. } => {
                "make it writable, or choose another folder with `artifacts` in [check] of windlass.toml"
            }
            Self::NotProved { .. } => "do not deploy it; find out who else writes to that repository",
            Self::ReviewRefused(refused) => &refused.hint,
            Self::NoGitHub(_) => "set `repository` in [github], or `runner = \"here\"` for the environment",
            Self::OtherWorkflowRef { planned, .. } => {
                return Some(format!(
                    "run the workflow from {planned}, or set `github.ref` of the environment"
                ));
            }
            Self::DispatchUnknown { correlation, .. } => {
                return Some(format!(
                    "look for a run with {correlation} in its title (`windlass runs --github`); the same command \
                     follows it if it is there, and starts it if it is not"
                ));
            }
            Self::Interrupted => "run the same command again to resume",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
