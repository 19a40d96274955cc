//! Where an image is.

use crate::domain::{Environment, EnvironmentName, ImageError, Target};
use crate::project::Service;
use crate::registry::{Descriptor, Reader, RegistryError};

/// An image that an environment has.
pub struct Found {
    /// The first environment that has it.
    pub environment: EnvironmentName,
    /// What it was found by.
    pub target: Target,
    /// Its manifest or index.
    pub image: Descriptor,
    /// Reads where it is.
    pub reader: Reader,
}

/// Why it is not known whether an image is there.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The template of an environment makes no image name of the service.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A registry did not tell.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The first of `targets` that one of `environments` has, and the first environment that has it. The next target counts only
/// where all environments say that they do not have the one before it: an environment that cannot be asked may have what
/// counts more. It is an error only where no other environment has the same.
///
/// # Errors
/// When a registry cannot be asked that would decide.
pub async fn find<'e>(
    service: &Service,
    targets: &[Target],
    environments: impl IntoIterator<Item = &'e Environment> + Clone,
) -> Result<Option<Found>, FindError> {
    for target in targets {
        let mut failed = None;
        for environment in environments.clone() {
            let reader = service.environment(environment).reader()?;
            match reader.resolve(target).await {
                Ok(Some(image)) => {
                    return Ok(Some(Found {
                        environment: environment.name.clone(),
                        target: target.clone(),
                        image,
                        reader,
                    }));
                }
                Ok(None) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
    }
    Ok(None)
}
