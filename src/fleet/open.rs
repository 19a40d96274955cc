//! Opening a fleet: configurations first, then the registries that they describe together, then the projects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;

use super::error::FleetError;
use super::mirror::{self, Mirror};
use super::{Fleet, Member};
use crate::config::{
    Config, FILE_NAME, FleetConfig, FleetProject, ProjectSource, ScannerSettings, Trust, UserFile,
};
use crate::domain::{HostSettings, ProjectName, WriteAccess};
use crate::engine::Engine;
use crate::git::GitRepository;
use crate::project::{Project, Shared};

/// Mirrors that are fetched at once.
const FETCHED_AT_ONCE: usize = 6;

/// Who vouches for the configuration file at a path.
pub type TrustOf<'t> = dyn Fn(&Path) -> Trust + Sync + 't;

/// The folders of the user that a fleet writes to.
#[derive(Debug, Clone)]
pub struct FleetFolders {
    /// Journals, locks and trust: [`crate::state::folder_of_user`] as a rule.
    pub state: PathBuf,
    /// Mirrors: [`crate::state::cache_of_user`] as a rule.
    pub cache: PathBuf,
}

/// A project whose configuration was read.
struct Read {
    config: Config,
    repository: GitRepository,
    stale: Option<String>,
}

impl Fleet {
    /// Opens all projects of `fleet`; mirrors are fetched, several at once.
    ///
    /// # Errors
    /// When the client of the registries cannot be set up. What is wrong with one project stays with that project.
    pub async fn open(
        fleet: &FleetConfig,
        folders: FleetFolders,
        user: Option<&UserFile>,
        trust: &TrustOf<'_>,
        access: Option<WriteAccess>,
    ) -> Result<Self, FleetError> {
        let reading = fleet
            .projects
            .iter()
            .map(|project| read(project, &folders.cache, user, trust));
        let read: Vec<_> = futures_util::stream::iter(reading)
            .buffered(FETCHED_AT_ONCE)
            .collect()
            .await;
        let mut hosts = Hosts::new(&fleet.registries);
        let mut opened = Vec::new();
        for (project, read) in fleet.projects.iter().zip(read) {
            let read = read.and_then(|read| {
                hosts.add(&project.name, &read.config.registries)?;
                Ok(read)
            });
            opened.push((project.name.clone(), read));
        }
        let shared = Arc::new(Shared::of_hosts(hosts.settings, folders.state)?);
        let mut members: Vec<Member> = Vec::new();
        for (name, read) in opened {
            let stale = read.as_ref().ok().and_then(|read| read.stale.clone());
            let engine = read.and_then(|read| {
                let engine = engine(read, fleet.scanner.as_ref(), &shared, access);
                unlike(&members, &name, engine)
            });
            members.push(Member { name, engine, stale });
        }
        Ok(Self { members })
    }
}

async fn read(
    project: &FleetProject,
    cache: &Path,
    user: Option<&UserFile>,
    trust: &TrustOf<'_>,
) -> Result<Read, FleetError> {
    match &project.source {
        ProjectSource::Folder(folder) => {
            if !folder.is_dir() {
                return Err(FleetError::Missing(folder.clone()));
            }
            let path = folder.join(FILE_NAME);
            if !path.is_file() {
                return Err(FleetError::NoProject(folder.clone()));
            }
            Ok(Read {
                config: Config::open(&path, user, &trust(&path))?,
                repository: GitRepository::discover(folder)?,
                stale: None,
            })
        }
        ProjectSource::Remote { address, file } => {
            let mirror = mirror::open(cache, address, file).await?;
            let config = Config::open(&mirror.config, user, &trust(&mirror.config))?;
            mirror::export(&mirror, &config)?;
            let Mirror {
                repository, stale, ..
            } = mirror;
            Ok(Read {
                config,
                repository,
                stale,
            })
        }
    }
}

fn engine(
    read: Read,
    scanner: Option<&ScannerSettings>,
    shared: &Arc<Shared>,
    access: Option<WriteAccess>,
) -> Arc<Engine> {
    let mut config = read.config;
    if let Some(scanner) = scanner {
        // Waivers and VEX documents are statements about one project.
        config.scanner = ScannerSettings {
            waivers: config.scanner.waivers,
            vex: config.scanner.vex,
            ..scanner.clone()
        };
    }
    let project = Project::new(
        Arc::new(config),
        Some(Arc::new(read.repository)),
        Arc::clone(shared),
    );
    Arc::new(Engine::new(Arc::new(project)).fetching(access))
}

/// Refuses a project that is there already, by its name or as itself.
fn unlike(members: &[Member], name: &ProjectName, engine: Arc<Engine>) -> Result<Arc<Engine>, FleetError> {
    if members.iter().any(|member| member.name == *name) {
        return Err(FleetError::SameName(name.clone()));
    }
    let same = members.iter().find(|member| {
        let other = member.engine.as_ref();
        other.is_ok_and(|other| other.project().id() == engine.project().id())
    });
    match same {
        Some(same) => Err(FleetError::SameProject(same.name.clone())),
        None => Ok(engine),
    }
}

/// The settings of all hosts: those of fleet.toml first, then those of the projects, which must agree.
struct Hosts {
    settings: BTreeMap<String, HostSettings>,
    /// Which project described a host; none for those of fleet.toml.
    from: BTreeMap<String, ProjectName>,
}

impl Hosts {
    fn new(of_fleet: &BTreeMap<String, HostSettings>) -> Self {
        Self {
            settings: of_fleet.clone(),
            from: BTreeMap::new(),
        }
    }

    fn add(
        &mut self,
        name: &ProjectName,
        of_project: &BTreeMap<String, HostSettings>,
    ) -> Result<(), FleetError> {
        for (host, settings) in of_project {
            let differs = self.settings.get(host).is_some_and(|known| known != settings);
            if let Some(other) = self.from.get(host).filter(|_| differs) {
                return Err(FleetError::Registry {
                    host: host.clone(),
                    other: other.clone(),
                });
            }
        }
        for (host, settings) in of_project {
            if !self.settings.contains_key(host) {
                self.settings.insert(host.clone(), settings.clone());
                self.from.insert(host.clone(), name.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(concurrency: usize) -> BTreeMap<String, HostSettings> {
        let settings = HostSettings {
            concurrency: Some(concurrency),
            ..HostSettings::default()
        };
        BTreeMap::from([("registry.example.com".to_owned(), settings)])
    }

    #[test]
    fn projects_must_agree_on_a_registry_unless_the_fleet_decides() {
        let (one, other): (ProjectName, ProjectName) = ("one".parse().unwrap(), "other".parse().unwrap());
        let mut hosts = Hosts::new(&BTreeMap::new());
        hosts.add(&one, &host(2)).unwrap();
        hosts.add(&other, &host(2)).unwrap();
        let error = hosts.add(&other, &host(3)).unwrap_err().to_string();
        assert_eq!(
            error,
            "its settings of the registry registry.example.com differ from those of `one`"
        );
        let mut hosts = Hosts::new(&host(9));
        hosts.add(&one, &host(2)).unwrap();
        hosts.add(&other, &host(3)).unwrap();
        assert_eq!(hosts.settings, host(9));
    }
}
