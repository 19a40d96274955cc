//! The steps of a promotion. Each looks before it acts, so that a run can be killed anywhere and given again.

use super::gates;
use super::promotion_path::PromotionPath;
use crate::domain::{Digest, ImageReference, Operation, StepKind, Tag, Target, bytes, count};
use crate::engine::error::EngineError;
use crate::engine::gates::Moment;
use crate::engine::operations::{exception_record, place, sign};
use crate::engine::run::event::{EventKind, StepOutcome};
use crate::engine::run::{Context, Proof};
use crate::engine::{TagState, records};
use crate::registry::copy::{self, CopyOptions, CopyProgress, Look};
use crate::registry::{TagOutcome, TagRule, Writer};
use crate::scan;

/// What every step of a promotion needs, taken out of the plan once.
struct Promotion<'a> {
    context: &'a Context<'a>,
    way: PromotionPath<'a>,
    source_image: &'a ImageReference,
    target_image: &'a ImageReference,
    digest: &'a Digest,
    tag: &'a Tag,
    writer: Writer,
}

/// Carries out one step.
pub(in crate::engine) async fn step(
    context: &Context<'_>,
    step: StepKind,
) -> Result<StepOutcome, EngineError> {
    let plan = context.plan;
    let (
        Operation::Promote {
            from,
            to,
            source: source_image,
            target: target_image,
            reason,
            hotfix,
            ..
        },
        Some(digest),
        Some(tag),
    ) = (&plan.operation, &plan.digest, &plan.tag)
    else {
        return Err(EngineError::Internal(
            "a promotion plan without a digest or tag".to_owned(),
        ));
    };
    let promotion = Promotion {
        context,
        way: PromotionPath::planned(context.engine, from, to, reason.as_ref(), *hotfix)?,
        source_image,
        target_image,
        digest,
        tag,
        writer: context
            .engine
            .registries()
            .writer(&target_image.repository, context.access),
    };
    match step {
        StepKind::Gate => promotion.gate().await,
        StepKind::Copy => promotion.copy().await,
        StepKind::Sign => sign::sign_at(context, &promotion.writer, digest, to).await,
        StepKind::Verify => place::verify(context, &promotion.writer, digest, promotion.way.target).await,
        StepKind::Attach => exception_record::leave(context, &promotion.writer).await,
        StepKind::Tag => promotion.tag().await,
        StepKind::Deploy => place::deploy(context, &promotion.writer, digest, promotion.way.target).await,
        _ => Err(EngineError::UnknownStep {
            operation: "promotion",
            step,
        }),
    }
}

impl Promotion<'_> {
    /// Rule: the digest that was chosen is the digest that is promoted, and every gate holds now.
    async fn gate(&self) -> Result<StepOutcome, EngineError> {
        let log = self.context.log(StepKind::Gate);
        let engine = self.context.engine;
        let named = self.tag.as_str();
        let candidate = engine
            .candidate(&self.context.plan.service, named, self.way.source)
            .await;
        let candidate = match candidate {
            Ok(candidate) if candidate.image.digest == *self.digest => candidate,
            Ok(candidate) => return Err(self.moved(candidate.image.digest.to_string())),
            Err(EngineError::NoImage { .. }) => return Err(self.moved("gone".to_owned())),
            Err(error) => return Err(error),
        };
        log.info(format!(
            "{} is {} as planned",
            self.source_image.repository.tagged(self.tag.clone()),
            self.digest
        ));
        let state = engine.tag_state(&self.writer, self.tag, self.digest).await?;
        if let TagState::Taken(found) = state {
            let target = self.target_image.clone();
            return Err(EngineError::TagTaken {
                target,
                found,
                wanted: self.digest.clone(),
            });
        }
        let evaluation = gates::ask(&self.way, engine, &candidate, Moment::Run).await?;
        let proof = Proof {
            record: evaluation.record,
            fresh: evaluation.fresh,
            image: candidate.image,
            promoted_before: state == TagState::Same,
            exception: self.way.exception(engine, evaluation.skipped),
        };
        let _ = self.context.proof.set(proof);
        self.context.judge(evaluation.gates)
    }

    fn moved(&self, found: String) -> EngineError {
        EngineError::TagMoved {
            tag: self.tag.clone(),
            planned: self.digest.clone(),
            found,
        }
    }

    async fn copy(&self) -> Result<StepOutcome, EngineError> {
        let log = self.context.log(StepKind::Copy);
        let source = self
            .context
            .engine
            .registries()
            .reader(&self.source_image.repository);
        // What is there was asked for when the plan was made; here it turns out on the way.
        let options = CopyOptions {
            look: Look::Quick,
            // Complete is every blob, those of manifests that are there already too.
            deep: true,
            ..CopyOptions::default()
        };
        let root = Target::Digest(self.digest.clone());
        let plan = copy::plan(&source, &self.writer, &root, &options).await?;
        log.info(format!(
            "{} to {}: {}, {}, {}, {} to copy",
            self.source_image.repository,
            self.target_image.repository,
            count(plan.manifests.len(), "manifest"),
            count(plan.blobs.len(), "blob"),
            count(plan.referrers.len(), "referrer"),
            bytes(plan.bytes)
        ));
        let outcome = copy::run(
            &plan,
            &source,
            &self.writer,
            &|p| self.tell(p),
            self.context.cancel,
        )
        .await?;
        self.attach_proof().await?;
        Ok(StepOutcome::Done(format!(
            "copied {} with {} in {} (about {} expected)",
            bytes(outcome.bytes),
            plan.evidence(),
            count(usize::try_from(outcome.requests).unwrap_or(usize::MAX), "request"),
            plan.requests
        )))
    }

    /// Leaves with the image what the scan gate rests on: the scan that was made for it, and the record of the verdict.
    async fn attach_proof(&self) -> Result<(), EngineError> {
        let Some(proof) = self.context.to_leave() else {
            return Ok(());
        };
        let log = self.context.log(StepKind::Copy);
        for (bytes, context) in proof.fresh.iter().flat_map(|fresh| &fresh.reports) {
            let report = scan::attach_report(&self.writer, &proof.image, bytes.clone(), context).await?;
            log.info(format!("attached scan report {}", report.digest.short()));
        }
        if let Some(record) = &proof.record {
            records::attach(&self.writer, &proof.image, record).await?;
            log.info("attached the scan gate record");
        }
        Ok(())
    }

    fn tell(&self, progress: CopyProgress) {
        let step = StepKind::Copy;
        let log = self.context.log(step);
        let record = |happening| self.context.recorder.record(happening);
        match progress {
            CopyProgress::BlobStarted { digest, size } => {
                record(EventKind::BlobStarted { step, digest, size })
            }
            CopyProgress::BlobBytes { digest, moved } => record(EventKind::BlobMoved { step, digest, moved }),
            CopyProgress::BlobDone { digest, how } => {
                log.info(format!("{} {how}", digest.short()));
                record(EventKind::BlobDone {
                    step,
                    digest,
                    how: how.to_string(),
                });
            }
            CopyProgress::ManifestDone { digest } => log.info(format!("pushed manifest {}", digest.short())),
            CopyProgress::ReferrerDone { digest } => log.info(format!("pushed referrer {}", digest.short())),
            CopyProgress::Waiting { host, seconds } => {
                log.warning(format!("{host} asked to wait {seconds} s"))
            }
            CopyProgress::Again { digest, why } => {
                log.warning(format!("restarting {}: {why}", digest.short()))
            }
        }
    }

    async fn tag(&self) -> Result<StepOutcome, EngineError> {
        match self.writer.tag(self.digest, self.tag, TagRule::Immutable).await? {
            TagOutcome::Set => Ok(StepOutcome::Done(format!("set {}", self.target_image))),
            TagOutcome::AlreadyThere => Ok(StepOutcome::Nothing(format!(
                "{} was already set",
                self.target_image
            ))),
        }
    }
}
