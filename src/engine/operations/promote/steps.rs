//! The steps of a promotion. Each looks before it acts, so that a run can be killed anywhere and given again.

use std::sync::OnceLock;

use jiff::Timestamp;

use super::gates;
use super::promotion_path::PromotionPath;
use crate::config::SignerSettings;
use crate::domain::operation::Promote;
use crate::domain::{
    Digest, Gate, GateKind, GateRecord, LockPart, Plan, PromotionRecord, RecordDetails, RecordedApproval,
    RecordedOperation, StepKind, Tag, Target, VerificationResult, VerificationSummary, bytes, count,
};
use crate::engine::chain::{self, RecordedImage};
use crate::engine::error::EngineError;
use crate::engine::exception::SkippedGates;
use crate::engine::gates::Moment;
use crate::engine::operations::copy_progress::tell;
use crate::engine::operations::operation::{Operation, OperationRun, Work};
use crate::engine::operations::sign::Statements;
use crate::engine::operations::{exception_record, place, sign};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::engine::{Engine, TagState, halts, records, remote};
use crate::registry::copy::{self, CopyOptions, Look};
use crate::registry::{Descriptor, TagOutcome, TagRule, Writer};
use crate::scan::{self, FreshScan};

impl Operation for Promote {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.to.clone()))
    }

    fn signs_with(&self, engine: &Engine, plan: &Plan) -> Option<SignerSettings> {
        // What GitHub carries out is signed there.
        let is_here = matches!(remote::dispatched(plan), Ok(None));
        is_here.then(|| engine.sign_settings(&self.to)).flatten()
    }

    fn is_read_back(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let engine = context.engine;
        let tag = context.plan.tag.as_ref();
        Ok(Box::new(Promotion {
            context,
            promote: self,
            way: PromotionPath::planned(engine, self)?,
            digest: context.digest()?,
            tag: tag.ok_or_else(|| EngineError::Internal("a promotion plan without a tag".to_owned()))?,
            writer: engine
                .registries()
                .writer(&self.target.repository, context.access),
            proof: OnceLock::new(),
        }))
    }
}

/// A run that promotes.
struct Promotion<'a> {
    context: &'a Context<'a>,
    promote: &'a Promote,
    way: PromotionPath<'a>,
    digest: &'a Digest,
    tag: &'a Tag,
    writer: Writer,
    /// What the gates found out about the image, for the steps that leave it there.
    proof: OnceLock<Proof>,
}

/// What was found out about the image.
struct Proof {
    /// The record of the verdict of the scan gate.
    record: Option<GateRecord>,
    /// The scan that was made in this run.
    fresh: Option<FreshScan>,
    /// What every gate said.
    gates: Vec<Gate>,
    /// The approvals that counted.
    approvals: Vec<RecordedApproval>,
    /// The image that it is of.
    image: Descriptor,
    /// Whether the image had its tag at the target already. A run that is only given again leaves nothing new.
    promoted_before: bool,
    /// What was passed over, where this is an exception.
    exception: Option<SkippedGates>,
}

impl OperationRun for Promotion<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Gate => Work::new(self.gate(step)),
            StepKind::Copy => Work::stopping_itself(self.copy(step)),
            StepKind::Sign => Work::new(self.sign(step)),
            StepKind::Verify => Work::new(place::verify(step, &self.writer, self.digest, self.way.target)),
            StepKind::Attach => Work::new(self.attach()),
            StepKind::Tag => Work::new(self.tag()),
            StepKind::Deploy => Work::stopping_itself(self.deploy(step)),
            _ => return None,
        })
    }
}

impl Promotion<'_> {
    /// Rule: the digest that was chosen is the digest that is promoted, and every gate holds now.
    async fn gate(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let log = step.log();
        let engine = self.context.engine;
        let named = self.tag.as_str();
        let candidate = engine
            .candidate(self.context.service, named, self.way.source)
            .await;
        let candidate = match candidate {
            Ok(candidate) if candidate.image.digest == *self.digest => candidate,
            Ok(candidate) => return Err(self.moved(candidate.image.digest.to_string())),
            Err(EngineError::NoImage { .. }) => return Err(self.moved("gone".to_owned())),
            Err(error) => return Err(error),
        };
        log.info(format!(
            "{} is {} as planned",
            self.promote.source.repository.tagged(self.tag.clone()),
            self.digest
        ));
        let state = engine.tag_state(&self.writer, self.tag, self.digest).await?;
        if let TagState::Taken(found) = state {
            let target = self.promote.target.clone();
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
            gates: evaluation.gates.clone(),
            approvals: evaluation.approvals,
            image: candidate.image,
            promoted_before: state == TagState::Same,
            exception: self.way.exception(engine, evaluation.skipped),
        };
        let _ = self.proof.set(proof);
        step.judge(evaluation.gates)
    }

    /// What is to be left with the image.
    fn to_leave(&self) -> Option<&Proof> {
        self.proof.get().filter(|proof| !proof.promoted_before)
    }

    async fn sign(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let Some(proof) = self.to_leave() else {
            let nothing = Statements::default();
            return sign::sign_at(step, &self.writer, self.digest, &self.promote.to, nothing).await;
        };
        let (record, summary) = (self.record(proof).await?, self.summary(proof)?);
        let statements = Statements {
            fresh: proof.fresh.as_ref(),
            record: Some(&record),
            summary: Some(&summary),
        };
        sign::sign_at(step, &self.writer, self.digest, &self.promote.to, statements).await
    }

    /// By what the digest comes to the target.
    async fn record(&self, proof: &Proof) -> Result<PromotionRecord, EngineError> {
        let (context, promote) = (self.context, self.promote);
        let image = RecordedImage {
            digest: self.digest,
            source: Some(&promote.source.repository),
            destination: &promote.target.repository,
            tags: std::slice::from_ref(self.tag),
        };
        let (operation, fresh) = (RecordedOperation::Promote, proof.fresh.as_ref());
        let details = RecordDetails {
            from: Some(promote.from.clone()),
            reason: promote.reason.clone(),
            hotfix: promote.hotfix,
            previous_digest: promote.replaces.clone(),
            approvals: proof.approvals.clone(),
            ..chain::details(context, operation, &promote.to, &proof.gates, fresh)
        };
        context.engine.promotion_record(context, image, details).await
    }

    /// That it was held to the rules of the target. What a reason overrode or the hotfix path skipped did not pass them.
    fn summary(&self, proof: &Proof) -> Result<VerificationSummary, EngineError> {
        let (engine, target) = (self.context.engine, self.way.target);
        let rules = engine.rules_of(self.way.source, target)?;
        let skipped = proof
            .exception
            .as_ref()
            .map_or(0, |exception| exception.skipped.len());
        let result = if skipped == 0 {
            VerificationResult::Passed
        } else {
            VerificationResult::Failed
        };
        let repository = &self.promote.target.repository;
        let of = (self.context.service.name(), &target.name, &rules);
        Ok(VerificationSummary::new(
            self.digest,
            repository,
            of,
            result,
            Timestamp::now(),
        ))
    }

    async fn attach(&self) -> Result<StepOutcome, EngineError> {
        let skipped = self.proof.get().and_then(|proof| proof.exception.as_ref());
        exception_record::leave(self.context, &self.writer, skipped).await
    }

    fn moved(&self, found: String) -> EngineError {
        EngineError::TagMoved {
            tag: self.tag.clone(),
            planned: self.digest.clone(),
            found,
        }
    }

    async fn copy(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let log = step.log();
        let source = self
            .context
            .engine
            .registries()
            .reader(&self.promote.source.repository);
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
            self.promote.source.repository,
            self.promote.target.repository,
            count(plan.manifests.len(), "manifest"),
            count(plan.blobs.len(), "blob"),
            count(plan.referrers.len(), "referrer"),
            bytes(plan.bytes)
        ));
        let outcome = copy::run(
            &plan,
            &source,
            &self.writer,
            &|p| tell(step, p),
            self.context.cancel,
        )
        .await?;
        self.attach_proof(step).await?;
        Ok(StepOutcome::Done(format!(
            "copied {} with {} in {} (about {} expected)",
            bytes(outcome.bytes),
            plan.evidence(),
            count(usize::try_from(outcome.requests).unwrap_or(usize::MAX), "request"),
            plan.requests
        )))
    }

    /// Leaves with the image what the scan gate rests on: the scan that was made for it, and the record of the verdict.
    async fn attach_proof(&self, step: &Step<'_>) -> Result<(), EngineError> {
        let Some(proof) = self.to_leave() else {
            return Ok(());
        };
        let log = step.log();
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

    async fn deploy(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        self.refuse_halted().await?;
        place::deploy(step, &self.writer, self.digest, self.way.target).await
    }

    /// The line may have been stopped since the gates were asked: a copy takes its time.
    async fn refuse_halted(&self) -> Result<(), EngineError> {
        match self.way.hotfix {
            Some(hotfix) if hotfix.skip.contains(&GateKind::Halt) => Ok(()),
            _ => halts::refuse_halted(self.context.engine, &self.promote.to).await,
        }
    }

    async fn tag(&self) -> Result<StepOutcome, EngineError> {
        self.refuse_halted().await?;
        match self.writer.tag(self.digest, self.tag, TagRule::Immutable).await? {
            TagOutcome::Set => Ok(StepOutcome::Done(format!("set {}", self.promote.target))),
            TagOutcome::AlreadyThere => Ok(StepOutcome::Nothing(format!(
                "{} was already set",
                self.promote.target
            ))),
        }
    }
}
