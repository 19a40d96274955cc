//! The steps of an end. The merges are made as objects that no reference names; one atomic push then makes them known,
//! or nothing at all.

use std::sync::OnceLock;

use super::find::find;
use super::gates;
use super::plan::merge_message;
use super::targets::targets;
use crate::domain::operation::Finish;
use crate::domain::{
    BranchName, CommitSha, LockPart, MergeMethod, ReleaseKind, StepKind, count, release_name,
};
use crate::engine::error::EngineError;
use crate::engine::operations::operation::{Operation, OperationRun, Work};
use crate::engine::remote_state::line;
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::git::{GitError, ObjectId, PushOutcome, RefUpdate};

impl Operation for Finish {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Releases)
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let head = context.plan.commit.as_ref();
        Ok(Box::new(Finishing {
            context,
            finish: self,
            head: head.ok_or_else(|| EngineError::Internal("a finish plan without a commit".to_owned()))?,
            prepared: OnceLock::new(),
        }))
    }
}

/// A run that finishes a release.
struct Finishing<'a> {
    context: &'a Context<'a>,
    finish: &'a Finish,
    head: &'a CommitSha,
    /// What the merge step made, for the push.
    prepared: OnceLock<Prepared>,
}

/// Merge commits and a tag that no reference names yet.
struct Prepared {
    updates: Vec<RefUpdate>,
    /// The tag, if it was made in this run, to be taken back where the push is refused.
    tag: Option<(String, ObjectId)>,
}

impl OperationRun for Finishing<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Merge => Work::new(self.merge(step)),
            StepKind::Push => Work::new(self.push(step)),
            StepKind::PullRequest => Work::new(self.request(step)),
            _ => return None,
        })
    }
}

impl Finishing<'_> {
    /// Rule: what was looked at is what is merged. A branch that has moved since makes the plan another one.
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let service = self.context.service;
        let upstream = engine.upstream_for(service).await?;
        let line = find(engine, service, &upstream, self.finish.branch.as_str())?;
        self.unmoved(&self.finish.branch, self.head, Some(&line.head))?;
        for ending in &self.finish.into {
            self.unmoved(&ending.branch, &ending.at, upstream.branch(&ending.branch))?;
        }
        let names: Vec<_> = self
            .finish
            .into
            .iter()
            .map(|ending| ending.branch.to_string())
            .collect();
        let release = engine.release_of(service, &line).await?;
        let targets = targets(engine, &upstream, &line, &release, &names).await?;
        step.judge(gates::ask(engine, &upstream, &line, &release, &targets).await?)
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
            remote: self.finish.remote.clone(),
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
            .for_service(self.context.service.name());
        let line = line(self.finish.branch.as_str(), self.head, &git);
        let kind = line.as_ref().map_or(ReleaseKind::Release, |line| line.kind);
        let name = self.finish.tag.clone().unwrap_or_else(|| {
            let values = line.map(|line| line.values).unwrap_or_default();
            release_name(values.version.as_ref(), values.padding, &self.finish.branch)
        });
        (kind, name)
    }

    async fn merge(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let engine = self.context.engine;
        let log = step.log();
        let repository = engine.repository_or_none("a release")?;
        let (kind, name) = self.named();
        let mut updates = Vec::new();
        for ending in self
            .finish
            .into
            .iter()
            .filter(|ending| ending.way == MergeMethod::Merge)
        {
            let message = merge_message(kind, &name, &self.finish.branch, &ending.branch);
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
        let _ = self.prepared.set(Prepared { updates, tag });
        Ok(StepOutcome::Done(count(merges, "merge commit")))
    }

    /// Makes the tag here, unless the remote has it.
    async fn make_tag(
        &self,
        kind: ReleaseKind,
        updates: &mut Vec<RefUpdate>,
    ) -> Result<Option<(String, ObjectId)>, EngineError> {
        let engine = self.context.engine;
        let Some(tag) = self.finish.tag.as_deref() else {
            return Ok(None);
        };
        let service = self.context.service;
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
    async fn push(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Some(prepared) = self.prepared.get() else {
            return Ok(StepOutcome::Nothing(format!(
                "{} already contains all of it",
                self.finish.remote
            )));
        };
        let remote = self.context.engine.remote()?;
        match remote.push(&prepared.updates, self.context.access).await {
            Ok(PushOutcome::Created) => Ok(StepOutcome::Done(format!(
                "updated {} on {} atomically",
                count(prepared.updates.len(), "reference"),
                self.finish.remote
            ))),
            Ok(PushOutcome::AlreadyThere) => Ok(StepOutcome::Nothing(format!(
                "{} already contains all of it",
                self.finish.remote
            ))),
            Err(error) => {
                self.take_back(step, prepared).await?;
                Err(error.into())
            }
        }
    }

    async fn take_back(&self, step: &Step<'_>, prepared: &Prepared) -> Result<(), EngineError> {
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
            step.log().warning(format!("removed the local tag {tag}"));
        }
        Ok(())
    }

    async fn request(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let (_, name) = self.named();
        let log = step.log();
        let mut opened = Vec::new();
        for ending in self
            .finish
            .into
            .iter()
            .filter(|ending| ending.way == MergeMethod::PullRequest)
        {
            let title = format!("Merge {name} into {}", ending.branch);
            let request = self
                .context
                .engine
                .pull_request(&self.finish.branch, &ending.branch, &title, self.context.access)
                .await?;
            log.info(format!("into {}: {request}", ending.branch));
            opened.push(request);
        }
        Ok(StepOutcome::Done(opened.join(", ")))
    }
}
