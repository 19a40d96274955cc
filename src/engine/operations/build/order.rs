//! What a builder is asked for.

use jiff::Timestamp;

use crate::build::Order;
use crate::domain::Platform;
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::project::Service;

/// What a builder is asked for: the service's Dockerfile, with the configuration's arguments.
pub(in crate::engine) fn order(
    engine: &Engine,
    service: &Service,
    platform: Option<&Platform>,
    labels: Vec<(String, String)>,
    created: Option<Timestamp>,
) -> Result<Order, EngineError> {
    let config = engine.config();
    let found = config
        .service(service.name())
        .ok_or_else(|| EngineError::UnknownService(service.name().clone()))?;
    let root = engine
        .repository()
        .map_or_else(|| config.folder(), |repository| repository.root());
    let context = root.join(&found.path);
    Ok(Order {
        dockerfile: context.join(&found.dockerfile),
        context,
        platform: platform.cloned(),
        args: config.build.args.clone(),
        labels,
        created,
        more: config.build.builder_args.clone(),
    })
}
