//! What stands against the end of a release: conflicts, known before anything is written; a tag that is elsewhere; a head
//! that nothing was built from.

use crate::domain::{
    Bound, BranchName, CommitSha, DebtState, Due, Ending, Gate, GateKind, MergeMethod, Override, Release,
    ReleaseKind, Verdict, count,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::remote_state::{Line, Upstream};
use crate::git::{Conflict, Merge, TagAt};

/// Files that a refusal names.
const NAMED: usize = 5;

/// A branch that the release goes into.
pub(super) struct Target {
    pub(super) ending: Ending,
    pub(super) gate: Gate,
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
    let kind = GateKind::Into(branch.clone());
    let Some(at) = upstream.branch(&branch).cloned() else {
        let why = format!("{} has no branch {branch}", engine.config().git.remote);
        return Ok(Target {
            gate: Gate::new(kind, Verdict::Refused(why)),
            ending: Ending {
                branch,
                at: line.head.clone(),
                way: MergeMethod::Already,
            },
        });
    };
    let (ours, theirs) = (at.clone(), line.head.clone());
    let merge = engine
        .git(move |repository| repository.try_merge(&ours, &theirs))
        .await?;
    let (way, verdict) = match merge {
        Merge::Already if let Some(why) = is_reverted(release, &branch) => (
            MergeMethod::Already,
            Verdict::Refused(format!(
                "{why}: a merge would not restore it; revert the revert on {branch} first"
            )),
        ),
        Merge::Already => (
            MergeMethod::Already,
            Verdict::Allowed("already contains all of it".to_owned()),
        ),
        _ if let Some(how) = is_there(release, &branch) => (
            MergeMethod::Already,
            Verdict::Allowed(format!("already contains all of it: {how}")),
        ),
        Merge::Clean => clean(engine, &branch, &at).await,
        Merge::Conflicts(conflicts) => (MergeMethod::Merge, conflict(&conflicts, line, &branch)),
    };
    let mut gate = Gate::new(kind, verdict);
    if !gate.verdict.allows() {
        gate.way_out = Some(Override::LeaveOut);
    }
    Ok(Target {
        gate,
        ending: Ending { branch, at, way },
    })
}

/// A merge that goes through: by a push, or by a pull request where the remote's rules ask for one.
async fn clean(engine: &Engine, branch: &BranchName, at: &CommitSha) -> (MergeMethod, Verdict) {
    let merges = format!("merges without conflicts, at {}", at.short());
    match engine.asks_for_pull_request(branch).await {
        Ok(None) => (MergeMethod::Merge, Verdict::Allowed(merges)),
        Ok(Some(why)) => (
            MergeMethod::PullRequest,
            Verdict::Allowed(format!("{merges}; through a pull request, because {why}")),
        ),
        // The push itself will tell; nothing is half done if it is refused.
        Err(error) => (
            MergeMethod::Merge,
            Verdict::Allowed(format!(
                "{merges}; could not read its branch rules: {}",
                error.brief()
            )),
        ),
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

fn conflict(conflicts: &[Conflict], line: &Line, into: &BranchName) -> Verdict {
    let mut named: Vec<_> = conflicts
        .iter()
        .take(NAMED)
        .map(|conflict| conflict.words(into.as_str(), line.branch.as_str()))
        .collect();
    if conflicts.len() > NAMED {
        named.push(format!("and {} more", conflicts.len() - NAMED));
    }
    Verdict::Refused(format!(
        "{} in conflict: {}. Merge {} into {into} manually",
        are(conflicts.len()),
        named.join("; "),
        line.branch
    ))
}

fn are(files: usize) -> String {
    let verb = if files == 1 { "is" } else { "are" };
    format!("{} {verb}", count(files, "file"))
}

/// What must hold of the release itself.
pub(super) async fn of_release(
    engine: &Engine,
    upstream: &Upstream,
    line: &Line,
    release: &Release,
) -> Result<Vec<Gate>, EngineError> {
    let mut gates = vec![Gate::new(GateKind::Candidate, candidate(engine, release))];
    if let Some(trouble) = &release.trouble {
        let why = format!("{}: {trouble}; rename the branch first", line.branch);
        gates.push(Gate::new(GateKind::Name, Verdict::Refused(why)));
    }
    if let Some(before) = without_a_fix(upstream, line) {
        let why = format!(
            "{before} is at the same commit: nothing has been committed on {} since",
            line.branch
        );
        gates.push(Gate::new(GateKind::Fix, Verdict::Refused(why)));
    }
    if let Some(version) = &line.values.version {
        let name = upstream.released.name_of(version);
        let here = name.clone();
        let here = engine.git(move |repository| repository.tag(&here)).await?;
        let verdict = tag(engine, upstream, line, &name, here.as_ref());
        gates.push(Gate::new(GateKind::Tag, verdict));
    }
    Ok(gates)
}

/// The tag of the version that a hotfix was begun at, if its head is still there.
fn without_a_fix<'a>(upstream: &'a Upstream, line: &Line) -> Option<&'a str> {
    let mut tags = upstream.released.tags().iter();
    let tag = tags.find(|tag| {
        let is_before = tag.version.pre.is_empty() && Some(&tag.version) != line.values.version.as_ref();
        is_before && tag.at.commit == line.head
    })?;
    (line.kind == ReleaseKind::Hotfix).then_some(tag.name.as_str())
}

/// Whether the head is what was built, and what is deployed of it.
fn candidate(engine: &Engine, release: &Release) -> Verdict {
    let (tag, digest) = match &release.candidate {
        Bound::There { tag, digest } => (tag, digest),
        Bound::NoImage { tag } => {
            return Verdict::Refused(format!(
                "the head {} has no image {tag} in {}: the commit to be tagged was never built",
                release.head.short(),
                engine.config().graph.entrance().name
            ));
        }
        Bound::Unknown { why } => return Verdict::Unknown(why.clone()),
    };
    let at_head: Vec<_> = release
        .deployed
        .iter()
        .filter(|there| there.is_head)
        .map(|there| there.environment.to_string())
        .collect();
    let deployed = if at_head.is_empty() {
        "not deployed anywhere yet".to_owned()
    } else {
        format!("deployed to {}", at_head.join(", "))
    };
    Verdict::Allowed(format!("{tag} is {}, {deployed}", digest.short()))
}

/// What a tag says that is here and not at the remote: it would be pushed as it is.
fn only_here(line: &Line, name: &str, here: Option<&TagAt>) -> Option<Verdict> {
    let here = here?;
    Some(if here.commit != line.head {
        Verdict::Refused(format!(
            "the local tag {name} is at {}, not at the head {}; remove it with `git tag -d {name}`",
            here.commit.short(),
            line.head.short()
        ))
    } else if here.object.as_str() == here.commit.as_str() {
        Verdict::Refused(format!(
            "the local tag {name} is lightweight (no author, date or notes); remove it with `git tag -d \
             {name}` to have an annotated one created"
        ))
    } else {
        Verdict::Allowed(format!(
            "the local annotated tag {name} already exists and is pushed as it is"
        ))
    })
}

fn tag(engine: &Engine, upstream: &Upstream, line: &Line, name: &str, here: Option<&TagAt>) -> Verdict {
    let remote = &engine.config().git.remote;
    match upstream.view.tags.get(name) {
        None => only_here(line, name, here)
            .unwrap_or_else(|| Verdict::Allowed(format!("{name} does not exist on {remote}"))),
        Some(at) if at.commit == line.head => {
            Verdict::Allowed(format!("{name} already exists on {remote}, at this commit"))
        }
        Some(at) => Verdict::Refused(format!(
            "{name} already exists on {remote}, at {}, and a tag never moves{}",
            at.commit.short(),
            match line.kind {
                ReleaseKind::Release => ": later commits belong to the next version",
                ReleaseKind::Hotfix => "",
            }
        )),
    }
}
