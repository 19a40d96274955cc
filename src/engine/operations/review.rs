//! The review that is due after an exception: planned for what came to an environment that way, and left as a record.

use jiff::Timestamp;

use super::operation::{Operation, OperationRun, PlanRequest, Work};
use super::{exception_record, place};
use crate::domain::operation::Review;
use crate::domain::{
    Clean, Confirmation, Costs, Digest, Environment, ExceptionRecord, LockPart, Plan, ReviewRecord, StepKind,
    StepList, StepTarget,
};
use crate::engine::error::EngineError;
use crate::engine::exception::{LOOKED_AT, owed};
use crate::engine::gates::{self, Moment, Question, ReviewQuestion};
use crate::engine::run::event::StepOutcome;
use crate::engine::run::{Context, Step};
use crate::engine::{Engine, records};
use crate::project::Service;
use crate::registry::Writer;

/// A request to leave the review that an exception owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRequest {
    /// An environment, or a digest that came to one.
    pub of: String,
    /// What was found.
    pub note: String,
}

impl PlanRequest for ReviewRequest {
    async fn plan(&self, engine: &Engine, service: &Service) -> Result<Plan, EngineError> {
        let note = place::reason(&self.note, "a review")?;
        let (environment, digest, exceptions) = reviewed(engine, service, &self.of, &note).await?;
        let repository = service.environment(environment).repository()?;
        let subject = ReviewQuestion {
            exceptions: &exceptions,
        };
        let question = Question::of_environment(engine, environment, Moment::Review, vec![subject.into()])?;
        let gates = gates::ask(&question).await.gates;
        let mut steps = StepList::default();
        steps.add_on(
            StepKind::Attach,
            "the review record",
            StepTarget::Image(repository.at(digest.clone())),
        );
        Ok(Plan {
            operation: Review {
                environment: environment.name.clone(),
                image: repository.at(digest.clone()),
                note,
                exceptions,
            }
            .into(),
            service: service.name().clone(),
            commit: None,
            tag: None,
            digest: Some(digest),
            gates,
            steps: steps.into(),
            costs: Costs::default(),
            confirmation: Confirmation::Plain,
        })
    }
}

impl Operation for Review {
    fn lock(&self) -> Option<LockPart> {
        Some(LockPart::Environment(self.environment.clone()))
    }

    fn begin<'a>(&'a self, context: &'a Context<'a>) -> Result<Box<dyn OperationRun + 'a>, EngineError> {
        let engine = context.engine;
        Ok(Box::new(Reviewing {
            review: self,
            environment: engine.environment(&self.environment)?,
            digest: context.digest()?,
            writer: engine.registries().writer(&self.image.repository, context.access),
        }))
    }
}

/// A run that leaves a review.
struct Reviewing<'a> {
    review: &'a Review,
    environment: &'a Environment,
    digest: &'a Digest,
    writer: Writer,
}

impl OperationRun for Reviewing<'_> {
    fn step<'s>(&'s self, step: &'s Step<'s>) -> Option<Work<'s>> {
        Some(match step.kind() {
            StepKind::Attach => Work::new(self.attach(step)),
            _ => return None,
        })
    }
}

impl Reviewing<'_> {
    async fn attach(&self, step: &Step<'_>) -> Result<StepOutcome, EngineError> {
        let owed = owed(&self.writer, self.digest, self.environment).await?;
        if owed.is_empty() {
            return Ok(StepOutcome::Nothing("already reviewed".to_owned()));
        }
        // A review is not older than what it is of, whatever the clocks say.
        let at = owed.iter().map(|exception| exception.at).max();
        let now = records::moment(Timestamp::now(), []);
        let record = ReviewRecord {
            digest: self.digest.clone(),
            environment: self.environment.name.clone(),
            note: self.review.note.clone(),
            by: Clean::line(&step.context.engine.actor().to_string()),
            at: at.map_or(now, |at| at.max(now)),
        };
        let subject = exception_record::subject(&self.writer, self.digest).await?;
        records::attach(&self.writer, &subject, &record).await?;
        Ok(StepOutcome::Done(
            "attached the review record; no review is due any more".to_owned(),
        ))
    }
}

/// What a text asks to review: of an environment the newest digest that owes one, else the digest in the first environment
/// where it owes one. Where nothing is owed any more, what this very note has settled: the command was given again.
async fn reviewed<'a>(
    engine: &'a Engine,
    service: &Service,
    of: &str,
    note: &Clean,
) -> Result<(&'a Environment, Digest, Vec<ExceptionRecord>), EngineError> {
    let mut places = Vec::new();
    if let Ok(digest) = of.parse::<Digest>() {
        places.extend(
            engine
                .config()
                .graph
                .all()
                .iter()
                .map(|one| (one, digest.clone())),
        );
    } else {
        let nothing = || EngineError::NothingOwed(format!("`{}`", crate::domain::clean_line(of)));
        let environment = engine.environment(&of.parse().map_err(|_| nothing())?)?;
        let reader = service.environment(environment).reader()?;
        let history = reader.deployments(LOOKED_AT).await?;
        places.extend(history.into_iter().map(|deployed| (environment, deployed.digest)));
    }
    let mut settled = None;
    for (environment, digest) in places {
        let reader = service.environment(environment).reader()?;
        let owed = owed(&reader, &digest, environment).await?;
        if !owed.is_empty() {
            return Ok((environment, digest, owed));
        }
        let reviews: Vec<ReviewRecord> = records::all(&reader, &digest, &environment.name).await?;
        if settled.is_none() && reviews.iter().any(|review| review.note == *note) {
            let mut exceptions: Vec<ExceptionRecord> =
                records::all(&reader, &digest, &environment.name).await?;
            exceptions.retain(|exception| exception.kind.owes_review());
            settled = Some((environment, digest, exceptions));
        }
    }
    settled.ok_or_else(|| EngineError::NothingOwed(crate::domain::clean_line(of)))
}
