//! What the console only reads: releases, environments, what ran before, locks, texts.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Effects, of_engine};
use crate::board::Cell;
use crate::domain::{Digest, EnvironmentName};
use crate::engine::{Depth, Engine, EngineError};
use crate::project::Service;
use crate::report::{Limits, of_comparison};
use crate::tui::dialogs::EnvironmentHistory;
use crate::tui::screens::page::document::of_document;
use crate::tui::screens::page::model::{PageContent, PageOf, of_markdown};
use crate::tui::session::{Msg, Standing};

/// Commits that a comparison lists; all are counted.
const LISTED: usize = 500;

/// How much of a comparison a page names.
const LIMITS: Limits = Limits {
    files: 40,
    rows: usize::MAX,
};

impl Effects {
    /// Asks for something in a task, and tells the answer.
    pub(super) fn read<F>(&self, answer: impl FnOnce(Arc<Engine>, Service) -> F)
    where
        F: Future<Output = Msg> + Send + 'static,
    {
        let messages = self.messages.clone();
        let answer = answer(Arc::clone(&self.engine), self.service.clone());
        tokio::spawn(async move {
            messages.send(answer.await);
        });
    }

    pub(in crate::tui) fn releases(&self, all: bool) {
        self.read(move |engine, service| async move {
            let depth = if all { Depth::All } else { Depth::Recent };
            let releases = engine.releases(&service, depth).await;
            Msg::Releases(
                all,
                releases.map_err(|error| of_engine("Could not read the releases", &error)),
            )
        });
    }

    pub(in crate::tui) fn standings(&self) {
        self.read(move |engine, service| async move {
            let (pins, halts) = tokio::join!(engine.pins(&service), engine.halts());
            let halts = halts.unwrap_or_else(|error| {
                // The gate asks again, and refuses where it gets no answer.
                tracing::warn!(%error, "cannot tell what is halted");
                Vec::new()
            });
            let halted = |environment: &EnvironmentName| {
                let mut of_it = halts
                    .iter()
                    .filter(|status| status.at.environment == *environment);
                of_it.find_map(|status| status.halted.clone())
            };
            let mut all = Vec::with_capacity(pins.len());
            for (environment, pin) in pins {
                let standing = async {
                    Ok::<_, EngineError>((pin?, engine.owed_reviews(&service, &environment).await?))
                };
                let cell = match standing.await {
                    Ok((pin, reviews)) => Cell::Ready(Standing {
                        pin,
                        halted: halted(&environment),
                        reviews,
                    }),
                    Err(error) => Cell::Failed(error.to_string()),
                };
                all.push((environment, cell));
            }
            Msg::EnvironmentStatuses(all)
        });
    }

    pub(in crate::tui) fn past(&self, environment: EnvironmentName) {
        self.read(move |engine, service| async move {
            let past = engine.past(&service, &environment).await;
            let past = past.map(|past| EnvironmentHistory {
                deployed: past.deployed,
                note: past.note,
                earlier: past.earlier,
            });
            let result = past.map(Box::new);
            let result = result.map_err(|error| of_engine("Could not read its history", &error));
            Msg::Past(environment, result)
        });
    }

    pub(in crate::tui) fn locks(&self) {
        self.read(move |engine, _| async move {
            let locks = engine.locks().await;
            let locks = locks.map(|locks| locks.into_iter().map(|found| found.lock).collect());
            Msg::Locks(locks.map_err(|error| of_engine("Could not read the locks", &error)))
        });
    }

    pub(in crate::tui) fn page(&self, of: PageOf) {
        self.read(move |engine, service| async move {
            let content = match &of {
                PageOf::Notes(release) => match engine.notes(&service, release, None).await {
                    Ok(text) => PageContent::Known(of_markdown(&text), text),
                    Err(error) => PageContent::Failed(of_engine("Could not write the notes", &error)),
                },
                PageOf::Diff { from, to, .. } => match engine.diff(&service, from, to.as_str()).await {
                    Ok(comparison) => {
                        let comparison = comparison.limited(LISTED);
                        let tickets = engine.config().git.tickets_url.as_ref();
                        let document = of_comparison(&comparison, LIMITS, Timestamp::now());
                        PageContent::Known(of_document(&document), document.markdown(tickets))
                    }
                    Err(error) => PageContent::Failed(of_engine("Could not compare them", &error)),
                },
            };
            Msg::Page(of, content)
        });
    }

    pub(in crate::tui) fn compare(&self, ticket: u64, from: Digest, to: Digest) {
        self.read(move |engine, service| async move {
            let compared = engine.diff(&service, &from.to_string(), &to.to_string()).await;
            let lines = compared.map(|comparison| comparison.summary());
            Msg::Compared(ticket, lines.map_err(|error| error.to_string()))
        });
    }
}
