//! Whose signatures count in an environment.

use crate::config::VerifySettings;
use crate::domain::{EnvironmentName, ImageReference};
use crate::engine::Engine;
use crate::engine::core::environment_of;
use crate::engine::error::EngineError;
use crate::project::Service;
use crate::sign::{PublicKey, SignError, TrustedIdentity, TrustedSigner};

/// Reads the key or the trusted root that `settings` name.
///
/// # Errors
/// When the file cannot be read, or is not what it should be.
pub fn trusted_signer(settings: &VerifySettings) -> Result<TrustedSigner, SignError> {
    Ok(match settings {
        VerifySettings::Key(path) => TrustedSigner::Key(PublicKey::load(path)?),
        VerifySettings::Identity { identity, root } => TrustedSigner::Identity(Box::new(
            TrustedIdentity::load(identity.clone(), root.as_deref())?,
        )),
    })
}

impl Engine {
    /// Whose signatures count in `environment`; none where signatures do not matter.
    pub(super) fn trusted(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<TrustedSigner>, EngineError> {
        let settings = self.settings(environment)?.verify.as_ref();
        Ok(settings.map(trusted_signer).transpose()?)
    }

    /// Whose signature of `image` counts, by the environment that it is in.
    ///
    /// # Errors
    /// When it is in no environment, in one where no signature is asked for, or what signatures are verified with cannot be read.
    pub fn trusted_for(
        &self,
        service: &Service,
        image: &ImageReference,
    ) -> Result<TrustedSigner, EngineError> {
        let environment = environment_of(service, image)?;
        let trusted = self.trusted(&environment)?;
        trusted.ok_or_else(|| EngineError::NoKey(environment.to_string()))
    }
}
