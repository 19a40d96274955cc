//! What an environment has now: what runs there by the word of its platform, where that can be observed, or else what is deployed
//! there by our record.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::domain::{Deployed, Digest, EnvironmentName, Observed, Running, Target};
use crate::engine::error::EngineError;
use crate::project::ServiceEnvironment;
use crate::registry::{CurrentDeployment, ImageCache, Reader, RegistryError};

/// What an environment has now.
#[derive(Debug, Clone)]
pub(super) struct Present {
    /// What counts.
    pub(super) current: CurrentDeployment,
    /// Whether something else is deployed by our record, or nothing is.
    pub(super) is_drift: bool,
    /// What a person should know where what runs is not what is deployed, or nobody can say what runs.
    pub(super) note: Option<String>,
}

impl Present {
    /// The same as a deployment; the present time where nobody knows since when.
    pub(super) fn as_deployed(&self) -> Deployed {
        Deployed {
            at: self.current.since.unwrap_or_else(Timestamp::now),
            digest: self.current.digest.clone(),
        }
    }
}

/// What is in an environment now; none where nothing is deployed and nothing runs that is known here. `reader` reads where its
/// images are.
pub(super) async fn present(
    there: ServiceEnvironment<'_>,
    reader: &Reader,
) -> Result<Option<Present>, EngineError> {
    let deployed = there.deployed(reader).await?;
    let by_record = |note| {
        deployed.clone().map(|current| Present {
            current,
            is_drift: false,
            note,
        })
    };
    let images = ImageCache::default();
    let identities = match &deployed {
        Some(deployed) if there.observes() => images.identities(reader, &deployed.digest).await,
        _ => BTreeSet::new(),
    };
    let running = match there.running(&identities, &CancellationToken::new()).await {
        None => return Ok(by_record(None)),
        Some(Observed::Running(running)) if running.is(&identities) => return Ok(by_record(None)),
        Some(Observed::Running(running)) => running,
        Some(Observed::Unknown(why)) => {
            let name = there.name();
            return Ok(by_record(Some(format!(
                "what runs in {name} is unknown ({why}); this goes by what is deployed"
            ))));
        }
    };
    let deployed_digest = deployed.as_ref().map(|deployed| &deployed.digest);
    let note = differs(there.name(), &running, deployed_digest);
    Ok(match image_of(&images, reader, &running).await? {
        Some(digest) => Some(Present {
            current: CurrentDeployment {
                digest,
                since: running.since,
            },
            is_drift: true,
            note: Some(note),
        }),
        None => by_record(Some(format!(
            "{note}; it is not in {}, so this goes by what is deployed",
            reader.repository()
        ))),
    })
}

/// The image that a platform names by any of its digests: one that was deployed here, or one that the registry has.
async fn image_of(
    images: &ImageCache,
    reader: &Reader,
    running: &Running,
) -> Result<Option<Digest>, RegistryError> {
    if let Some(deployed) = images.deployed_as(reader, &running.digest).await? {
        return Ok(Some(deployed));
    }
    let found = reader.resolve(&Target::Digest(running.digest.clone())).await?;
    Ok(found.map(|found| found.digest))
}

fn differs(name: &EnvironmentName, running: &Running, deployed: Option<&Digest>) -> String {
    let runs = running.digest.short();
    match deployed {
        Some(deployed) => format!("{name} runs {runs}, not {}, which is deployed", deployed.short()),
        None => format!("{name} runs {runs}, and nothing was ever deployed there"),
    }
}
