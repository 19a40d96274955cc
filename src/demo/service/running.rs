//! What runs in an environment of the demo.

use super::ask;
use super::error::ServiceError;
use super::place::{Place, Serving};

/// Says what runs at `place`.
///
/// # Errors
/// When nothing does.
pub async fn running(place: &Place) -> Result<Serving, ServiceError> {
    let nothing = || ServiceError::Nothing(place.environment.to_string());
    let noted = place.read()?.ok_or_else(nothing)?;
    ask::identity(noted.port)
        .await
        .filter(|found| *found == noted)
        .ok_or_else(nothing)
}
