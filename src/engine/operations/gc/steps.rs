//! The run: everything is looked at again, and each image once more right before it is deleted.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::facts;
use super::plan::{judge, rule};
use super::survey::Survey;
use crate::domain::operation::{Gc, RemovedImage};
use crate::domain::{DeploymentTag, Digest, Environment, LockPart, StepKind, Tag, Target, count};
use crate::engine::error::EngineError;
use crate::engine::operations::operation::{Operation, OperationRun, Work};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::registry::{Reader, RegistryError, Writer};

/// Manifests of one image that are deleted at the same time.
const AT_ONCE: usize = 8;

impl Operation for Gc {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.environment.clone()))
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let engine = context.engine;
        let downstream = facts::downstream(engine, &self.environment).into_iter();
        let readers = downstream.map(|environment| {
            let reader = context.service.environment(environment).reader()?;
            Ok::<_, EngineError>((environment, reader))
        });
        Ok(Box::new(Collecting {
            gc: self,
            environment: engine.environment(&self.environment)?,
            writer: engine.registries().writer(&self.repository, context.access),
            downstream: readers.collect::<Result<_, _>>()?,
            survey: OnceLock::new(),
        }))
    }
}

/// A run that deletes.
struct Collecting<'a> {
    gc: &'a Gc,
    environment: &'a Environment,
    writer: Writer,
    /// The environments that promotions lead to.
    downstream: Vec<(&'a Environment, Reader)>,
    /// How it is at the run.
    survey: OnceLock<Survey>,
}

impl OperationRun for Collecting<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.look(step)),
            // Between two images: what is begun with one is ended.
            StepKind::Remove => Work::stopping_itself(self.remove(step)),
            _ => return None,
        })
    }
}

impl Collecting<'_> {
    async fn look(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Context { engine, service, .. } = step.context;
        let retain = rule(engine, self.environment)?;
        let survey = Survey::new(engine, service, self.environment, &retain).await?;
        let judged = step.judge(judge(engine, self.environment, &survey.unread).await?)?;
        let _ = self.survey.set(survey);
        Ok(judged)
    }

    async fn remove(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let survey = self.survey.get();
        let survey = survey.ok_or_else(|| EngineError::Internal("nothing was re-checked".to_owned()))?;
        let log = step.log();
        let nobodys = Digest::of(step.context.recorder.run().as_str().as_bytes());
        self.writer.check_deletion(&nobodys).await?;
        let now: HashMap<_, _> = survey.images.iter().map(|image| (&image.digest, image)).collect();
        // What several of them have goes with the last of them, and not at all if one of them stays.
        let mut users: BTreeMap<&Digest, usize> = BTreeMap::new();
        for part in self.gc.images.iter().flat_map(|image| &image.manifests) {
            *users.entry(part).or_default() += 1;
        }
        let (mut deleted, mut manifests, mut stays) = (Vec::new(), 0, 0);
        for image in &self.gc.images {
            if step.context.cancel.is_cancelled() {
                return Err(EngineError::Interrupted);
            }
            step.context.recorder.check()?;
            let checked = match now.get(&image.digest) {
                None => Err("it is needed, or gone".to_owned()),
                Some(now) => match self.changed(image, now, survey.last_deployment.as_ref()).await? {
                    None => Ok(*now),
                    Some(why) => Err(why),
                },
            };
            let now = match checked {
                Ok(now) => now,
                Err(why) => {
                    stays += 1;
                    log.warning(format!("left {} alone: {why}", image.words()));
                    continue;
                }
            };
            self.writer.delete(&Target::Digest(image.digest.clone())).await?;
            let mut parts = Vec::new();
            for part in &image.manifests {
                let left = users.entry(part).or_insert(1);
                *left -= 1;
                if *left == 0 && now.manifests.contains(part) {
                    parts.push(part);
                }
            }
            manifests += 1 + parts.len();
            self.delete_all(parts).await?;
            deleted.push(image);
            log.info(format!("deleted {}", image.words()));
        }
        self.see_gone(&deleted).await?;
        let left = if stays == 0 {
            String::new()
        } else {
            format!(", left {} alone", count(stays, "image"))
        };
        Ok(StepOutcome::Done(format!(
            "deleted {} ({}){left}",
            count(deleted.len(), "image"),
            count(manifests, "manifest")
        )))
    }

    /// Why an image is not deleted after all, by what is there at this very moment.
    async fn changed(
        &self,
        planned: &RemovedImage,
        now: &RemovedImage,
        last_deployment: Option<&Tag>,
    ) -> Result<Option<String>, EngineError> {
        let attached = now
            .manifests
            .iter()
            .find(|part| !planned.manifests.contains(part));
        if let Some(attached) = attached {
            let why = format!("{} came to it after the plan was made", attached.short());
            return Ok(Some(why));
        }
        if let Some(tag) = now.tags.iter().find(|tag| !planned.tags.contains(tag)) {
            return Ok(Some(format!("{tag} points to it now")));
        }
        let found = self.writer.resolve_all(&planned.tags).await?;
        let mut tags = planned.tags.iter().zip(&found);
        let moved =
            tags.find(|(_, found)| found.as_ref().is_some_and(|found| found.digest != planned.digest));
        if let Some((tag, _)) = moved {
            return Ok(Some(format!("{tag} moved")));
        }
        if let Some(tag) = self.deployed_since(&planned.digest, last_deployment).await? {
            return Ok(Some(format!("it was deployed: {tag}")));
        }
        for (environment, reader) in &self.downstream {
            if reader
                .resolve(&Target::Digest(planned.digest.clone()))
                .await?
                .is_some()
            {
                return Ok(Some(format!("{} has it now", environment.name)));
            }
        }
        Ok(None)
    }

    /// The tag of a deployment of `digest` that came after all that are known.
    async fn deployed_since(&self, digest: &Digest, last: Option<&Tag>) -> Result<Option<Tag>, EngineError> {
        let tags = match last {
            Some(last) => self.writer.next_tags(last).await?,
            None => match DeploymentTag::PREFIX.parse() {
                Ok(prefix) => self.writer.next_tags(&prefix).await?,
                Err(_) => self.writer.tags().await?,
            },
        };
        let new: Vec<_> = tags
            .into_iter()
            .filter(|tag| DeploymentTag::parse(tag).is_some())
            .collect();
        let found = self.writer.resolve_all(&new).await?;
        let mut found = new.into_iter().zip(found);
        Ok(found
            .find(|(_, found)| found.as_ref().is_some_and(|found| found.digest == *digest))
            .map(|(tag, _)| tag))
    }

    async fn delete_all(&self, manifests: Vec<&Digest>) -> Result<(), EngineError> {
        let deleting = manifests
            .into_iter()
            .map(|digest| async move { self.writer.delete(&Target::Digest(digest.clone())).await });
        let deleting: Vec<_> = deleting.collect();
        let deleted: Result<Vec<bool>, RegistryError> = stream::iter(deleting)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await;
        deleted?;
        Ok(())
    }

    /// What the registry said it deleted is gone. One list of tags; one that is still in it is asked for.
    async fn see_gone(&self, deleted: &[&RemovedImage]) -> Result<(), EngineError> {
        if deleted.is_empty() {
            return Ok(());
        }
        let listed = self.writer.tags().await?;
        let tags = deleted.iter().flat_map(|image| &image.tags);
        let tags: Vec<_> = tags.filter(|tag| listed.contains(tag)).cloned().collect();
        let found = self.writer.resolve_all(&tags).await?;
        let was_deleted = |digest: &Digest| deleted.iter().any(|image| image.digest == *digest);
        let mut found = tags.into_iter().zip(found);
        let still = found.find(|(_, found)| found.as_ref().is_some_and(|found| was_deleted(&found.digest)));
        let Some((tag, _)) = still else { return Ok(()) };
        let why = format!("it accepted the deletion of {tag}, which is still there");
        let host = self.writer.repository().host().to_owned();
        Err(RegistryError::NotARegistry { host, why }.into())
    }
}
