//! What commands changed of images in the repositories of environments besides deploying them: `copy`, `registry rm` and
//! `scan --attach` leave it with the image.

use jiff::Timestamp;

use super::core::Engine;
use super::error::EngineError;
use super::records;
use super::run::RecordedRun;
use super::run::event::Level;
use crate::domain::{ChangeRecord, Clean, Digest, EnvironmentName, StepId};
use crate::project::Service;
use crate::registry::Writer;

/// Leaves with `digest`, in the repository of `environment`, that `run` changed it: `change` says how. Where that cannot be
/// left, the step says so, and the answer; what was changed is changed all the same.
pub async fn record_change(
    run: &RecordedRun,
    step: StepId,
    writer: &Writer,
    digest: &Digest,
    environment: &EnvironmentName,
    change: &str,
) -> Option<String> {
    let now = Timestamp::now();
    let record = ChangeRecord {
        digest: digest.clone(),
        environment: environment.clone(),
        operation: Clean::line(run.operation()),
        change: Clean::line(change),
        run: Clean::line(run.id().as_str()),
        by: Clean::line(run.actor()),
        at: records::moment(now, []),
    };
    let why = records::leave(writer, &record).await.err()?;
    let warning = format!(
        "by which run {} was changed in {environment} is not recorded with it: {}",
        digest.short(),
        why.brief()
    );
    run.log(step, Level::Warning, &warning);
    Some(warning)
}

impl Engine {
    /// What was changed of `digest`, in every environment that has it, the newest first.
    pub async fn changes(
        &self,
        service: &Service,
        digest: &Digest,
    ) -> Result<Vec<ChangeRecord>, EngineError> {
        let mut changes: Vec<ChangeRecord> = Vec::new();
        for place in self.places(service, digest).await? {
            let reader = self.registries().reader(&place.image.repository);
            changes.extend(records::all(&reader, digest, &place.environment).await?);
        }
        changes.sort_by_key(|change| std::cmp::Reverse(change.at));
        Ok(changes)
    }
}
