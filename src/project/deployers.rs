//! What deploys a service to an environment, and what says what runs there.

use std::collections::BTreeSet;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::service::ServiceEnvironment;
use crate::config::Config;
use crate::deploy::{Deployer, DeployerContext, GitHubAccess, Probe, Subject};
use crate::domain::{Digest, EnvironmentName, Observed, Running};

/// The deployers of `environment`, in the order in which they deploy, of a repository at `root`, which keep what they fetched
/// in `cache`.
pub fn deployers(
    config: &Config,
    environment: &EnvironmentName,
    root: Option<&Path>,
    cache: &Path,
) -> Vec<Deployer> {
    let settings = config.environments.get(environment);
    let all = settings.into_iter().flat_map(|settings| &settings.deploy);
    let context = DeployerContext {
        folder: config.folder(),
        root: root.unwrap_or_else(|| config.folder()),
        cache,
        // The repository of configuration is another one than that of the service.
        github: GitHubAccess {
            api: config.github.api.clone(),
            repository: None,
            token_file: config.github.token_file.clone(),
            app: config.github.app.clone(),
        },
    };
    all.map(|settings| Deployer::new(settings, &context)).collect()
}

impl ServiceEnvironment<'_> {
    /// What deploys here, in this order.
    pub fn deployers(self) -> Vec<Deployer> {
        let project = self.service().project();
        let root = project.repository().map(|repository| repository.root());
        deployers(project.config(), self.name(), root, project.shared().cache())
    }

    /// Whether something here can observe what runs.
    pub fn observes(self) -> bool {
        self.deployers().iter().any(Deployer::observes)
    }

    /// What is checked here after a deployment, in this order.
    pub fn probes(self) -> Vec<Probe> {
        let config = self.service().project().config();
        let settings = config.environments.get(self.name());
        let all = settings.into_iter().flat_map(|settings| &settings.after);
        all.map(|settings| Probe {
            settings: settings.clone(),
            folder: config.folder().to_owned(),
        })
        .collect()
    }

    /// Whose deployment here is spoken of.
    pub fn subject(self) -> Subject {
        Subject {
            service: self.service().name().clone(),
            environment: self.name().clone(),
        }
    }

    /// What runs here, by the platform's word; none if nothing here can observe it. Where several platforms answer, the first
    /// counts that does not know, and then the first that runs none of `deployed`, the digests of what is deployed. A file that
    /// nobody has trusted names no program that counts.
    pub async fn running(self, deployed: &BTreeSet<Digest>, cancel: &CancellationToken) -> Option<Observed> {
        merged(self.running_each(deployed, cancel).await, deployed)
    }

    /// The same by the word of each platform that can be observed.
    pub async fn running_each(
        self,
        deployed: &BTreeSet<Digest>,
        cancel: &CancellationToken,
    ) -> Vec<Observed> {
        let deployers = self.deployers();
        if !deployers.iter().any(Deployer::observes) {
            return Vec::new();
        }
        if !self.service().config().is_trusted() {
            let why = "windlass.toml is not trusted: run `windlass trust`";
            return vec![Observed::Unknown(why.to_owned())];
        }
        let subject = self.subject();
        let asking = deployers
            .iter()
            .map(|deployer| deployer.running(&subject, deployed, cancel));
        let answers = futures_util::future::join_all(asking).await;
        answers.into_iter().flatten().collect()
    }
}

/// One answer of several: the one that matters most.
fn merged(answers: impl IntoIterator<Item = Observed>, deployed: &BTreeSet<Digest>) -> Option<Observed> {
    let rank = |answer: &Observed| match answer {
        Observed::Unknown(_) => 0,
        Observed::Running(running) if !running.is(deployed) => 1,
        Observed::Running(Running {
            healthy: Some(false), ..
        }) => 2,
        Observed::Running(_) => 3,
    };
    // Of equals the first.
    answers.into_iter().min_by_key(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_platforms_the_one_that_does_not_know_counts_then_the_one_that_runs_something_else() {
        let running = |name: &str, healthy| {
            Observed::Running(Running {
                digest: Digest::of(name.as_bytes()),
                since: None,
                healthy,
                note: None,
            })
        };
        let deployed = BTreeSet::from([Digest::of(b"new")]);
        let unknown = Observed::Unknown("no answer".to_owned());
        let (new, old, unwell) = (
            running("new", None),
            running("old", None),
            running("new", Some(false)),
        );
        let merge = |list: &[&Observed]| merged(list.iter().copied().cloned(), &deployed).unwrap();
        assert_eq!(merge(&[&new, &old, &unknown]), unknown);
        assert_eq!(merge(&[&new, &old, &unwell]), old);
        assert_eq!(merge(&[&new, &unwell]), unwell);
        assert_eq!(merge(&[&new]), new);
        assert_eq!(merged([], &deployed), None);
    }
}
