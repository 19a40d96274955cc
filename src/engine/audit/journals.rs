//! The journals of this machine: whether each line follows from the one before, and what they say was promoted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::{
    AuditFault, AuditFinding, Clean, Digest, EnvironmentName, Exit, Operation, ServiceName, StepId, StepKind,
};
use crate::engine::run::event::{Event, EventKind, StepOutcome};
use crate::engine::{JournalError, Journals};

/// A promotion that a journal says was carried out here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JournaledPromotion {
    pub(super) run: String,
    pub(super) environment: EnvironmentName,
    pub(super) digest: Digest,
}

/// What the journals say.
#[derive(Debug, Default)]
pub(super) struct JournaledRuns {
    /// How many there are.
    pub(super) count: usize,
    pub(super) promotions: Vec<JournaledPromotion>,
    names: BTreeSet<String>,
    /// When the oldest begins; older ones may have been pruned.
    oldest: Option<Timestamp>,
}

impl JournaledRuns {
    /// Reads all of them; what is wrong with some, and what the others say of `service`.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub(super) fn read(
        journals: &Journals,
        service: &ServiceName,
    ) -> Result<(Vec<AuditFinding>, Self), JournalError> {
        let (mut findings, mut all) = (Vec::new(), Self::default());
        for run in journals.runs()? {
            all.count += 1;
            all.names.insert(run.to_string());
            match journals.read(&run) {
                Ok(events) => all.take(&run.to_string(), &events, service),
                Err(error) => findings.push(AuditFinding {
                    kind: match error {
                        JournalError::Broken { .. } => AuditFault::JournalAltered,
                        JournalError::Io { .. } | JournalError::Newer { .. } => AuditFault::Unknown,
                    },
                    environment: None,
                    digest: None,
                    run: Some(Clean::line(&run.to_string())),
                    what: Clean::line(&error.to_string()),
                }),
            }
        }
        Ok((findings, all))
    }

    /// Whether a run that began at `at` on this machine has lost its journal.
    pub(super) fn has_lost(&self, run: &str, at: Timestamp) -> bool {
        // Records name whole seconds.
        self.oldest
            .is_some_and(|oldest| oldest.as_second() <= at.as_second())
            && !self.names.contains(run)
    }

    fn take(&mut self, run: &str, events: &[Event], service: &ServiceName) {
        let Some(first) = events.first() else { return };
        self.oldest = Some(self.oldest.map_or(first.at, |oldest| oldest.min(first.at)));
        let EventKind::RunStarted { plan, .. } = &first.happening else {
            return;
        };
        let (Operation::Promote(promote), Some(digest)) = (&plan.operation, &plan.digest) else {
            return;
        };
        // What GitHub carried out has its records by a run of its own.
        let is_elsewhere = events
            .iter()
            .any(|event| matches!(event.happening, EventKind::WorkflowRun { .. }));
        let tag = plan.steps.iter().find(|step| step.kind == StepKind::Tag);
        if plan.service == *service
            && !is_elsewhere
            && tag.is_some_and(|tag| has_done(events, tag.id))
            && ended_well(events)
        {
            self.promotions.push(JournaledPromotion {
                run: run.to_owned(),
                environment: promote.to.clone(),
                digest: digest.clone(),
            });
        }
    }
}

fn has_done(events: &[Event], wanted: StepId) -> bool {
    events.iter().any(|event| {
        matches!(&event.happening, EventKind::StepEnded { step, outcome: StepOutcome::Done(_) } if *step == wanted)
    })
}

fn ended_well(events: &[Event]) -> bool {
    let last = events.last().map(|event| &event.happening);
    matches!(last, Some(EventKind::RunEnded { exit, .. }) if *exit == Exit::Done)
}
