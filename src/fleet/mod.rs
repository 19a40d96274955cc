//! Several projects, seen together: opened side by side, with one set of registries, so that one budget for a host governs
//! all of them. A project that cannot be opened says why, and the others work.

mod error;
mod mirror;
mod open;
mod status;
mod words;

use std::sync::Arc;

use crate::domain::{ProjectName, ServiceId};
use crate::engine::Engine;
use crate::project::Service;

pub use error::FleetError;
pub use open::{FleetFolders, TrustOf};
pub use status::{Outstanding, ServiceStatus};
pub use words::{columns, deployed, outstanding};

/// Several projects.
pub struct Fleet {
    members: Vec<Member>,
}

/// A project of a fleet.
pub struct Member {
    /// Its name.
    pub name: ProjectName,
    /// The project, opened, or why it could not be.
    pub engine: Result<Arc<Engine>, FleetError>,
    /// Why what is shown is what was last fetched, where the remote of a mirror did not answer.
    pub stale: Option<String>,
}

/// A service of a fleet.
#[derive(Clone)]
pub struct FleetService {
    /// The name of its project in the fleet.
    pub project: ProjectName,
    /// The engine of its project.
    pub engine: Arc<Engine>,
    /// The service.
    pub service: Service,
}

impl FleetService {
    /// What tells it apart from all others.
    pub fn id(&self) -> ServiceId {
        self.service.id()
    }
}

impl Fleet {
    /// The projects, in the order of fleet.toml.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// A fleet of projects that are open already, each with its name.
    pub fn of_projects(projects: impl IntoIterator<Item = (ProjectName, Arc<Engine>)>) -> Self {
        let members = projects.into_iter().map(|(name, engine)| Member {
            name,
            engine: Ok(engine),
            stale: None,
        });
        Self {
            members: members.collect(),
        }
    }

    /// Every service of every project that could be opened, in the order of the files.
    pub fn services(&self) -> Vec<FleetService> {
        let opened = self
            .members
            .iter()
            .filter_map(|member| Some((member, member.engine.as_ref().ok()?)));
        opened
            .flat_map(|(member, engine)| {
                engine.project().services().map(move |service| FleetService {
                    project: member.name.clone(),
                    engine: Arc::clone(engine),
                    service,
                })
            })
            .collect()
    }
}
