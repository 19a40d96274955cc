//! The records that hold an environment, and that let it go.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Clean, Digest, Environment, PinRecord, Target, Term, pin_state};
use crate::engine::error::EngineError;
use crate::engine::records;
use crate::engine::run::Actor;
use crate::engine::run::event::StepOutcome;
use crate::registry::Writer;

/// By how much two terms may differ that are the same: of a run that was broken off and is given again.
const SLACK: SignedDuration = SignedDuration::from_hours(1);

/// Who does it, and why.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Attribution<'a> {
    pub(in crate::engine) reason: &'a Clean,
    pub(in crate::engine) actor: &'a Actor,
}

/// Leaves the record that holds `environment` at `digest`, unless one like it does so already. `known` are the records that
/// it has to come after.
pub(in crate::engine) async fn hold(
    writer: &Writer,
    environment: &Environment,
    digest: &Digest,
    known: &[PinRecord],
    attribution: Attribution<'_>,
    until: Option<&Term>,
    from: Option<&Digest>,
) -> Result<StepOutcome, EngineError> {
    let at = records::moment(Timestamp::now(), known.iter().map(|record| record.at));
    let record = PinRecord {
        digest: digest.clone(),
        environment: environment.name.clone(),
        held: true,
        reason: attribution.reason.clone(),
        by: Clean::line(&attribution.actor.to_string()),
        at,
        until: until.map(|term| term.end(at)),
        from: from.cloned(),
    };
    if let Some(held) = pin_state(known, &environment.name, Timestamp::now())
        && is_the_same(held, &record)
    {
        return Ok(StepOutcome::Nothing(format!(
            "{} is {}",
            environment.name,
            held.words()
        )));
    }
    leave(writer, &record).await?;
    Ok(StepOutcome::Done(format!(
        "{} is {}",
        environment.name,
        record.words()
    )))
}

/// Whether the pin that holds says what `wanted` would say.
fn is_the_same(held: &PinRecord, wanted: &PinRecord) -> bool {
    let same_end = match (held.until, wanted.until) {
        (None, None) => true,
        (Some(one), Some(other)) => one.duration_until(other).abs() <= SLACK,
        _ => false,
    };
    let same_origin = wanted.from.is_none() || held.from == wanted.from;
    held.digest == wanted.digest && held.reason == wanted.reason && same_end && same_origin
}

/// Leaves the record that lets `environment` go, if the pin of the plan still holds it.
pub(super) async fn let_go(
    writer: &Writer,
    environment: &Environment,
    known: &[PinRecord],
    attribution: Attribution<'_>,
    planned: &PinRecord,
) -> Result<StepOutcome, EngineError> {
    let now = Timestamp::now();
    let Some(held) = pin_state(known, &environment.name, now) else {
        return Ok(StepOutcome::Nothing(format!(
            "{} is no longer pinned",
            environment.name
        )));
    };
    if held != planned {
        return Err(EngineError::RunsAnother {
            environment: environment.name.clone(),
            planned: planned.words(),
            found: held.words(),
        });
    }
    let record = PinRecord {
        held: false,
        reason: attribution.reason.clone(),
        by: Clean::line(&attribution.actor.to_string()),
        at: records::moment(now, known.iter().map(|record| record.at)),
        until: None,
        from: None,
        ..held.clone()
    };
    leave(writer, &record).await?;
    Ok(StepOutcome::Done(format!(
        "{} is no longer pinned",
        environment.name
    )))
}

async fn leave(writer: &Writer, record: &PinRecord) -> Result<(), EngineError> {
    let subject = writer.resolve(&Target::Digest(record.digest.clone())).await?;
    let subject = subject.ok_or_else(|| EngineError::NotProved {
        image: writer.repository().at(record.digest.clone()),
        why: "it does not exist".to_owned(),
    })?;
    records::attach(writer, &subject, record).await
}
