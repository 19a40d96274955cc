//! Handles: a service of a project, and that service in one environment.

use std::fmt;
use std::sync::Arc;

use super::opened::Project;
use crate::config::Config;
use crate::domain::{
    Environment, EnvironmentName, ImageError, Repository, ServiceId, ServiceName, WriteAccess,
};
use crate::registry::{CurrentDeployment, Reader, Registries, RegistryError, Writer};

/// A service of a project. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    project: Arc<Project>,
    name: ServiceName,
}

impl Project {
    /// The handle of a service; none if windlass.toml has none of that name.
    pub fn service(self: &Arc<Self>, name: &ServiceName) -> Option<Service> {
        self.config().service(name)?;
        Some(Service::new(Arc::clone(self), name.clone()))
    }

    /// The handles of its services, in the order of windlass.toml.
    pub fn services(self: &Arc<Self>) -> impl Iterator<Item = Service> {
        let names = self.config().services.iter();
        names.map(|service| Service::new(Arc::clone(self), service.name.clone()))
    }
}

impl Service {
    const fn new(project: Arc<Project>, name: ServiceName) -> Self {
        Self { project, name }
    }

    /// Its project.
    pub const fn project(&self) -> &Arc<Project> {
        &self.project
    }

    /// Its name in its project.
    pub const fn name(&self) -> &ServiceName {
        &self.name
    }

    /// What tells it apart from the services of all projects.
    pub fn id(&self) -> ServiceId {
        ServiceId {
            project: self.project.id().clone(),
            service: self.name.clone(),
        }
    }

    /// The configuration of its project.
    pub fn config(&self) -> &Arc<Config> {
        self.project.config()
    }

    /// The registries.
    pub fn registries(&self) -> &Registries {
        self.project.registries()
    }

    /// The service in an environment of its project.
    pub const fn environment<'s>(&'s self, environment: &'s Environment) -> ServiceEnvironment<'s> {
        ServiceEnvironment {
            service: self,
            environment,
        }
    }

    /// The service in each environment, in the order of the graph.
    pub fn environments(&self) -> impl Iterator<Item = ServiceEnvironment<'_>> {
        let environments = self.config().graph.all().iter();
        environments.map(|environment| self.environment(environment))
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({} of {:?})", self.name, self.project.id())
    }
}

/// A service in one environment: where its images are, and what the environment requires.
#[derive(Clone, Copy)]
pub struct ServiceEnvironment<'s> {
    service: &'s Service,
    environment: &'s Environment,
}

impl<'s> ServiceEnvironment<'s> {
    /// The service.
    pub const fn service(self) -> &'s Service {
        self.service
    }

    /// The environment.
    pub const fn environment(self) -> &'s Environment {
        self.environment
    }

    /// The name of the environment.
    pub const fn name(self) -> &'s EnvironmentName {
        &self.environment.name
    }

    /// Where its images are.
    ///
    /// # Errors
    /// When the template of the environment makes no image name of this service.
    pub fn repository(self) -> Result<Repository, ImageError> {
        self.environment.image.repository(&self.service.name)
    }

    /// What is deployed here, as `reader`, which reads where its images are, finds it.
    ///
    /// # Errors
    /// When the registry does not say.
    pub async fn deployed(self, reader: &Reader) -> Result<Option<CurrentDeployment>, RegistryError> {
        reader.deployed(self.environment.from.is_empty()).await
    }

    /// Writes where its images are.
    ///
    /// # Errors
    /// As [`Self::repository`].
    pub fn writer(self, access: WriteAccess) -> Result<Writer, ImageError> {
        Ok(self.service.registries().writer(&self.repository()?, access))
    }

    /// Reads where its images are.
    ///
    /// # Errors
    /// As [`Self::repository`].
    pub fn reader(self) -> Result<Reader, ImageError> {
        Ok(self.service.registries().reader(&self.repository()?))
    }
}
