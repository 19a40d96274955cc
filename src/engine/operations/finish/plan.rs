//! The plan of an end: what is merged where, in which way, and what stands against it.

use super::find::find;
use super::gates;
use super::targets::{Target, targets};
use crate::domain::operation::Finish;
use crate::domain::{
    BranchName, Confirmation, Costs, MergeMethod, Plan, PlannedStep, Release, ReleaseKind, StepKind,
    StepList, StepTarget, count,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::operations::operation::PlanRequest;
use crate::engine::releases::Depth;
use crate::engine::remote_state::Line;
use crate::project::Service;

/// A request to end a release or a hotfix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishRequest {
    /// The branch of the release, or its version.
    pub release: String,
    /// The only branches that it goes into; all that it owes where none is named.
    pub into: Vec<String>,
}

impl PlanRequest for FinishRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let upstream = engine.upstream_for(service).await?;
        let line = find(engine, service, &upstream, &self.release)?;
        let release = engine.release_of(service, &line).await?;
        let targets = targets(engine, &upstream, &line, &release, &self.into).await?;
        let gates = gates::ask(engine, &upstream, &line, &release, &targets).await?;
        let version = line.values.version.as_ref();
        let tag = version.map(|version| upstream.released.name_of(version));
        let remote = engine.config().git.remote.clone();
        let candidate = engine
            .candidate(service, line.head.as_str(), engine.config().graph.entrance())
            .await
            .ok();
        Ok(Plan {
            steps: steps(&targets, tag.as_deref(), &remote),
            operation: Finish {
                branch: line.branch.clone(),
                remote,
                tag,
                into: targets.into_iter().map(|target| target.ending).collect(),
            }
            .into(),
            service: service.name().clone(),
            commit: Some(line.head),
            tag: candidate.as_ref().map(|candidate| candidate.tag.clone()),
            digest: candidate.map(|candidate| candidate.image.digest),
            gates,
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

impl Engine {
    /// What is known of the release or hotfix of one branch.
    pub(super) async fn release_of(&self, service: &Service, line: &Line) -> Result<Release, EngineError> {
        let all = self.releases(service, Depth::One(line.branch.clone())).await?;
        let mut list = all.list.into_iter();
        list.find(|release| release.branch == line.branch)
            .ok_or_else(|| EngineError::Internal(format!("{} was removed in the meantime", line.branch)))
    }
}

fn steps(targets: &[Target], tag: Option<&str>, remote: &str) -> Vec<PlannedStep> {
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
    let mut steps = StepList::default();
    steps.add(StepKind::Gate, "re-check all preflight gates");
    if !pushed.is_empty() {
        let what = match tag {
            Some(tag) => format!(
                "{} and the tag {tag}, as local objects",
                count(merged.len(), "merge commit")
            ),
            None => format!("{}, as local objects", count(merged.len(), "merge commit")),
        };
        steps.add(StepKind::Merge, what);
        let branches = merged.iter().map(ToString::to_string);
        let target = references(remote, branches.chain(tag.map(str::to_owned)).collect());
        steps.add_on(
            StepKind::Push,
            format!("{pushed} to {remote}, atomically"),
            target,
        );
    }
    if !requested.is_empty() {
        let branches = requested.iter().map(ToString::to_string).collect();
        steps.add_on(
            StepKind::PullRequest,
            format!("into {}, as its branch rules require", names(&requested)),
            references(remote, branches),
        );
    }
    steps.into()
}

fn references(remote: &str, names: Vec<String>) -> StepTarget {
    StepTarget::References {
        remote: Some(remote.to_owned()),
        names,
    }
}

/// What a merge is called in its first line.
pub(super) fn merge_message(kind: ReleaseKind, name: &str, branch: &BranchName, into: &BranchName) -> String {
    format!("Merge {kind} {name} into {into}\n\nBranch: {branch}\n")
}
