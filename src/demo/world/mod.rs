//! The sample world: a repository, its remote, two registries with images, reports and signatures, a key, a configuration.
//! Real in every part, so that any other tool can look at it too.

mod building;
mod contents;
mod error;
mod forge;
mod history;
mod images;
mod layers;
mod neighbours;
mod pipeline;
mod reports;
mod scripts;
mod services;

pub use error::WorldError;
pub use pipeline::Pipeline;

use error::io_at;
use images::PASSWORD;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use self::building::Building;
use super::forge::Forge;
use super::registry::{EmbeddedRegistry, Options, Storage};
use super::service::Open;
use crate::config::Config;
use crate::domain::{CommitSha, WriteAccess};
use crate::engine::{Engine, EngineError};
use crate::git::{self, GitRepository};
use crate::project::Project;
use crate::sign::SigningKey;

/// How many of the newest changes are looked at for images.
const CANDIDATES: usize = 48;

/// The sample world, up for as long as this is held.
pub struct World {
    /// Ends what runs in it, before its folder goes.
    _open: Open,
    /// What its services are started with; none where only files tell what is deployed.
    program: Option<PathBuf>,
    /// Where promotions to prod run; none where this machine does that itself.
    forge: Option<Forge>,
    folder: PathBuf,
    /// Removes the folder in the end, where it is a temporary one.
    _temporary: Option<tempfile::TempDir>,
    shared: EmbeddedRegistry,
    production: EmbeddedRegistry,
    access: WriteAccess,
}

/// Where and when the world is.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Keeps the world in this folder; a temporary one is used, and removed, if none is given.
    pub folder: Option<PathBuf>,
    /// The present, from which all ages are counted when it is built.
    pub now: Timestamp,
}

impl World {
    /// Builds the world, or finds it in its folder; one whose building was broken off is built anew.
    pub async fn open(options: WorldOptions, access: WriteAccess) -> Result<Self, WorldError> {
        let temporary = if options.folder.is_none() {
            let made = tempfile::Builder::new().prefix("windlass-demo-").tempdir();
            Some(made.map_err(io_at(Path::new("the temporary folder")))?)
        } else {
            None
        };
        let folder = options
            .folder
            .or_else(|| temporary.as_ref().map(|made| made.path().to_owned()));
        let folder = folder.unwrap_or_default();
        std::fs::create_dir_all(&folder).map_err(io_at(&folder))?;
        let folder = folder.canonicalize().map_err(io_at(&folder))?;
        let building = Building::begin(&folder, options.now)?;
        let keeps = temporary.is_none();
        let shared = registry(&folder, "shared", keeps).await?;
        let production = registry(&folder, "production", keeps).await?;
        let world = Self {
            _open: Open::begin(&folder).map_err(io_at(&folder))?,
            program: None,
            forge: None,
            folder,
            _temporary: temporary,
            shared,
            production,
            access,
        };
        world.write_config()?;
        if let Some(building) = building {
            world.build(options.now, access).await?;
            building.finish(&world.folder)?;
        }
        Ok(world)
    }

    /// Has the world in `folder` built anew when it is opened next, if there is one; says whether there is.
    ///
    /// # Errors
    /// When the folder cannot be changed.
    pub fn discard(folder: &Path, _access: WriteAccess) -> Result<bool, WorldError> {
        building::discard(folder)
    }

    /// Ends the registries, and waits until their ports and folders are free again.
    pub async fn close(self) {
        self.shared.shutdown().await;
        self.production.shutdown().await;
    }

    /// The folder of it all.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the repository, with its windlass.toml.
    pub fn repository(&self) -> PathBuf {
        self.folder.join("payment-svc")
    }

    /// The registry of dev and stage.
    pub const fn shared(&self) -> &EmbeddedRegistry {
        &self.shared
    }

    /// The registry of dev and stage, `127.0.0.1:PORT`.
    pub fn shared_host(&self) -> String {
        self.shared.host()
    }

    /// The registry of prod.
    pub fn production_host(&self) -> String {
        self.production.host()
    }

    /// An engine on this world, with journals and locks in its own folder.
    pub fn engine(&self) -> Result<Arc<Engine>, WorldError> {
        let config = Arc::new(Config::load(&self.repository().join("windlass.toml"))?);
        let repository = Arc::new(GitRepository::discover(&self.repository())?);
        let project = Project::alone(config, Some(repository), self.folder.join("state"))?;
        Ok(Arc::new(Engine::new(project).fetching(Some(self.access))))
    }

    async fn build(&self, now: Timestamp, access: WriteAccess) -> Result<(), WorldError> {
        let past = history::past(now);
        let (repository, origin) = (self.repository(), self.folder.join("origin.git"));
        let stream = past.stream;
        let (at, bare) = (repository.clone(), origin);
        let importing = tokio::task::spawn_blocking(move || git::import(&at, &bare, "develop", &stream));
        importing
            .await
            .map_err(|error| EngineError::Internal(error.to_string()))??;
        self.write_key()?;
        let engine = self.engine()?;
        let commits = candidates(&engine)?;
        images::fill(&engine, &commits, &past.times, now, access).await
    }

    fn write_key(&self) -> Result<(), WorldError> {
        let folder = self.folder.join("keys");
        std::fs::create_dir_all(&folder).map_err(io_at(&folder))?;
        let pair = SigningKey::generate(&SecretString::from(PASSWORD))?;
        for (name, text) in [
            ("cosign.key", &pair.private_pem),
            ("cosign.pub", &pair.public_pem),
            ("password", &PASSWORD.to_owned()),
        ] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(io_at(&path))?;
        }
        Ok(())
    }

    /// Written at each start, because the ports may be others than last time.
    fn write_config(&self) -> Result<(), WorldError> {
        let repository = self.repository();
        let deploy = self.folder.join("deploy.sh");
        let text = format!(
            "# The configuration of the sample world, written anew at each start.\n\n\
             {}[[service]]\nname = \"payment-svc\"\npath = \".\"\n\n{}",
            self.forge_settings(),
            self.environments("")
        );
        // Before the world is built there is no repository to put it in; git will not mind the file being there first.
        std::fs::create_dir_all(&repository).map_err(io_at(&repository))?;
        let path = repository.join("windlass.toml");
        std::fs::write(&path, text).map_err(io_at(&path))?;
        std::fs::write(&deploy, scripts::deploy(self.program.as_deref())).map_err(io_at(&deploy))?;
        if let Some(program) = &self.program {
            let running = self.folder.join("running.sh");
            std::fs::write(&running, scripts::running_script(program)).map_err(io_at(&running))?;
        }
        Ok(())
    }

    /// The environments of a windlass.toml whose images are below `folder` in the registries.
    fn environments(&self, folder: &str) -> String {
        let keys = self.folder.join("keys");
        // As its repository sees it: a plan shows no longer path than a person would write.
        let here = Path::new(if folder.is_empty() { ".." } else { "../.." });
        let deploy = here.join("deploy.sh");
        // Of the other repositories nothing runs, so that the demo stays small.
        let running = match &self.program {
            Some(_) if folder.is_empty() => scripts::running(&here.join("running.sh")),
            _ => String::new(),
        };
        let runner = match &self.forge {
            Some(_) if folder.is_empty() => "runner = \"github\"\n",
            _ => "",
        };
        let quoted = |path: &Path| toml::Value::String(path.to_string_lossy().into_owned()).to_string();
        format!(
            "[[environment]]\nname = \"dev\"\nimage = \"{shared}/{folder}dev/{{service}}\"\n\n\
             [[environment]]\nname = \"stage\"\nfrom = \"dev\"\nimage = \"{shared}/{folder}stage/{{service}}\"\n\
             gate.scan = {{ fail_on = {{ critical = 0, high = 0 }}, fixable_only = true, max_age = \"24h\" }}\n\
             deploy = {{ kind = \"command\", program = \"/bin/sh\", args = [{deploy}]{running} }}\n\n\
             [[environment]]\nname = \"prod\"\nfrom = \"stage\"\nimage = \"{production}/{folder}{{service}}\"\nprotected = true\n{runner}\
             hotfix = {{ from = \"dev\" }}\n\
             gate.scan = {{ fail_on = {{ critical = 0, high = 0 }}, fixable_only = true, max_age = \"24h\" }}\n\
             sign = {{ key = {key}, password_file = {password} }}\n\
             deploy = {{ kind = \"command\", program = \"/bin/sh\", args = [{deploy}]{running} }}\n",
            shared = self.shared.host(),
            production = self.production.host(),
            deploy = quoted(&deploy),
            key = quoted(&keys.join("cosign.key")),
            password = quoted(&keys.join("password")),
        )
    }
}

/// The changes of develop, newest first: the commits of its first line only, as builds see them.
fn candidates(engine: &Engine) -> Result<Vec<CommitSha>, WorldError> {
    let Some(repository) = engine.repository() else {
        return Ok(Vec::new());
    };
    (0..CANDIDATES)
        .map(|nth| Ok(repository.commit(&format!("develop~{nth}"))?.sha))
        .collect()
}

/// A registry of the world: on the port it had last time, if that is free, so that references stay good.
async fn registry(folder: &Path, name: &str, keeps: bool) -> Result<EmbeddedRegistry, WorldError> {
    let place = folder.join("registries").join(name);
    if !keeps {
        let started = EmbeddedRegistry::start(Options::default()).await;
        return started.map_err(io_at(&place));
    }
    let noted = folder.join(format!("{name}.port"));
    let port = std::fs::read_to_string(&noted)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0);
    std::fs::create_dir_all(&place).map_err(io_at(&place))?;
    let options = |port| Options {
        storage: Storage::Disk(place.clone()),
        port,
        ..Options::default()
    };
    let started = match EmbeddedRegistry::start(options(port)).await {
        Err(error) if port != 0 && error.kind() == std::io::ErrorKind::AddrInUse => {
            EmbeddedRegistry::start(options(0)).await
        }
        started => started,
    };
    let registry = started.map_err(io_at(&place))?;
    let host = registry.host();
    let port = host.rsplit(':').next().unwrap_or_default();
    std::fs::write(&noted, port).map_err(io_at(&noted))?;
    Ok(registry)
}
