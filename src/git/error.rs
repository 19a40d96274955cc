//! What git can refuse.

use std::path::PathBuf;

use super::conflict::Conflict;
use crate::domain::{BranchName, CommitSha, Exit};

/// Why something in git did not work.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository.
    #[error("{0} is not in a git repository")]
    NoRepository(PathBuf),
    /// A repository that git does not trust, because it is somebody else's.
    #[error("the git repository at {0} belongs to another user")]
    NotOwned(PathBuf),
    /// A repository that cannot be opened.
    #[error("could not open the git repository at {path}: {why}")]
    Unusable {
        /// Where.
        path: PathBuf,
        /// Why, as libgit2 says it.
        why: String,
    },
    /// Nothing was committed yet.
    #[error("the repository has no commits yet")]
    Unborn,
    /// A branch that is neither here nor at the remote.
    #[error("no branch `{branch}`, neither local nor {remote}/{branch}{}", near(.similar))]
    NoBranch {
        /// The branch.
        branch: String,
        /// The remote that was looked at too.
        remote: String,
        /// Branches with a similar name.
        similar: Vec<String>,
    },
    /// A folder of a service that a branch does not have.
    #[error("{branch} has no folder {folder}, which windlass.toml names as the path of {service}")]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// The branch.
        branch: String,
        /// The service.
        service: String,
    },
    /// A revision that names no commit.
    #[error("no commit named `{text}`{}", if *.shallow { " (this clone is shallow, so older commits may be missing)" } else { "" })]
    NoCommit {
        /// What was given.
        text: String,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// A short name with several commits.
    #[error("`{text}` is ambiguous{}", near(.commits))]
    Ambiguous {
        /// What was given.
        text: String,
        /// The first twelve characters of each; none where `text` is more than the beginning of a name.
        commits: Vec<String>,
    },
    /// A branch that exists already.
    #[error("branch {branch} already exists {place}, at {found}")]
    BranchTaken {
        /// The branch.
        branch: BranchName,
        /// `here` or `on origin`.
        place: String,
        /// The commit that it is at.
        found: String,
    },
    /// Another branch is in the way.
    #[error("cannot create branch {branch} {place}: git cannot have it beside {by}")]
    BranchBlocked {
        /// The branch.
        branch: BranchName,
        /// `here` or `on origin`.
        place: String,
        /// The branch that is there.
        by: String,
    },
    /// A name that git takes for no tag.
    #[error("invalid tag name `{tag}`: {why}")]
    BadTag {
        /// What was given.
        tag: String,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// A tag that exists already, on another commit.
    #[error("tag {tag} already exists {place}, on {found}")]
    TagTaken {
        /// The tag.
        tag: String,
        /// `here` or `on origin`.
        place: String,
        /// The commit that it is on.
        found: String,
    },
    /// A lightweight tag where an annotated one is to be.
    #[error("the local tag {tag} already exists and is lightweight: it has no author, date or notes")]
    LightweightTag {
        /// The tag.
        tag: String,
    },
    /// A `git` that is too old to merge as `git merge` does without a working tree.
    #[error("this git cannot merge without a working tree: git 2.38 or newer is required")]
    OldGit,
    /// An object that a partial clone left out.
    #[error("git could not {action}: this clone is partial, and an object that is needed is not in it{}", fetching(.why.as_deref()))]
    Partial {
        /// What was tried.
        action: &'static str,
        /// The object, where it is known.
        missing: Option<String>,
        /// Why it could not be fetched, where that was tried.
        why: Option<String>,
    },
    /// A form of repository that windlass does not read.
    #[error("the format of the git repository at {path} is not supported: {form}")]
    Form {
        /// Where.
        path: PathBuf,
        /// `reftable` or `sha256`.
        form: &'static str,
        /// What can be done.
        advice: &'static str,
    },
    /// A merge that a person has to make.
    #[error("cannot merge {theirs} into {ours}: {}", files(.conflicts, .ours, .theirs))]
    Conflicts {
        /// What is merged into, by the name that people know it by.
        ours: String,
        /// What is merged.
        theirs: String,
        /// The files.
        conflicts: Vec<Conflict>,
    },
    /// A merge of what is there already.
    #[error("{theirs} is already in {ours}")]
    NothingToMerge {
        /// What is merged into.
        ours: String,
        /// What is merged.
        theirs: String,
    },
    /// Two commits without a common past.
    #[error("{ours} and {theirs} have no commit in common")]
    Unrelated {
        /// What is merged into.
        ours: String,
        /// What is merged.
        theirs: String,
    },
    /// Two commits whose common past is left out of a shallow clone.
    #[error("this clone is shallow: the merge base of {ours} and {theirs} is missing")]
    CutOff {
        /// What is merged into.
        ours: String,
        /// What is merged.
        theirs: String,
    },
    /// git does not know who the user is.
    #[error("git {action} does not know who you are: {why}")]
    Nameless {
        /// `commit-tree`, `tag`.
        action: &'static str,
        /// git's own words.
        why: String,
    },
    /// git was to sign, and could not.
    #[error("git {action} could not sign: {why}")]
    NotSigned {
        /// `commit-tree`, `tag`.
        action: &'static str,
        /// git's own words, and those of the program that signs.
        why: String,
    },
    /// The push was refused.
    #[error("{remote} rejected the push of {what}: {why}")]
    Rejected {
        /// The remote.
        remote: String,
        /// The branches and tags.
        what: String,
        /// The remote's own words.
        why: String,
    },
    /// A reference of the remote is not where it was a moment ago.
    #[error("{reference} on {remote} was {expected} and is now {found}; nothing was pushed")]
    Moved {
        /// The remote.
        remote: String,
        /// The branch or tag.
        reference: String,
        /// Where it was.
        expected: String,
        /// Where it is.
        found: String,
    },
    /// The remote has commits that are not on this machine.
    #[error("{branch} on {remote} is at a commit that has not been fetched")]
    NotFetched {
        /// The remote.
        remote: String,
        /// The branch.
        branch: String,
    },
    /// The remote does not answer, or is not there.
    #[error("could not reach git remote {remote}: {why}")]
    Unreachable {
        /// The remote.
        remote: String,
        /// git's own words.
        why: String,
    },
    /// The remote does not let this user in.
    #[error("git remote {remote} rejected the credentials: {why}")]
    NotAuthorised {
        /// The remote.
        remote: String,
        /// git's own words.
        why: String,
    },
    /// No remote of that name.
    #[error("no git remote `{0}`")]
    NoRemote(String),
    /// The `git` program.
    #[error("could not run git: {0}")]
    NoProgram(std::io::Error),
    /// It took too long.
    #[error("git {action} timed out after {seconds} s")]
    Slow {
        /// `ls-remote`, `push`.
        action: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// Whatever else the `git` program says.
    #[error("git {action} failed: {why}")]
    Program {
        /// `commit-tree`, `tag`.
        action: &'static str,
        /// git's own words.
        why: String,
    },
    /// Whatever else libgit2 says.
    #[error("git could not {action}: {why}")]
    Library {
        /// What was tried.
        action: &'static str,
        /// Why not.
        why: String,
    },
    /// A commit that is already elsewhere under that name.
    #[error("commit {0} could not be read")]
    Unreadable(CommitSha),
    /// A commit that a question needs and a shallow clone does not have.
    #[error("commit {0} is beyond the depth of this shallow clone")]
    Shallow(CommitSha),
}

fn near(similar: &[String]) -> String {
    if similar.is_empty() {
        String::new()
    } else {
        format!("; available: {}", similar.join(", "))
    }
}

fn fetching(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!("; fetching it failed: {why}"))
}

/// The first files, and how many more there are.
fn files(conflicts: &[Conflict], ours: &str, theirs: &str) -> String {
    const SHOWN: usize = 5;
    let shown = conflicts.iter().take(SHOWN);
    let mut text: Vec<_> = shown.map(|conflict| conflict.words(ours, theirs)).collect();
    if conflicts.len() > SHOWN {
        text.push(format!("and {} more", conflicts.len() - SHOWN));
    }
    text.join("; ")
}

/// How git says that it does not know who the user is.
const NAMELESS: [&str; 5] = [
    "Please tell me who you are",
    "identity unknown",
    "empty ident name",
    "auto-detect",
    "ident name consists only of disallowed characters",
];

/// How git says that it could not sign.
const NOT_SIGNED: [&str; 6] = [
    "failed to sign the data",
    "unable to sign the tag",
    "Couldn't load public key",
    "Couldn't sign",
    "user.signingkey",
    "unsupported value for gpg.format",
];

/// How git says that it could not store an object. Why it could not sign a commit with a key of ssh it says in the words of
/// `ssh-keygen` alone.
const NOT_STORED: [&str; 4] = [
    "repository database",
    "No space left",
    "unable to create",
    "unable to write",
];

impl GitError {
    /// Whether there simply is no repository.
    pub const fn is_no_repository(&self) -> bool {
        matches!(self, Self::NoRepository(_))
    }

    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NoRepository(_)
            | Self::NoRemote(_)
            | Self::NoBranch { .. }
            | Self::NoFolder { .. }
            | Self::Unborn
            | Self::BadTag { .. }
            | Self::Ambiguous { .. } => Exit::Usage,
            Self::NoCommit { .. } | Self::Shallow(_) => Exit::NotFound,
            Self::BranchTaken { .. }
            | Self::BranchBlocked { .. }
            | Self::TagTaken { .. }
            | Self::LightweightTag { .. }
            | Self::Conflicts { .. }
            | Self::NothingToMerge { .. }
            | Self::Moved { .. } => Exit::Conflict,
            Self::NotAuthorised { .. } => Exit::NotAuthorised,
            Self::NotOwned(_)
            | Self::OldGit
            | Self::Partial { .. }
            | Self::Form { .. }
            | Self::NotFetched { .. }
            | Self::Unusable { .. }
            | Self::Rejected { .. }
            | Self::Unreachable { .. }
            | Self::NoProgram(_)
            | Self::Slow { .. }
            | Self::Unrelated { .. }
            | Self::CutOff { .. }
            | Self::Nameless { .. }
            | Self::NotSigned { .. }
            | Self::Program { .. }
            | Self::Library { .. }
            | Self::Unreadable(_) => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoRepository(_) => "run windlass in the repository of the service, or choose it with -C",
            Self::NotOwned(_) => {
                "if you trust it, run `git config --global --add safe.directory` with its path"
            }
            Self::Unborn => "commit something first",
            Self::NoFolder { .. } => {
                "correct `path` of the service in windlass.toml, or push the folder to the branch"
            }
            Self::NoBranch { .. } => {
                "fetch it, or set git.develop in windlass.toml to the branch that candidates come from"
            }
            Self::NoCommit { shallow: true, .. } | Self::Shallow(_) => {
                "deepen the clone with `git fetch --unshallow`"
            }
            Self::NoCommit { .. } => "fetch first, or check the name with `git log`",
            Self::Ambiguous { .. } => "give more characters",
            Self::BranchTaken { .. } => "choose another version, or check what is on that branch",
            Self::BranchBlocked { .. } => {
                "rename or remove that branch, or change git.release_branch in windlass.toml"
            }
            Self::BadTag { .. } => "choose another name for the tag",
            Self::OldGit => "install a newer git",
            Self::Partial { .. } => {
                "fetch the rest with `git fetch --refetch --no-filter REMOTE`, or use a clone made without --filter"
            }
            Self::Form { advice, .. } => advice,
            Self::LightweightTag { .. } => {
                "remove it with `git tag -d TAG`; windlass then creates an annotated tag"
            }
            Self::TagTaken { .. } => {
                "tags are never moved: choose another version, or inspect it with `git show`"
            }
            Self::Conflicts { .. } => {
                "merge manually on a branch of your own, resolve these files, and merge that first"
            }
            Self::NothingToMerge { .. } => "nothing is left to do; the earlier view was out of date",
            Self::Unrelated { .. } => {
                "windlass merges only branches with a common ancestor; check that both belong to this service"
            }
            Self::CutOff { .. } => "fetch the whole history with `git fetch --unshallow`",
            Self::Nameless { .. } => {
                "set `git config user.name` and `git config user.email`, or in CI GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, \
                 GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL"
            }
            Self::NotSigned { .. } => {
                "check that `git tag -s` works; user.signingKey and gpg.format set how git signs, commit.gpgSign and \
                 tag.gpgSign whether it does"
            }
            Self::Program { .. } => "check that the same works with git, then run the same command again",
            Self::NotFetched { .. } => "run `git fetch`; windlass does not fetch in read-only mode",
            Self::Moved { .. } => "the remote changed in the meantime; run the command again",
            Self::Rejected { .. } => {
                "the rules of the remote do not allow it; nothing was left behind locally"
            }
            Self::Unreachable { .. } | Self::Slow { .. } => {
                "check that `git fetch` works, then run the same command again"
            }
            Self::NotAuthorised { .. } => {
                "check that `git push` works without prompting: windlass uses the same credentials, from a credential \
                 helper or an SSH agent"
            }
            Self::NoRemote(_) => {
                "set git.remote in windlass.toml to the name of the remote (see `git remote -v`)"
            }
            Self::NoProgram(_) => "install git; windlass uses it for fetch and push",
            Self::Unusable { .. } | Self::Library { .. } | Self::Unreadable(_) => {
                "run `git fsck` for details"
            }
        };
        Some(text.to_owned())
    }

    /// Why `git` did not write what it was to; `signs` where it was to sign it.
    pub(super) fn of_writing(action: &'static str, err: &str, signs: bool) -> Self {
        let why = super::complaint::words(err);
        let says = |signs: &[&str]| signs.iter().any(|sign| err.contains(sign));
        if says(&NAMELESS) {
            Self::Nameless { action, why }
        } else if says(&NOT_SIGNED) || (signs && !says(&NOT_STORED)) {
            Self::NotSigned { action, why }
        } else {
            Self::Program { action, why }
        }
    }

    pub(super) fn library(action: &'static str) -> impl Fn(git2::Error) -> Self {
        move |error| Self::Library {
            action,
            why: crate::domain::clean_line(error.message()),
        }
    }
}
