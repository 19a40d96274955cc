//! The release that an image is built for, where releases are built anew from their branch.

use semver::Version;

use crate::domain::{BranchName, CommitSha, Verdict, clean_line};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::git::BranchAt;

/// A release that is built anew.
pub(super) struct Release {
    /// Its version, where the name of the branch has one.
    pub(super) version: Option<Version>,
    /// The commit of develop that it was cut from.
    pub(super) stands_for: CommitSha,
}

/// A branch whose builds are releases.
pub(super) struct Found {
    /// Its name.
    pub(super) branch: BranchName,
    /// The release; none if this commit cannot be built for it.
    pub(super) release: Option<Release>,
    /// Whether it can, and why.
    pub(super) verdict: Verdict,
}

/// Finds the release of `commit`: by `named`, or else by the branch that is checked out. None if that is no release, or
/// releases carry the image of their develop commit.
pub(super) async fn find(
    engine: &Engine,
    commit: &CommitSha,
    named: Option<&str>,
) -> Result<Option<Found>, EngineError> {
    if !engine.config().release.rebuild {
        return Ok(None);
    }
    let name = match named {
        Some(name) => Some(name.to_owned()),
        None => engine.git(|repository| Ok(repository.current_branch())).await?,
    };
    let Some(branch) = name.and_then(|name| name.parse::<BranchName>().ok()) else {
        return Ok(None);
    };
    let Some(values) = engine.config().git.release_branch.parse_back(branch.as_str()) else {
        return Ok(None);
    };
    let (release, verdict) = match origin(engine, &branch, values.short.as_deref(), commit).await? {
        Ok(stands_for) => {
            let words = format!("rebuilt for {branch}; rebuild of {}", stands_for.short());
            let version = values.version;
            (Some(Release { version, stands_for }), Verdict::Allowed(words))
        }
        Err(why) => (None, Verdict::Refused(clean_line(&why))),
    };
    Ok(Some(Found {
        branch,
        release,
        verdict,
    }))
}

/// The commit of develop that a release branch, which must be at `commit`, was cut from: the one in its name, or else the last one that
/// both have; or why there is none.
async fn origin(
    engine: &Engine,
    branch: &BranchName,
    short: Option<&str>,
    commit: &CommitSha,
) -> Result<Result<CommitSha, String>, EngineError> {
    let head = branch_at(engine, branch.as_str()).await?;
    if head.commit != *commit {
        let (there, here) = (head.commit.short(), commit.short());
        return Ok(Err(format!(
            "{} is at {there}, but {here} is checked out",
            head.found_as
        )));
    }
    let at = commit.clone();
    let Some(short) = short else {
        let develop = &engine.config().git.develop;
        let tip = branch_at(engine, develop.as_str()).await?.commit;
        let fork = engine.git(move |repository| repository.fork(&at, &tip)).await?;
        return Ok(fork.ok_or_else(|| format!("{branch} and {develop} have no commit in common")));
    };
    let named = match engine.commit(short).await {
        Ok(named) => named,
        Err(error) => {
            return Ok(Err(format!("{branch} is named after {short}: {}", error.brief())));
        }
    };
    let origin = named.clone();
    let is_past = engine
        .git(move |repository| repository.contains(&at, &origin))
        .await?;
    Ok(if is_past {
        Ok(named)
    } else {
        Err(format!(
            "{branch} is named after {short}, which is not an ancestor of it"
        ))
    })
}

async fn branch_at(engine: &Engine, name: &str) -> Result<BranchAt, EngineError> {
    let (name, remote) = (name.to_owned(), engine.config().git.remote.clone());
    engine
        .git(move |repository| repository.branch(&name, &remote))
        .await
}
