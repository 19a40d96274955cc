//! What a run works with, whatever its operation.

use tokio_util::sync::CancellationToken;

use super::recorder::Recorder;
use super::secrets::Secrets;
use crate::domain::{Digest, Plan, WriteAccess};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::project::Service;

/// What each step of a run is given.
pub(in crate::engine) struct Context<'a> {
    pub(in crate::engine) engine: &'a Engine,
    pub(in crate::engine) service: &'a Service,
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) recorder: &'a Recorder,
    pub(in crate::engine) secrets: &'a Secrets,
    pub(in crate::engine) cancel: &'a CancellationToken,
    pub(in crate::engine) access: WriteAccess,
}

impl<'a> Context<'a> {
    /// The digest of a plan that must have one.
    pub(in crate::engine) fn digest(&self) -> Result<&'a Digest, EngineError> {
        let digest = self.plan.digest.as_ref();
        digest.ok_or_else(|| EngineError::Internal("a plan without a digest".to_owned()))
    }
}
