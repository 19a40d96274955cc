//! The approvals of a run that another command on this machine asked for already, by its journal: each is asked for once,
//! however often the run is followed.

use std::collections::BTreeSet;

use crate::engine::run::event::EventKind;
use crate::engine::run::journal::Journals;

/// In how many of the newest journals is looked.
const RECENT_JOURNALS: usize = 50;

/// The attempts and environments whose approval was asked for.
#[derive(Default)]
pub(super) struct Asked(BTreeSet<(u32, String)>);

impl Asked {
    /// What the journals say of run `number` on GitHub. Whatever cannot be read is left out: to ask twice is better than not
    /// to ask.
    pub(super) async fn read(journals: Journals, number: u64) -> Self {
        let reading = tokio::task::spawn_blocking(move || {
            let runs = journals.runs().unwrap_or_default();
            let events = runs
                .iter()
                .take(RECENT_JOURNALS)
                .flat_map(|run| journals.read(run).unwrap_or_default());
            let asked = events.filter_map(|event| match event.happening {
                EventKind::ApprovalRequested {
                    number: of,
                    attempt,
                    environment,
                    ..
                } if of == number => Some((attempt, environment)),
                _ => None,
            });
            Self(asked.collect())
        });
        reading.await.unwrap_or_default()
    }

    /// Whether `event` asks for one of them again.
    pub(super) fn has(&self, event: &EventKind) -> bool {
        match event {
            EventKind::ApprovalRequested {
                attempt, environment, ..
            } => self.0.contains(&(*attempt, environment.clone())),
            _ => false,
        }
    }
}
