//! What is deployed to the environments, as their registries tell it.

use std::collections::HashMap;
use std::sync::Arc;

use super::cell::Cell;
use super::row::{DeployedImage, EnvironmentNow};
use super::source::Source;
use crate::config::Config;
use crate::domain::{BranchTemplate, Environment, stands_for};
use crate::git::GitRepository;

impl Source {
    /// What is deployed to each environment, in the order of the graph.
    pub async fn environments(&self) -> Vec<EnvironmentNow> {
        let releases = self.releases().await;
        let asking = self.service.config().graph.all().iter().map(|environment| async {
            EnvironmentNow {
                environment: environment.name.clone(),
                protected: environment.protected,
                deployed: self.deployed(environment, &releases).await,
            }
        });
        futures_util::future::join_all(asking).await
    }

    /// The environments before anything is known of them.
    pub fn unknown_environments(&self) -> Vec<EnvironmentNow> {
        let all = self.service.config().graph.all().iter();
        all.map(|environment| EnvironmentNow {
            environment: environment.name.clone(),
            protected: environment.protected,
            deployed: Cell::Loading,
        })
        .collect()
    }

    /// The releases by the short name of their commit. Branches that cannot be read name no release; that is the
    /// history's to tell.
    async fn releases(&self) -> HashMap<String, String> {
        let (config, repository) = (Arc::clone(self.service.config()), Arc::clone(&self.repository));
        let reading = tokio::task::spawn_blocking(move || releases(&config, &repository));
        reading.await.unwrap_or_default()
    }

    async fn deployed(
        &self,
        environment: &Environment,
        releases: &HashMap<String, String>,
    ) -> Cell<DeployedImage> {
        let reader = match self.reader(environment) {
            Ok(reader) => reader,
            Err(why) => return Cell::Failed(why),
        };
        let deployed = match reader.deployed(environment.from.is_empty()).await {
            Ok(Some(deployed)) => deployed,
            Ok(None) => return Cell::None("nothing deployed yet".to_owned()),
            Err(error) => return Cell::Failed(error.to_string()),
        };
        let (summary, signed) = tokio::join!(
            self.summary(&reader, &deployed.digest),
            self.signed(&reader, environment, &deployed.digest),
        );
        let summary = match summary {
            Ok(summary) => summary,
            Err(error) => return Cell::Failed(error.to_string()),
        };
        let stands_for = stands_for(&summary.labels).map(|commit| commit.short().to_owned());
        let short = summary.commit().map(|commit| commit.short().to_owned());
        Cell::Ready(DeployedImage {
            digest: deployed.digest,
            since: deployed.since,
            release: stands_for
                .as_ref()
                .or(short.as_ref())
                .and_then(|short| releases.get(short))
                .cloned(),
            short,
            stands_for,
            signed,
        })
    }
}

/// By the release branches that the template reads back: `v1.4.0`, or the branch where its name has no version; both the
/// commit in its name and the one that it is at, which has its fixes, belong to it. Of several versions of a commit the
/// highest counts. A hotfix counts where no release has the commit: one that was only begun has none of its own.
fn releases(config: &Config, repository: &GitRepository) -> HashMap<String, String> {
    let branches = repository.branches(&config.git.remote).unwrap_or_default();
    let of = |template: &BranchTemplate| {
        let mut found: Vec<_> = branches
            .iter()
            .filter_map(|(name, head)| {
                let values = template.parse_back(name)?;
                let release = values
                    .version
                    .as_ref()
                    .map_or_else(|| name.clone(), |version| values.padding.name(version));
                let commits = values.short.into_iter().chain([head.short().to_owned()]);
                Some(commits.map(move |short| (values.version.clone(), short, release.clone())))
            })
            .flatten()
            .collect();
        found.sort();
        found.into_iter().map(|(_, short, release)| (short, release))
    };
    let mut all: HashMap<_, _> = of(&config.git.release_branch).collect();
    for (short, hotfix) in of(&config.git.hotfix_branch) {
        all.entry(short).or_insert(hotfix);
    }
    all
}
