//! Where the images of the sample's service are.

use windlass::engine::Engine;
use windlass::registry::Reader;

/// The repository of the service in an environment.
pub fn reader(engine: &Engine, environment: &str) -> Reader {
    let environment = engine.environment(&environment.parse().unwrap()).unwrap();
    let service = "payment-svc".parse().unwrap();
    let repository = engine.repository_of(&service, environment).unwrap();
    engine.registries().reader(&repository)
}
