//! What is deployed of a service, environment by environment, and what is outstanding.

use std::sync::Arc;

use serde::Serialize;

use super::FleetService;
use crate::board::{Cell, EnvironmentNow, Source};
use crate::domain::{ProjectName, Release, ServiceName};
use crate::engine::{Depth, Releases};

/// A service in all environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceStatus {
    /// Its project, as the fleet calls it.
    pub project: ProjectName,
    /// The service.
    pub service: ServiceName,
    /// What is deployed in each environment, in the order of the graph.
    pub environments: Vec<EnvironmentNow>,
    /// What is outstanding.
    pub outstanding: Cell<Outstanding>,
}

/// Work that is left to do on releases and hotfixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Outstanding {
    /// How many releases and hotfixes are open.
    pub open: usize,
    /// How many merges, tags and reviews are outstanding now.
    pub work: usize,
    /// How many of them could not be determined.
    pub unknown: usize,
}

impl ServiceStatus {
    /// Why something of it is unknown: each reason with what it is about.
    pub fn unknown(&self) -> Vec<(String, String)> {
        let environments = self.environments.iter().filter_map(|there| {
            let why = there.failure()?;
            Some((there.environment.to_string(), why.to_owned()))
        });
        let outstanding = self.outstanding.failure();
        let outstanding = outstanding.map(|why| ("outstanding work".to_owned(), why.to_owned()));
        environments.chain(outstanding).collect()
    }
}

impl FleetService {
    /// Its status before anything is known.
    pub fn unknown_status(&self) -> ServiceStatus {
        let environments = self
            .service
            .environments()
            .map(|there| EnvironmentNow::unknown(there.name().clone(), there.environment().protected));
        ServiceStatus {
            project: self.project.clone(),
            service: self.service.name().clone(),
            environments: environments.collect(),
            outstanding: Cell::Loading,
        }
    }

    /// Finds out its status, telling it when the environments are known and again at the end. Returns the last state.
    pub async fn status(&self, tell: &(dyn Fn(&ServiceStatus) + Send + Sync)) -> ServiceStatus {
        let mut status = self.unknown_status();
        let Some(repository) = self.engine.repository() else {
            let why = "there is no git repository".to_owned();
            let environments = status.environments.into_iter();
            status.environments = environments.map(|there| there.failed(&why)).collect();
            status.outstanding = Cell::Failed(why);
            tell(&status);
            return status;
        };
        let source = Source::new(self.service.clone(), Arc::clone(repository));
        status.environments = source.environments().await;
        tell(&status);
        status.outstanding = match self.engine.releases(&self.service, Depth::Recent).await {
            Ok(releases) => {
                let outstanding = Outstanding::of(&releases);
                match releases.stale {
                    Some(_) => Cell::Stale(outstanding),
                    None => Cell::Ready(outstanding),
                }
            }
            Err(error) => Cell::Failed(error.to_string()),
        };
        tell(&status);
        status
    }
}

impl Outstanding {
    fn of(releases: &Releases) -> Self {
        let at_work = || releases.list.iter().filter(|release| release.is_at_work());
        let unknown = at_work().flat_map(|release| &release.debts);
        Self {
            open: at_work().count(),
            work: at_work().flat_map(Release::open_debts).count(),
            unknown: unknown.filter(|debt| debt.state.is_unknown()).count(),
        }
    }
}
