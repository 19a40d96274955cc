//! What registries tell of releases: what production ever had, and what runs where.

use std::collections::HashSet;

use crate::domain::{CommitSha, Digest, Environment, EnvironmentName, ServiceName, Tag};
use crate::engine::Engine;
use crate::engine::error::EngineError;

/// What is asked once for all releases.
pub(super) struct Facts {
    /// The tags of production; why not, where it could not be asked.
    pub(super) production: Result<HashSet<Tag>, String>,
    /// The commits that run, in the order of the graph.
    pub(super) running: Vec<(EnvironmentName, CommitSha, Digest)>,
}

impl Facts {
    /// Asks production for its tags, and every environment for what it runs.
    pub(super) async fn of(engine: &Engine, service: &ServiceName) -> Self {
        let tags = async {
            let repository = engine.repository_of(service, engine.production())?;
            Ok::<_, EngineError>(engine.registries().reader(&repository).tags().await?)
        };
        let environments = engine.config().graph.all().iter();
        let running = environments.map(|environment| running(engine, service, environment));
        let (tags, running) = tokio::join!(tags, futures_util::future::join_all(running));
        Self {
            production: tags.map(|tags| tags.into_iter().collect()).map_err(|error| {
                format!(
                    "{} could not be asked: {}",
                    engine.production().name,
                    error.brief()
                )
            }),
            running: running.into_iter().flatten().collect(),
        }
    }
}

/// What runs in an environment. What cannot be found out is left out here: the board and `status` tell of it.
async fn running(
    engine: &Engine,
    service: &ServiceName,
    environment: &Environment,
) -> Option<(EnvironmentName, CommitSha, Digest)> {
    let repository = engine.repository_of(service, environment).ok()?;
    let reader = engine.registries().reader(&repository);
    let running = reader.running(environment.from.is_empty()).await.ok()??;
    let revision = reader.image(&running.digest).await.ok()?.revision?;
    Some((environment.name.clone(), revision.parse().ok()?, running.digest))
}
