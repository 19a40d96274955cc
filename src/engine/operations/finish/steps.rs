//! The steps of an end. The merges are made as objects that no reference names; one atomic push then makes them known,
//! or nothing at all.

use super::Prepared;
use super::find::find;
use super::gates;
use super::plan::merge_message;
use crate::domain::{
    BranchName, CommitSha, Ending, MergeMethod, Operation, ReleaseKind, StepKind, count, release_name,
};
use crate::engine::error::EngineError;
use crate::engine::remote_state::line;
use crate::engine::run::Context;
use crate::engine::run::event::StepOutcome;
use crate::git::{GitError, ObjectId, PushOutcome, RefUpdate};

/// What every step needs, taken out of the plan once.
struct Finish<'a> {
    context: &'a Context<'a>,
    branch: &'a BranchName,
    remote: &'a str,
    tag: Option<&'a str>,
    into: &'a [Ending],
    head: &'a CommitSha,
}

/// Carries out one step.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let plan = context.plan;
    let (
        Operation::Finish {
            branch,
            remote,
            tag,
            into,
        },
        Some(head),
    ) = (&plan.operation, &plan.commit)
    else {
        return Err(EngineError::Internal("a finish plan without a commit".to_owned()));
    };
    let finish = Finish {
        context,
        branch,
        remote,
        tag: tag.as_deref(),
        into,
        head,
    };
    match step {
        StepKind::Gate => finish.gate().await,
        StepKind::Merge => finish.merge().await,
        StepKind::Push => finish.push().await,
        StepKind::PullRequest => finish.request().await,
        _ => Err(EngineError::UnknownStep {
            operation: "finish",
            step,
        }),
    }
}

impl Finish<'_> {
    /// Rule: what was looked at is what is merged. A branch that has moved since makes the plan another one.
    async fn gate(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let service = &self.context.plan.service;
        let upstream = engine.upstream_for(service).await?;
        let line = find(engine, service, &upstream, self.branch.as_str())?;
        self.unmoved(self.branch, self.head, Some(&line.head))?;
        for ending in self.into {
            self.unmoved(&ending.branch, &ending.at, upstream.branch(&ending.branch))?;
        }
        let names: Vec<_> = self.into.iter().map(|ending| ending.branch.to_string()).collect();
        let release = engine.release_of(service, &line).await?;
        let mut all = gates::of_release(engine, &upstream, &line, &release).await?;
        let targets = gates::targets(engine, &upstream, &line, &release, &names).await?;
        all.extend(targets.into_iter().map(|target| target.gate));
        self.context.judge(all)
    }

    fn unmoved(
        &self,
        branch: &BranchName,
        planned: &CommitSha,
        found: Option<&CommitSha>,
    ) -> Result<(), EngineError> {
        if found == Some(planned) {
            return Ok(());
        }
        Err(GitError::Moved {
            remote: self.remote.to_owned(),
            reference: branch.to_string(),
            expected: format!("at {}", planned.short()),
            found: found.map_or_else(|| "gone".to_owned(), |found| format!("at {}", found.short())),
        }
        .into())
    }

    /// The name of the release, and which kind it is.
    fn named(&self) -> (ReleaseKind, String) {
        let git = self
            .context
            .engine
            .config()
            .git
            .for_service(&self.context.plan.service);
        let line = line(self.branch.as_str(), self.head, &git);
        let kind = line.as_ref().map_or(ReleaseKind::Release, |line| line.kind);
        let name = self.tag.map_or_else(
            || {
                let values = line.map(|line| line.values).unwrap_or_default();
                release_name(values.version.as_ref(), values.padding, self.branch)
            },
            str::to_owned,
        );
        (kind, name)
    }

    async fn merge(&self) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let log = self.context.log(StepKind::Merge);
        let repository = engine.repository_or_none("a release")?;
        let (kind, name) = self.named();
        let mut updates = Vec::new();
        for ending in self.into.iter().filter(|ending| ending.way == MergeMethod::Merge) {
            let message = merge_message(kind, &name, self.branch, &ending.branch);
            let made = repository
                .merge_commit(&ending.at, self.head, &message, self.context.access)
                .await?;
            log.info(format!(
                "{} into {} ({}): {}",
                self.head.short(),
                ending.branch,
                ending.at.short(),
                made.short()
            ));
            updates.push(RefUpdate::advance(
                ending.branch.reference(),
                (&ending.at).into(),
                (&made).into(),
            ));
        }
        let merges = updates.len();
        let tag = self.make_tag(kind, &mut updates).await?;
        if updates.is_empty() {
            return Ok(StepOutcome::Nothing("everything already exists".to_owned()));
        }
        let _ = self.context.prepared.set(Prepared { updates, tag });
        Ok(StepOutcome::Done(count(merges, "merge commit")))
    }

    /// Makes the tag here, unless the remote has it.
    async fn make_tag(
        &self,
        kind: ReleaseKind,
        updates: &mut Vec<RefUpdate>,
    ) -> Result<Option<(String, ObjectId)>, EngineError> {
        let engine = self.context.engine;
        let Some(tag) = self.tag else { return Ok(None) };
        let service = &self.context.plan.service;
        let upstream = engine.upstream_for(service).await?;
        if upstream.view.tags.contains_key(tag) {
            return Ok(None);
        }
        let version = upstream.released.version_named(tag);
        let repository = engine.repository_or_none("a release")?;
        let title = match kind {
            ReleaseKind::Release => format!("Release {tag}"),
            ReleaseKind::Hotfix => format!("Hotfix {tag}"),
        };
        let notes = engine.notes_of(service, self.head, version.as_ref()).await?;
        let message = format!("{title}\n\n{notes}");
        let (object, is_new) = repository
            .create_tag(tag, self.head, &message, self.context.access)
            .await?;
        updates.push(RefUpdate::create(format!("refs/tags/{tag}"), object.clone()));
        Ok(is_new.then(|| (tag.to_owned(), object)))
    }

    /// A push that is refused takes the tag that was made for it with it: half an end would only confuse.
    async fn push(&self) -> Result<StepOutcome, EngineError> {
        let Some(prepared) = self.context.prepared.get() else {
            return Ok(StepOutcome::Nothing(format!(
                "{} already contains all of it",
                self.remote
            )));
        };
        let remote = self.context.engine.remote()?;
        match remote.push(&prepared.updates, self.context.access).await {
            Ok(PushOutcome::Created) => Ok(StepOutcome::Done(format!(
                "updated {} on {} atomically",
                count(prepared.updates.len(), "reference"),
                self.remote
            ))),
            Ok(PushOutcome::AlreadyThere) => Ok(StepOutcome::Nothing(format!(
                "{} already contains all of it",
                self.remote
            ))),
            Err(error) => {
                self.take_back(prepared).await?;
                Err(error.into())
            }
        }
    }

    async fn take_back(&self, prepared: &Prepared) -> Result<(), EngineError> {
        let Some((tag, object)) = prepared.tag.clone() else {
            return Ok(());
        };
        let (name, access) = (tag.clone(), self.context.access);
        let removed = self
            .context
            .engine
            .git(move |repository| repository.take_back_tag(&name, &object, access))
            .await?;
        if removed {
            let log = self.context.log(StepKind::Push);
            log.warning(format!("removed the local tag {tag}"));
        }
        Ok(())
    }

    async fn request(&self) -> Result<StepOutcome, EngineError> {
        let (_, name) = self.named();
        let log = self.context.log(StepKind::PullRequest);
        let mut opened = Vec::new();
        for ending in self
            .into
            .iter()
            .filter(|ending| ending.way == MergeMethod::PullRequest)
        {
            let title = format!("Merge {name} into {}", ending.branch);
            let request = self
                .context
                .engine
                .pull_request(self.branch, &ending.branch, &title, self.context.access)
                .await?;
            log.info(format!("into {}: {request}", ending.branch));
            opened.push(request);
        }
        Ok(StepOutcome::Done(opened.join(", ")))
    }
}
