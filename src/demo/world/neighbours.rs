//! The other repositories of the sample world: three with several services each, so that there is a fleet to look at.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};

use super::World;
use super::error::{WorldError, io_at};
use super::history::Writer;
use super::images::{Materials, Workshop};
use crate::config::Config;
use crate::domain::{CommitSha, NameError, ProjectName};
use crate::engine::{Engine, EngineError};
use crate::fleet::Fleet;
use crate::git::{self, GitRepository};
use crate::project::Project;

/// A repository, and for each of its services how far it has come.
struct Neighbour {
    name: &'static str,
    services: &'static [(&'static str, Reached)],
}

/// How far a service has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Reached {
    /// It was built.
    Dev,
    /// Its second image was released to stage.
    Stage,
    /// Its first image is in prod, and its second one in stage.
    Prod,
    /// Its second image is in prod as well.
    Everywhere,
}

const NEIGHBOURS: [Neighbour; 3] = [
    Neighbour {
        name: "storefront",
        services: &[
            ("web", Reached::Prod),
            ("search", Reached::Everywhere),
            ("basket", Reached::Prod),
            ("checkout", Reached::Stage),
        ],
    },
    Neighbour {
        name: "ledger",
        services: &[
            ("ledger-api", Reached::Everywhere),
            ("statements", Reached::Dev),
            ("reconciliation", Reached::Prod),
        ],
    },
    Neighbour {
        name: "platform",
        services: &[
            ("gateway", Reached::Prod),
            ("identity", Reached::Everywhere),
            ("notifications", Reached::Stage),
            ("audit", Reached::Prod),
        ],
    },
];

/// What each service has got, oldest first: the change, and how many hours ago.
const CHANGES: [(&str, i64); 3] = [
    ("feat({}): begin", 24 * 20),
    ("feat({}): limits for each tenant", 24 * 3),
    ("fix({}): close idle connections", 5),
];
/// The place of a commit among those of the payment service, which decides what its reports find; the newest last.
const LIKE: [usize; 3] = [15, 3, 0];
/// Services that are filled at the same time.
const AT_ONCE: usize = 4;

impl World {
    /// The sample's project and its neighbours as a fleet of 12 services in 4 repositories; the neighbours are built the first
    /// time.
    pub async fn fleet(&self, engine: &Arc<Engine>, now: Timestamp) -> Result<Fleet, WorldError> {
        let mut projects = vec![(name("payments")?, Arc::clone(engine))];
        let folder = self.folder().join("neighbours");
        let built = folder.join("built");
        let is_built = built.is_file();
        for neighbour in &NEIGHBOURS {
            let repository = folder.join(neighbour.name);
            if !is_built {
                import(neighbour, &repository, now).await?;
            }
            self.write_neighbour(neighbour, &repository)?;
            let config = Arc::new(Config::load(&repository.join("windlass.toml"))?);
            let opened = Arc::new(GitRepository::discover(&repository)?);
            let project = Project::new(config, Some(opened), Arc::clone(engine.project().shared()));
            let engine = Engine::new(Arc::new(project)).fetching(Some(self.access));
            projects.push((name(neighbour.name)?, Arc::new(engine)));
        }
        if !is_built {
            self.fill(&projects[1..], now).await?;
            std::fs::write(&built, "").map_err(io_at(&built))?;
        }
        Ok(Fleet::of_projects(projects))
    }

    async fn fill(&self, projects: &[(ProjectName, Arc<Engine>)], now: Timestamp) -> Result<(), WorldError> {
        let materials = Arc::new(Materials::new()?);
        let services = NEIGHBOURS
            .iter()
            .zip(projects)
            .flat_map(|(neighbour, (_, engine))| {
                neighbour.services.iter().map(move |service| (engine, service))
            });
        let filling = services.map(|(engine, (service, reached))| {
            let materials = Arc::clone(&materials);
            async move { self.fill_service(engine, service, *reached, materials, now).await }
        });
        stream::iter(filling.collect::<Vec<_>>())
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        // One after the other: a repository takes one push at a time.
        for (neighbour, (_, engine)) in NEIGHBOURS.iter().zip(projects) {
            for (service, reached) in neighbour.services {
                self.release(engine, service, *reached, &materials, now).await?;
            }
        }
        Ok(())
    }

    async fn fill_service(
        &self,
        engine: &Engine,
        service: &str,
        reached: Reached,
        materials: Arc<Materials>,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let workshop = Workshop::of(engine, name(service)?, materials, now, self.access)?;
        let commits = commits(engine, service)?;
        let mut images = Vec::new();
        for ((commit, (_, hours)), nth) in commits.iter().zip(CHANGES).zip(LIKE) {
            let time = now - SignedDuration::from_hours(hours - 1);
            let (_, image) = workshop.build(nth, commit, time).await?;
            workshop.tag(&image, commit).await?;
            images.push(image);
        }
        if let Some(newest) = images.last() {
            workshop.tag_latest(newest).await?;
        }
        let days = |days: i64| now - SignedDuration::from_hours(24 * days);
        let promotions = [
            (Reached::Prod, 0, "dev", "stage", 19),
            (Reached::Prod, 0, "stage", "prod", 18),
            (Reached::Stage, 1, "dev", "stage", 2),
            (Reached::Everywhere, 1, "stage", "prod", 1),
        ];
        for (least, nth, from, to, ago) in promotions {
            if reached >= least {
                workshop
                    .promote(from, to, &images[nth], &commits[nth], days(ago))
                    .await?;
            }
        }
        Ok(())
    }

    async fn release(
        &self,
        engine: &Engine,
        service: &str,
        reached: Reached,
        materials: &Arc<Materials>,
        now: Timestamp,
    ) -> Result<(), WorldError> {
        let workshop = Workshop::of(engine, name(service)?, Arc::clone(materials), now, self.access)?;
        let commits = commits(engine, service)?;
        for (least, nth, version) in [(Reached::Prod, 0, "1.0.0"), (Reached::Stage, 1, "1.1.0")] {
            if reached >= least {
                let branch = format!("release/{service}-v{version}-sha-{}", commits[nth].short());
                workshop.release(&branch, &commits[nth]).await?;
            }
        }
        Ok(())
    }

    fn write_neighbour(&self, neighbour: &Neighbour, repository: &Path) -> Result<(), WorldError> {
        let environments = self.environments(&format!("{}/", neighbour.name));
        let services: Vec<_> = neighbour
            .services
            .iter()
            .map(|(name, _)| format!("[[service]]\nname = \"{name}\"\npath = \"{name}\"\n\n"))
            .collect();
        let text = format!(
            "# The configuration of a neighbour in the sample world, written anew at each start.\n\n\
             [git]\nrelease_branch = \"release/{{service}}-v{{version}}-sha-{{short}}\"\n\
             hotfix_branch = \"hotfix/{{service}}-v{{version}}\"\nrelease_tag = \"{{service}}-v{{version}}\"\n\n\
             {}{environments}",
            services.concat(),
        );
        let path = repository.join("windlass.toml");
        std::fs::write(&path, text).map_err(io_at(&path))
    }
}

/// Makes the repository of a neighbour, with its bare remote beside it.
async fn import(neighbour: &Neighbour, folder: &Path, now: Timestamp) -> Result<(), WorldError> {
    let stream = history(neighbour, now);
    let origin: PathBuf = folder.with_extension("git");
    for stale in [folder, origin.as_path()] {
        // What stands there is of a building that was broken off.
        if stale.exists() {
            std::fs::remove_dir_all(stale).map_err(io_at(stale))?;
        }
    }
    let at = folder.to_owned();
    let importing = tokio::task::spawn_blocking(move || git::import(&at, &origin, "develop", &stream));
    Ok(importing
        .await
        .map_err(|error| EngineError::Internal(error.to_string()))??)
}

fn history(neighbour: &Neighbour, now: Timestamp) -> Vec<u8> {
    let mut writer = Writer::default();
    let at = |hours: i64| now.as_second() - hours * 3600;
    let readme = format!("# {}\n", neighbour.name);
    let files = [("README.md", readme.as_str()), (".gitignore", "/windlass.toml\n")];
    let root = writer.commit("main", 0, at(24 * 21), "chore: begin", &[], &files);
    let mut head = root;
    for (nth, (subject, hours)) in CHANGES.iter().enumerate() {
        for (author, (service, _)) in neighbour.services.iter().enumerate() {
            let subject = subject.replace("{}", service);
            let path = format!("{service}/change_{nth}.txt");
            // The commits of one change came one after the other.
            let minutes = i64::try_from(author).unwrap_or(0) * 600;
            let time = at(*hours) + minutes;
            head = writer.commit("develop", author, time, &subject, &[head], &[(&path, &subject)]);
        }
    }
    writer.into_stream()
}

/// The commits of a service, oldest first.
fn commits(engine: &Engine, service: &str) -> Result<Vec<CommitSha>, WorldError> {
    let Some(repository) = engine.repository() else {
        return Ok(Vec::new());
    };
    let names = &engine.config().services;
    let count = names.len();
    let place = names
        .iter()
        .position(|known| known.name.as_str() == service)
        .unwrap_or(0);
    (0..CHANGES.len())
        .map(|nth| {
            let behind = count * (CHANGES.len() - nth) - 1 - place;
            Ok(repository.commit(&format!("develop~{behind}"))?.sha)
        })
        .collect()
}

fn name<T: FromStr<Err = NameError>>(text: &str) -> Result<T, WorldError> {
    let named = text.parse();
    Ok(named.map_err(|error: NameError| EngineError::Internal(error.to_string()))?)
}
