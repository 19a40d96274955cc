//! The deployer of the demo: starts the new service, waits until it answers, and stops the one before.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::ask;
use super::error::ServiceError;
use super::place::{Place, Serving};
use crate::domain::{Digest, ImageReference};
use crate::program::in_background;

/// How long a service may take until it answers.
const LIMIT: Duration = Duration::from_secs(20);
/// How often it is asked until then.
const PAUSE: Duration = Duration::from_millis(10);

/// What is deployed.
#[derive(Debug, Clone)]
pub struct Release {
    /// The image.
    pub image: ImageReference,
    /// Its digest.
    pub digest: Digest,
}

/// Deploys `release` at `place` by starting `program`, this very one. What runs there already goes on.
///
/// # Errors
/// When it does not start or does not answer; then the one before goes on.
pub async fn deploy(place: &Place, release: &Release, program: &Path) -> Result<Serving, ServiceError> {
    let before = match place.read()? {
        Some(noted) => ask::identity(noted.port).await.filter(|found| *found == noted),
        None => None,
    };
    if let Some(there) = before.as_ref().filter(|there| there.digest == release.digest) {
        return Ok(there.clone());
    }
    let arguments: [OsString; 12] = [
        "demo-service".into(),
        "serve".into(),
        "--folder".into(),
        place.folder.clone().into(),
        "--of".into(),
        place.service.to_string().into(),
        "--environment".into(),
        place.environment.to_string().into(),
        "--image".into(),
        release.image.to_string().into(),
        "--digest".into(),
        release.digest.to_string().into(),
    ];
    let mut child = in_background(program, &arguments)?;
    let starting = async {
        loop {
            if let Ok(Some(noted)) = place.read()
                && before.as_ref() != Some(&noted)
                && noted.digest == release.digest
                && ask::identity(noted.port).await.as_ref() == Some(&noted)
            {
                return Some(noted);
            }
            if matches!(child.try_wait(), Ok(Some(_))) {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let started = tokio::time::timeout(LIMIT, starting).await.ok().flatten();
    let started = started.ok_or(ServiceError::Silent)?;
    if let Some(before) = before {
        ask::stop(before.port).await;
    }
    Ok(started)
}
