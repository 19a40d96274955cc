//! The plan of an end: what is merged where, in which way, and what stands against it.

use super::gates::{self, Target};
use crate::domain::{
    BranchName, Confirmation, Costs, Ending, MergeMethod, Operation, Plan, PlannedStep, Release, ReleaseKind,
    ServiceName, StepKind, count, release_name,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::releases::Depth;
use crate::engine::remote_state::{Line, Upstream};

/// Plans the end of the release or hotfix that `text` names: by its branch or its version. `only` leaves branches out
/// that it would go into.
pub(in crate::engine) async fn plan(
    engine: &Engine,
    service: &ServiceName,
    text: &str,
    only: &[String],
) -> Result<Plan, EngineError> {
    let upstream = engine.upstream_for(service).await?;
    let line = find(engine, service, &upstream, text)?;
    let release = engine.release_of(service, &line).await?;
    let targets = gates::targets(engine, &upstream, &line, &release, only).await?;
    let mut all = gates::of_release(engine, &upstream, &line, &release).await?;
    all.extend(targets.iter().map(|target| target.gate.clone()));
    let version = line.values.version.as_ref();
    let tag = version.map(|version| upstream.released.name_of(version));
    let remote = engine.config().git.remote.clone();
    let candidate = engine
        .candidate(service, line.head.as_str(), engine.config().graph.entrance())
        .await
        .ok();
    Ok(Plan {
        steps: steps(&targets, tag.as_deref(), &remote),
        operation: Operation::Finish {
            branch: line.branch.clone(),
            remote,
            tag,
            into: targets.into_iter().map(|target| target.ending).collect(),
        },
        service: service.clone(),
        commit: Some(line.head),
        tag: candidate.as_ref().map(|candidate| candidate.tag.clone()),
        digest: candidate.map(|candidate| candidate.image.digest),
        gates: all,
        costs: Costs::default(),
        confirmation: Confirmation::Plain,
    })
}

impl Engine {
    /// What is known of the release or hotfix of one branch.
    pub(super) async fn release_of(
        &self,
        service: &ServiceName,
        line: &Line,
    ) -> Result<Release, EngineError> {
        let all = self.releases(service, Depth::One(line.branch.clone())).await?;
        let mut list = all.list.into_iter();
        list.find(|release| release.branch == line.branch)
            .ok_or_else(|| EngineError::Internal(format!("{} was removed in the meantime", line.branch)))
    }
}

fn steps(targets: &[Target], tag: Option<&str>, remote: &str) -> Vec<PlannedStep> {
    let step = |kind, what: String| PlannedStep { kind, what };
    let of = |way| {
        let chosen = targets.iter().filter(move |target| target.ending.way == way);
        chosen.map(|target| &target.ending.branch).collect::<Vec<_>>()
    };
    let names = |branches: &[&BranchName]| {
        branches
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (merged, requested) = (of(MergeMethod::Merge), of(MergeMethod::PullRequest));
    let mut pushed = names(&merged);
    if let Some(tag) = tag {
        let separator = if pushed.is_empty() { "" } else { ", " };
        pushed = format!("{pushed}{separator}tag {tag}");
    }
    let mut steps = vec![step(StepKind::Gate, "re-check all preflight gates".to_owned())];
    if !pushed.is_empty() {
        let what = match tag {
            Some(tag) => format!(
                "{} and the tag {tag}, as local objects",
                count(merged.len(), "merge commit")
            ),
            None => format!("{}, as local objects", count(merged.len(), "merge commit")),
        };
        steps.push(step(StepKind::Merge, what));
        steps.push(step(StepKind::Push, format!("{pushed} to {remote}, atomically")));
    }
    if !requested.is_empty() {
        steps.push(step(
            StepKind::PullRequest,
            format!("into {}, as its branch rules require", names(&requested)),
        ));
    }
    steps
}

/// What a merge is called in its first line.
pub(super) fn merge_message(kind: ReleaseKind, name: &str, branch: &BranchName, into: &BranchName) -> String {
    format!("Merge {kind} {name} into {into}\n\nBranch: {branch}\n")
}
