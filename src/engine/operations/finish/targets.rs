//! The branches that a release goes into, and what a merge into each comes to.

use crate::domain::{BranchName, CommitSha, DebtState, Due, Ending, MergeMethod, Release};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::remote_state::{Line, Upstream};
use crate::git::{Conflict, Merge};

/// A branch that the release goes into.
pub(super) struct Target {
    pub(super) ending: Ending,
    pub(super) merging: Merging,
}

/// Where it goes: main, develop and the open releases that lack its fixes, as far as `only` names them.
pub(super) async fn targets(
    engine: &Engine,
    upstream: &Upstream,
    line: &Line,
    release: &Release,
    only: &[String],
) -> Result<Vec<Target>, EngineError> {
    let git = &engine.config().git;
    let mut branches = vec![git.main.clone()];
    if git.develop != git.main {
        branches.push(git.develop.clone());
    }
    branches.extend(release.debts.iter().filter_map(|debt| match &debt.what {
        Due::Release(branch) => Some(branch.clone()),
        _ => None,
    }));
    for name in only {
        if !branches.iter().any(|branch| branch.as_str() == name) {
            let known: Vec<_> = branches.iter().map(BranchName::as_str).collect();
            return Err(EngineError::NotInto {
                release: release.name(),
                branch: crate::domain::clean_line(name),
                known: known.join(", "),
            });
        }
    }
    branches.retain(|branch| only.is_empty() || only.iter().any(|name| name == branch.as_str()));
    let mut targets = Vec::with_capacity(branches.len());
    for branch in branches {
        targets.push(target(engine, upstream, line, release, branch).await?);
    }
    Ok(targets)
}

async fn target(
    engine: &Engine,
    upstream: &Upstream,
    line: &Line,
    release: &Release,
    branch: BranchName,
) -> Result<Target, EngineError> {
    let Some(at) = upstream.branch(&branch).cloned() else {
        let ending = Ending {
            branch,
            at: line.head.clone(),
            way: MergeMethod::Already,
        };
        return Ok(Target {
            ending,
            merging: Merging::NoBranch,
        });
    };
    let (ours, theirs) = (at.clone(), line.head.clone());
    let merge = engine
        .git(move |repository| repository.try_merge(&ours, &theirs))
        .await?;
    let merging = match merge {
        Merge::Already if let Some(why) = is_reverted(release, &branch) => Merging::Reverted(why.to_owned()),
        Merge::Already => Merging::Contained(None),
        _ if let Some(how) = is_there(release, &branch) => Merging::Contained(Some(how.to_owned())),
        Merge::Clean => Merging::Clean {
            at: at.clone(),
            pull_request: engine.asks_for_pull_request(&branch).await,
        },
        Merge::Conflicts(conflicts) => Merging::Conflicts(conflicts),
    };
    let way = merging.method();
    Ok(Target {
        ending: Ending { branch, at, way },
        merging,
    })
}

/// What a merge into a branch comes to.
pub(in crate::engine) enum Merging {
    /// There is no such branch.
    NoBranch,
    /// The branch has the commits, and what is missing of them, for it was reverted there.
    Reverted(String),
    /// The branch has all of it; how, where no merge finds that.
    Contained(Option<String>),
    /// It goes through.
    Clean {
        /// Where the branch is.
        at: CommitSha,
        /// Why a pull request is asked for instead of a push, if one is. Where that is unknown the push itself will tell;
        /// nothing is half done if it is refused.
        pull_request: Result<Option<String>, EngineError>,
    },
    /// A person has to decide.
    Conflicts(Vec<Conflict>),
}

impl Merging {
    const fn method(&self) -> MergeMethod {
        match self {
            Self::NoBranch | Self::Reverted(_) | Self::Contained(_) => MergeMethod::Already,
            Self::Clean {
                pull_request: Ok(Some(_)),
                ..
            } => MergeMethod::PullRequest,
            Self::Clean { .. } | Self::Conflicts(_) => MergeMethod::Merge,
        }
    }
}

/// How a branch has all of the release, if it has, in a way that no merge finds.
fn is_there<'a>(release: &'a Release, branch: &BranchName) -> Option<&'a str> {
    release.debts.iter().find_map(|debt| {
        let is_it = matches!(&debt.what, Due::Main(it) | Due::Develop(it) | Due::Release(it) if it == branch);
        match &debt.state {
            DebtState::Paid(how) if is_it => Some(how.as_str()),
            _ => None,
        }
    })
}

/// What is missing of the release in a branch that has its commits in its past: it was reverted there.
fn is_reverted<'a>(release: &'a Release, branch: &BranchName) -> Option<&'a str> {
    release.debts.iter().find_map(|debt| {
        let is_it = matches!(&debt.what, Due::Main(it) | Due::Develop(it) | Due::Release(it) if it == branch);
        match &debt.state {
            DebtState::Owed(why) | DebtState::NotYet(why) if is_it => Some(why.as_str()),
            _ => None,
        }
    })
}
