//! What a run that was killed left of images that it had deleted: their parts and what was attached to them have no tag, so
//! that only its journal knows of them.

use std::collections::BTreeSet;

use crate::domain::operation::{Gc, RemovedImage};
use crate::domain::{Digest, Environment, Exit, Operation, Target};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::run::event::EventKind;
use crate::project::Service;
use crate::registry::{Reader, RegistryError};

/// Runs of this machine that are looked at.
const MAX_RUNS: usize = 200;

/// What is left of the images of the last run in `environment`, if it did not come to its end. What anything that `stays` has
/// to do with is left alone.
pub(super) async fn read(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
    reader: &Reader,
    stays: &BTreeSet<Digest>,
) -> Result<Vec<RemovedImage>, EngineError> {
    let mut left = Vec::new();
    for image in planned(engine, service, environment, reader) {
        let is_needed =
            stays.contains(&image.digest) || image.manifests.iter().any(|part| stays.contains(part));
        if is_needed {
            continue;
        }
        let whole = std::iter::once(&image.digest).chain(&image.manifests);
        let targets = whole.map(|digest| Target::Digest(digest.clone())).collect();
        let found: Result<Vec<_>, RegistryError> = reader.stored_all(targets).await?.into_iter().collect();
        let mut found = found?.into_iter();
        // One that is there again was pushed again: it is somebody's.
        if found.next().flatten().is_some() {
            continue;
        }
        let manifests: Vec<_> = found.flatten().map(|part| part.digest).collect();
        if !manifests.is_empty() {
            left.push(RemovedImage {
                tags: Vec::new(),
                manifests,
                attached_tags: Vec::new(),
                bytes: 0,
                ..image
            });
        }
    }
    Ok(left)
}

/// What the last run that deleted something in `environment` was to delete; nothing if it came to its end. A journal that
/// cannot be read knows of nothing.
fn planned(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
    reader: &Reader,
) -> Vec<RemovedImage> {
    let journals = engine.journals();
    let runs = journals.runs().unwrap_or_default();
    let ends = runs
        .iter()
        .take(MAX_RUNS)
        .filter_map(|run| journals.ends(run).ok().flatten());
    for (first, last) in ends {
        let EventKind::RunStarted { plan, .. } = first.happening else {
            continue;
        };
        let Operation::Gc(gc) = plan.operation else {
            continue;
        };
        let is_here = plan.service == *service.name() && is_of(&gc, environment, reader);
        if !is_here || gc.images.is_empty() {
            continue;
        }
        let is_done = matches!(last.happening, EventKind::RunEnded { exit: Exit::Done, .. });
        return if is_done { Vec::new() } else { gc.images };
    }
    Vec::new()
}

fn is_of(gc: &Gc, environment: &Environment, reader: &Reader) -> bool {
    gc.environment == environment.name && gc.repository == *reader.repository()
}
