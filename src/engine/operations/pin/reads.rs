//! The pins of environments, and what may be pinned.

use std::collections::BTreeSet;

use futures_util::future::{join_all, try_join_all};
use jiff::Timestamp;

use crate::domain::{Digest, Environment, EnvironmentName, PinRecord, Term, pin_state};
use crate::engine::error::EngineError;
use crate::engine::{Engine, records};
use crate::project::Service;
use crate::registry::Reader;

/// How many of the newest deployments are asked for pins: one that holds lets nothing but rollbacks pass, and these bring
/// their own.
const LOOKED_AT: usize = 5;
impl Engine {
    /// The pin that holds `environment` now.
    pub async fn pin(
        &self,
        service: &Service,
        environment: &EnvironmentName,
    ) -> Result<Option<PinRecord>, EngineError> {
        let environment = self.environment(environment)?;
        let reader = service.environment(environment).reader()?;
        let records = pins(&reader, environment).await?;
        Ok(pin_state(&records, &environment.name, Timestamp::now()).cloned())
    }

    /// The pins of all environments that promotions reach, in the order of the graph; one that cannot be asked says why.
    pub async fn pins(
        &self,
        service: &Service,
    ) -> Vec<(EnvironmentName, Result<Option<PinRecord>, EngineError>)> {
        let environments = self.config().graph.all().iter();
        let asking = environments
            .filter(|environment| !environment.from.is_empty())
            .map(|environment| async {
                let name = environment.name.clone();
                let pin = self.pin(service, &name).await;
                (name, pin)
            });
        join_all(asking).await
    }
}

/// All records of pins of `environment` that its newest deployments have.
pub(in crate::engine) async fn pins(
    reader: &Reader,
    environment: &Environment,
) -> Result<Vec<PinRecord>, EngineError> {
    let history = reader.deployments(LOOKED_AT).await?;
    let digests = history.into_iter().map(|deployed| deployed.digest);
    pins_of(reader, environment, digests).await
}

/// All records of pins of `environment` that these digests have.
pub(in crate::engine) async fn pins_of(
    reader: &Reader,
    environment: &Environment,
    digests: impl IntoIterator<Item = Digest>,
) -> Result<Vec<PinRecord>, EngineError> {
    let digests: BTreeSet<_> = digests.into_iter().collect();
    let asking = digests
        .iter()
        .map(|digest| records::all(reader, digest, &environment.name));
    let found: Vec<Vec<PinRecord>> = try_join_all(asking).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The environment, if it is one that promotions reach.
pub(in crate::engine) fn reached<'a>(
    engine: &'a Engine,
    environment: &EnvironmentName,
) -> Result<&'a Environment, EngineError> {
    let environment = engine.environment(environment)?;
    if environment.from.is_empty() {
        return Err(EngineError::BuiltInto(environment.name.clone()));
    }
    Ok(environment)
}

/// A term as it was given, if it is not over already.
pub(in crate::engine) fn term(until: Option<&str>, now: Timestamp) -> Result<Option<Term>, EngineError> {
    let term: Option<Term> = until.map(str::parse).transpose()?;
    match term {
        Some(term) if term.end(now) <= now => Err(EngineError::TermOver(term.to_string())),
        term => Ok(term),
    }
}
