//! What registries tell of releases: what production ever had, and what is deployed where.

use std::collections::HashSet;

use futures_util::future::join_all;

use crate::domain::{CommitSha, Digest, Environment, EnvironmentName, Tag};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::project::Service;

/// What is asked once for all releases.
pub(super) struct Facts {
    /// The tags of production; why not, where it could not be asked.
    pub(super) production: Result<HashSet<Tag>, String>,
    /// The commits that run, in the order of the graph.
    pub(super) deployed: Vec<(EnvironmentName, CommitSha, Digest)>,
    /// The exceptions that still owe a review, by environment; why not, where one could not be asked.
    pub(super) reviews: Vec<(EnvironmentName, Result<Vec<Owed>, String>)>,
}

/// A review that is owed.
pub(super) struct Owed {
    /// The commit of the image that took a shortened way.
    pub(super) commit: Option<CommitSha>,
    /// What was passed over, and why.
    pub(super) what: String,
}

impl Facts {
    /// Asks production for its tags, and every environment for what it has deployed.
    pub(super) async fn of(engine: &Engine, service: &Service) -> Self {
        let tags = async {
            let reader = service.environment(engine.production()).reader()?;
            Ok::<_, EngineError>(reader.tags().await?)
        };
        let environments = engine.config().graph.all().iter();
        let deployed = environments.map(|environment| deployed(service, environment));
        // Only where a shortened way leads can a release owe a review.
        let shortened = engine.config().graph.all().iter().filter(|environment| {
            engine
                .settings(&environment.name)
                .is_ok_and(|settings| settings.hotfix.is_some())
        });
        let reviews = shortened.map(|environment| reviews(engine, service, environment));
        let (tags, deployed, reviews) = tokio::join!(tags, join_all(deployed), join_all(reviews));
        Self {
            production: tags
                .map(|tags| tags.into_iter().collect())
                .map_err(|error| format!("could not reach {}: {}", engine.production().name, error.brief())),
            deployed: deployed.into_iter().flatten().collect(),
            reviews,
        }
    }
}

/// What is deployed to an environment. What cannot be found out is left out here: the board and `status` tell of it.
async fn deployed(
    service: &Service,
    environment: &Environment,
) -> Option<(EnvironmentName, CommitSha, Digest)> {
    let there = service.environment(environment);
    let reader = there.reader().ok()?;
    let deployed = there.deployed(&reader).await.ok()??;
    let commit = reader.image(&deployed.digest).await.ok()?.commit()?;
    Some((environment.name.clone(), commit, deployed.digest))
}

/// The reviews that are owed for what came to an environment.
async fn reviews(
    engine: &Engine,
    service: &Service,
    environment: &Environment,
) -> (EnvironmentName, Result<Vec<Owed>, String>) {
    let asking = async {
        let reader = service.environment(environment).reader()?;
        let mut owed = Vec::new();
        for exception in engine.owed_reviews(service, &environment.name).await? {
            owed.push(Owed {
                commit: reader.image(&exception.digest).await?.commit(),
                what: exception.words(),
            });
        }
        Ok::<_, EngineError>(owed)
    };
    let asked = asking.await.map_err(|error| error.brief());
    (environment.name.clone(), asked)
}
