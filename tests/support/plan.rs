//! Plans of the only service of a project.

use windlass::domain::Plan;
use windlass::engine::{Engine, EngineError, Request};

/// What the engine plans for a request about its service.
pub async fn planned(engine: &Engine, request: &Request) -> Result<Plan, EngineError> {
    let [service] = &engine.config().services[..] else {
        panic!("the project has several services");
    };
    let service = engine.service(&service.name).unwrap();
    engine.plan(&service, request).await
}
