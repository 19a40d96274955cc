//! What deploys in the sample world, and what runs in it.

use std::path::Path;

use futures_util::future::join_all;

use super::{World, WorldError};
use crate::demo::service::{self, Place, Release, Serving};
use crate::domain::Environment;

/// The service of the world's own repository.
const SERVICE: &str = "payment-svc";

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

/// The deployer of the world: it writes down what is deployed to each environment, and has `program` run that of the world's own
/// service.
pub(super) fn script(program: Option<&Path>) -> String {
    let run = program.map_or_else(
        || "echo \"recorded $WINDLASS_DIGEST; nothing runs in this world\"\n".to_owned(),
        |program| {
            format!(
                "if [ \"$WINDLASS_SERVICE\" = {SERVICE} ]; then\n    {} demo-service deploy --folder \"$folder\"\nelse\n    \
                 echo \"recorded $WINDLASS_DIGEST; nothing runs of $WINDLASS_SERVICE in this demo\"\nfi\n",
                in_shell(program)
            )
        },
    );
    format!(
        "#!/bin/sh\n\
         # Deploys in the demo.\n\
         set -eu\n\
         folder=\"$(dirname \"$0\")\"\n\
         mkdir -p \"$folder/deployed\"\n\
         echo \"rolling out $WINDLASS_SERVICE to $WINDLASS_ENVIRONMENT\"\n\
         printf '%s\\n' \"$WINDLASS_IMAGE\" > \"$folder/deployed/$WINDLASS_ENVIRONMENT\"\n\
         {run}"
    )
}

/// The program that says what runs: it has `program` ask for it.
pub(super) fn running_script(program: &Path) -> String {
    format!(
        "#!/bin/sh\n# Says what runs in the demo.\nexec {} demo-service running --folder \"$(dirname \"$0\")\"\n",
        in_shell(program)
    )
}

/// The rest of a deployer's table that lets `script` say what runs.
pub(super) fn running(script: &Path) -> String {
    let script = toml::Value::String(script.display().to_string());
    format!(", running = [\"/bin/sh\", {script}], observe_for = \"20s\"")
}

/// A path as a shell takes it literally.
fn in_shell(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_quote_is_one_word_of_the_shell() {
        assert_eq!(in_shell(Path::new("/a b/c'd")), r"'/a b/c'\''d'");
    }
}
