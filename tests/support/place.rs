//! Where the images of the sample's service are.

use windlass::engine::Engine;
use windlass::registry::Reader;

/// The repository of the service in an environment.
pub fn reader(engine: &Engine, environment: &str) -> Reader {
    let environment = engine.environment(&environment.parse().unwrap()).unwrap();
    let service = engine.service(&"payment-svc".parse().unwrap()).unwrap();
    service.environment(environment).reader().unwrap()
}
