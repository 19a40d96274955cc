//! An image that an argument names.

use super::failure::Failure;
use crate::domain::{Exit, ImageError, ImageReference, Target};
use crate::registry::{Descriptor, Reader};

/// Reads an image reference from an argument.
pub fn parse(text: &str) -> Result<ImageReference, Failure> {
    text.parse().map_err(|error: ImageError| {
        Failure::usage(
            error.to_string(),
            "use the form host/path:tag or host/path@sha256:…, including the host",
        )
    })
}

/// What `target` is now in the repository of `reader`. That it is not there ends the command.
pub async fn resolve(reader: &Reader, target: &Target) -> Result<Descriptor, Failure> {
    reader.resolve(target).await?.ok_or_else(|| {
        let repository = reader.repository();
        let image = ImageReference {
            repository: repository.clone(),
            target: target.clone(),
        };
        Failure {
            exit: Exit::NotFound,
            hint: Some(format!(
                "check the name, or list the tags with `windlass registry tags {repository}`"
            )),
            report: color_eyre::eyre::eyre!("{image} does not exist"),
        }
    })
}
