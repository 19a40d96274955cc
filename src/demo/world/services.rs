//! What deploys in the sample world, and what runs in it.

use std::path::Path;

use futures_util::future::join_all;

use super::scripts::SERVICE;
use super::{World, WorldError};
use crate::demo::service::{self, Place, Release, Serving};
use crate::domain::Environment;

impl World {
    /// Has `program`, windlass itself, run what is deployed in each environment that is deployed to, and deploy from now on.
    ///
    /// # Errors
    /// When the configuration cannot be written anew, or what is deployed cannot be started.
    pub async fn run_services(&mut self, program: &Path) -> Result<(), WorldError> {
        self.program = Some(program.to_owned());
        self.write_config()?;
        let world = &*self;
        let engine = world.engine()?;
        let name = SERVICE.parse()?;
        let Some(payment) = engine.project().service(&name) else {
            return Ok(());
        };
        let starting = payment
            .environments()
            .filter(|there| there.observes())
            .map(|there| async move {
                let reader = there.reader()?;
                let Some(deployed) = reader.deployed(false).await? else {
                    return Ok(());
                };
                let release = Release {
                    image: reader.repository().at(deployed.digest.clone()),
                    digest: deployed.digest,
                };
                service::deploy(&world.place(there.environment())?, &release, program).await?;
                Ok::<_, WorldError>(())
            });
        join_all(starting).await.into_iter().collect()
    }

    /// What runs, in the order of its environments.
    pub async fn services(&self) -> Vec<Serving> {
        let mut all = Vec::new();
        let Ok(engine) = self.engine() else { return all };
        for environment in engine.config().graph.all() {
            if let Ok(place) = self.place(environment)
                && let Ok(serving) = service::running(&place).await
            {
                all.push(serving);
            }
        }
        all
    }

    fn place(&self, environment: &Environment) -> Result<Place, WorldError> {
        Ok(Place {
            folder: self.folder.clone(),
            service: SERVICE.parse()?,
            environment: environment.name.clone(),
        })
    }
}
