//! What is deployed to the environments, as their registries tell it, and what runs there, as their platforms do.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::cell::Cell;
use super::row::{DeployedImage, EnvironmentNow};
use super::source::Source;
use crate::domain::{Digest, Environment, stands_for};
use crate::project::release_names;
use crate::registry::Reader;

impl Source {
    /// What is deployed to each environment and runs there, in the order of the graph.
    pub async fn environments(&self) -> Vec<EnvironmentNow> {
        let releases = self.releases().await;
        let all = self.service.config().graph.all().iter();
        let asking = all.map(|environment| self.environment_now(environment, &releases));
        futures_util::future::join_all(asking).await
    }

    /// The environments before anything is known of them.
    pub fn unknown_environments(&self) -> Vec<EnvironmentNow> {
        let all = self.service.config().graph.all().iter();
        all.map(|environment| EnvironmentNow::unknown(environment.name.clone(), environment.protected))
            .collect()
    }

    /// The releases by the short name of their commit. Branches that cannot be read name no release; that is the
    /// history's to tell.
    async fn releases(&self) -> HashMap<String, String> {
        let (config, repository) = (Arc::clone(self.service.config()), Arc::clone(&self.repository));
        let reading = tokio::task::spawn_blocking(move || release_names(&config, &repository));
        reading.await.unwrap_or_default()
    }

    async fn environment_now(
        &self,
        environment: &Environment,
        releases: &HashMap<String, String>,
    ) -> EnvironmentNow {
        let now = EnvironmentNow::unknown(environment.name.clone(), environment.protected);
        let reader = match self.reader(environment) {
            Ok(reader) => reader,
            Err(why) => return now.failed(&why),
        };
        let (deployed, identities) = self.deployed(&reader, environment, releases).await;
        let running = self.running(environment, &identities).await;
        // Without our record there is nothing that what runs could differ from.
        let drift = if deployed.failure().is_some() {
            Vec::new()
        } else {
            self.drift(
                &reader,
                environment,
                deployed.value(),
                running.value(),
                &identities,
            )
            .await
        };
        EnvironmentNow {
            deployed,
            running,
            drift,
            ..now
        }
    }

    /// What is deployed, and all digests by which a platform may name it.
    async fn deployed(
        &self,
        reader: &Reader,
        environment: &Environment,
        releases: &HashMap<String, String>,
    ) -> (Cell<DeployedImage>, BTreeSet<Digest>) {
        let without = |cell| (cell, BTreeSet::new());
        let current = match self.service.environment(environment).deployed(reader).await {
            Ok(Some(current)) => current,
            Ok(None) => return without(Cell::None("nothing deployed yet".to_owned())),
            Err(error) => return without(Cell::Failed(error.to_string())),
        };
        let (summary, signed, by) = tokio::join!(
            self.summary(reader, &current.digest),
            self.signed(reader, environment, &current.digest),
            reader.deployed_by(&current, &environment.name),
        );
        let summary = match summary {
            Ok(summary) => summary,
            Err(error) => return without(Cell::Failed(error.to_string())),
        };
        let identities = summary.identities(&current.digest);
        let commit = summary.commit();
        let rebuilt = stands_for(&summary.labels);
        let template = &self.service.config().git.image_tag;
        let tag = commit.as_ref().and_then(|commit| match rebuilt {
            Some(_) => template.render_rebuilt(commit),
            None => template.render(commit),
        });
        let stands_for = rebuilt.map(|commit| commit.short().to_owned());
        let short = commit.map(|commit| commit.short().to_owned());
        let deployed = DeployedImage {
            digest: current.digest,
            since: current.since,
            // What is deployed since when is known all the same.
            by: by.ok().flatten(),
            release: stands_for
                .as_ref()
                .or(short.as_ref())
                .and_then(|short| releases.get(short))
                .cloned(),
            short,
            stands_for,
            signed,
            tag,
        };
        (Cell::Ready(deployed), identities)
    }
}
