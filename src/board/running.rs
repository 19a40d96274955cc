//! What runs in an environment by the word of its platform, and how that differs from what is deployed.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::cell::Cell;
use super::row::DeployedImage;
use super::source::Source;
use crate::domain::{Digest, Drift, Environment, Observed, Running, Target};
use crate::registry::Reader;

impl Source {
    /// What runs, where something can observe it.
    pub(super) async fn running(
        &self,
        environment: &Environment,
        identities: &BTreeSet<Digest>,
    ) -> Cell<Running> {
        let there = self.service.environment(environment);
        match there.running(identities, &CancellationToken::new()).await {
            None => Cell::None("not observed".to_owned()),
            Some(Observed::Running(running)) => Cell::Ready(running),
            Some(Observed::Unknown(why)) => Cell::Failed(why),
        }
    }

    /// How what runs, the tag and the signature differ from what is deployed. What cannot be found out is no drift: the cells
    /// of an environment say what failed.
    pub(super) async fn drift(
        &self,
        reader: &Reader,
        environment: &Environment,
        deployed: Option<&DeployedImage>,
        running: Option<&Running>,
        identities: &BTreeSet<Digest>,
    ) -> Vec<Drift> {
        let other = running.filter(|running| !running.is(identities));
        let runs = async {
            let running = &other?.digest;
            let deployed = deployed.map(|deployed| deployed.digest.clone());
            let was_deployed = self.images.deployed_as(reader, running).await;
            let was_deployed = was_deployed.ok().flatten().is_some();
            Some(match deployed {
                Some(deployed) if was_deployed => Drift::Earlier {
                    running: running.clone(),
                    deployed,
                },
                deployed => Drift::NeverDeployed {
                    running: running.clone(),
                    deployed,
                },
            })
        };
        let tag = async {
            // Builds push to an entrance: there a tag that moves is the board's to tell.
            let deployed = deployed.filter(|_| !environment.from.is_empty())?;
            let tag = deployed.tag.clone()?;
            let found = reader.resolve(&Target::Tag(tag.clone())).await.ok()??;
            (found.digest != deployed.digest).then(|| Drift::TagMoved {
                tag: tag.to_string(),
                deployed: deployed.digest.clone(),
                found: found.digest,
            })
        };
        let (runs, tag) = tokio::join!(runs, tag);
        let signature = deployed
            .filter(|deployed| deployed.signed == Cell::Ready(false))
            .map(|deployed| Drift::SignatureMissing {
                deployed: deployed.digest.clone(),
            });
        [runs, tag, signature].into_iter().flatten().collect()
    }
}
