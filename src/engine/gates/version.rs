//! Whether a version is free: nobody has released or begun it, here or at the remote, and it lies above the last release.

use semver::Version;

use super::{Answer, BranchQuestion, Evaluate, GateRule, Moment, RuleKind};
use crate::config::GitSettings;
use crate::domain::{BranchName, CommitSha, Gate, GateKind, Override, Verdict};
use crate::engine::remote_state::{Line, Upstream, line};
use crate::git::{GitError, GitRepository, TagAt};

/// The version of a release, which lies above the last one.
pub(super) const OF_RELEASE: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Version),
    applies: |_, moment| moment == Moment::Cut,
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question, false))),
};

/// The version of a hotfix, which may lie below the last release.
pub(super) const OF_HOTFIX: GateRule = GateRule {
    kind: RuleKind::One(GateKind::Version),
    applies: |_, moment| moment == Moment::Hotfix,
    evaluate: Evaluate::Branch(|question| Box::pin(evaluate(question, true))),
};

/// None where the name of the branch has no version.
async fn evaluate(question: &BranchQuestion<'_>, may_be_lower: bool) -> Option<Answer> {
    let (git, upstream) = (question.git, question.upstream);
    let name = question.branch.as_str();
    let template = if may_be_lower {
        &git.hotfix_branch
    } else {
        &git.release_branch
    };
    let version = template.parse_back(name)?.version?;
    let gate = match question.engine.git(local).await {
        Ok(local) => {
            let wanted = Wanted {
                version: &version,
                branch: question.branch,
                commit: question.commit,
                may_be_lower,
            };
            verdict(upstream, &local, git, &wanted)
        }
        Err(error) => Gate::new(
            GateKind::Version,
            Verdict::Unknown(format!(
                "cannot tell whether {} exists here: {}",
                upstream.released.name_of(&version),
                error.brief()
            )),
        ),
    };
    Some(gate.into())
}

/// A version that is asked for, and the branch that would carry it.
struct Wanted<'a> {
    version: &'a Version,
    branch: &'a BranchName,
    commit: &'a CommitSha,
    /// Whether a version below the last release is fine, as that of a hotfix is.
    may_be_lower: bool,
}

/// Branches of releases and hotfixes that are only here, by name.
pub(in crate::engine) type LocalBranches = Vec<(String, CommitSha)>;

/// The local branches, for [`lines`].
pub(in crate::engine) fn local(repository: &GitRepository) -> Result<LocalBranches, GitError> {
    repository.local_branches()
}

/// Only a version that is too low can be had for a reason: one that exists is somebody else's.
fn verdict(upstream: &Upstream, local: &LocalBranches, git: &GitSettings, wanted: &Wanted<'_>) -> Gate {
    let name = upstream.released.name_of(wanted.version);
    if let Some(taken) = taken(upstream, local, git, wanted) {
        return Gate::new(GateKind::Version, Verdict::Refused(taken));
    }
    if let Some(why) = &upstream.stale {
        let unknown = format!("cannot tell whether {name} exists on {}: {why}", git.remote);
        return Gate::new(GateKind::Version, Verdict::Unknown(unknown));
    }
    let last = upstream.released.highest();
    match last {
        Some(last) if *wanted.version < last.version && !wanted.may_be_lower => {
            let below = format!("{name} is below {}, the last release", last.name);
            Gate::new(GateKind::Version, Verdict::Refused(below)).with_override(Override::Reason)
        }
        Some(last) => Gate::new(
            GateKind::Version,
            Verdict::Allowed(format!("{name} is available; the last release is {}", last.name)),
        ),
        None => Gate::new(
            GateKind::Version,
            Verdict::Allowed(format!("{name} is available; there is no earlier release")),
        ),
    }
}

/// Who has the version, if anybody has. The very branch that is asked for, at its own commit, is the same release, begun
/// before.
fn taken(
    upstream: &Upstream,
    local: &LocalBranches,
    git: &GitSettings,
    wanted: &Wanted<'_>,
) -> Option<String> {
    let lines = lines(upstream, local, git);
    let own = lines.iter().find(|line| line.branch == *wanted.branch);
    if let Some(tag) = upstream.released.find(wanted.version) {
        let is_own = tag.at.commit == *wanted.commit || own.is_some_and(|own| own.head == tag.at.commit);
        if !(is_own && own.is_some()) {
            return Some(format!(
                "{} already exists {}, at {}",
                tag.name,
                place(tag.is_only_here, &git.remote),
                short(&tag.at)
            ));
        }
    }
    let other = lines
        .iter()
        .find(|line| line.values.version.as_ref() == Some(wanted.version) && line.branch != *wanted.branch);
    other.map(|other| {
        format!(
            "{} is a branch of that version, at {}",
            other.branch,
            other.head.short()
        )
    })
}

/// The releases and hotfixes of the remote, and those that are only here.
pub(in crate::engine) fn lines(upstream: &Upstream, local: &LocalBranches, git: &GitSettings) -> Vec<Line> {
    let mut lines = upstream.lines(git);
    for (name, head) in local {
        if !upstream.view.branches.contains_key(name)
            && let Some(line) = line(name, head, git)
        {
            lines.push(upstream.with_version(line));
        }
    }
    lines
}

fn place(is_only_here: bool, remote: &str) -> String {
    if is_only_here {
        "as a local tag".to_owned()
    } else {
        format!("as a tag on {remote}")
    }
}

fn short(at: &TagAt) -> &str {
    at.commit.short()
}
