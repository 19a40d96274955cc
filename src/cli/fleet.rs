//! `windlass fleet`: every service of several projects in every environment.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde::Serialize;

use super::failure::Failure;
use super::global::Global;
use super::{Output, table, world};
use crate::config::{FLEET_FILE_NAME, FleetConfig, UserFile};
use crate::domain::{EnvironmentName, Exit, ProjectName, WriteAccess};
use crate::engine::Engine;
use crate::fleet::{self, Fleet, FleetError, FleetFolders, ServiceStatus};
use crate::state;

/// Services that are looked at at once; the budget of each registry host holds besides.
const LOOKED_AT_AT_ONCE: usize = 16;

/// Arguments of `fleet`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass fleet\n  \
         windlass --fleet ops/fleet.toml fleet --json\n  \
         windlass --fleet ops/fleet.toml\n\
         The projects are listed in fleet.toml: working copies by `path`, others by `remote`, which windlass mirrors in \
         its cache. With --fleet and no command, the console opens on the fleet.")]
pub struct FleetArgs {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'d> {
    file: &'d Path,
    projects: Vec<ProjectDocument<'d>>,
}

#[derive(Serialize)]
struct ProjectDocument<'d> {
    name: &'d ProjectName,
    /// Why it could not be opened.
    error: Option<String>,
    /// Why what is shown is what was last fetched.
    stale: Option<&'d str>,
    services: Vec<&'d ServiceStatus>,
}

/// Looks at every service of every project; exit 1 if something could not be determined.
pub async fn run(args: &FleetArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let path = path(global)?;
    let fleet = open(&path, global).await?;
    let services = fleet.services();
    let asking = services.iter().map(|service| service.status(&|_| ()));
    let all: Vec<ServiceStatus> = futures_util::stream::iter(asking)
        .buffered(LOOKED_AT_AT_ONCE)
        .collect()
        .await;
    if args.json {
        io.document(&document(&path, &fleet, &all))?;
    } else {
        print(&fleet, &all, io)?;
    }
    let is_whole = fleet.troubles().is_empty() && all.iter().all(|status| status.unknown().is_empty());
    Ok(if is_whole { Exit::Done } else { Exit::Failed })
}

/// The fleet.toml that the command is about: `--fleet`, or the user's own.
pub fn path(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.fleet {
        return Ok(world::folder(global)?.join(path));
    }
    let own = FleetConfig::path_of_user().filter(|path| path.is_file());
    own.ok_or_else(|| {
        Failure::usage(
            format!("no {FLEET_FILE_NAME}: windlass does not know which projects belong together"),
            "name one with --fleet FILE, or write $XDG_CONFIG_HOME/windlass/fleet.toml; see `windlass fleet --help`",
        )
    })
}

/// Opens the fleet of the file at `path`.
pub async fn open(path: &Path, global: &Global) -> Result<Fleet, Failure> {
    let config = FleetConfig::load(path)?;
    let user = UserFile::of_user()?;
    let hashes = world::trusted_hashes()?;
    let folders = FleetFolders {
        state: state::folder_of_user(),
        cache: state::cache_of_user(),
    };
    let access = WriteAccess::unless_read_only(global.read_only);
    let trust = |path: &Path| world::trust_with(path, hashes.clone());
    let fleet = Fleet::open(&config, folders, user.as_ref(), &trust, access).await?;
    for engine in fleet
        .members()
        .iter()
        .filter_map(|member| member.engine.as_ref().ok())
    {
        world::warn_of_withheld(engine.config());
    }
    Ok(fleet)
}

/// A project with several services as a fleet of its own, called as the folder of its repository.
pub fn of_project(engine: &Arc<Engine>) -> Option<(String, Fleet)> {
    let config = engine.config();
    if config.services.len() < 2 {
        return None;
    }
    let folder = config.folder().canonicalize().ok();
    let name = folder.as_ref().and_then(|folder| folder.file_name()?.to_str());
    let name = name.unwrap_or("services").to_ascii_lowercase();
    // The name only stands in the title: all services are of one project.
    let project = name.parse().or_else(|_| "services".parse()).ok()?;
    Some((name, Fleet::of_projects([(project, Arc::clone(engine))])))
}

fn document<'d>(path: &'d Path, fleet: &'d Fleet, all: &'d [ServiceStatus]) -> Document<'d> {
    let projects = fleet.members().iter().map(|member| ProjectDocument {
        name: &member.name,
        error: member.engine.as_ref().err().map(FleetError::to_string),
        stale: member.stale.as_deref(),
        services: match &member.engine {
            Ok(_) => all
                .iter()
                .filter(|status| status.project == member.name)
                .collect(),
            // Another project may have the name.
            Err(_) => Vec::new(),
        },
    });
    Document {
        file: path,
        projects: projects.collect(),
    }
}

fn print(fleet: &Fleet, all: &[ServiceStatus], io: &mut Output) -> Result<(), Failure> {
    let now = Timestamp::now();
    let columns = fleet::columns(all);
    let heads = std::iter::once("SERVICE".to_owned())
        .chain(columns.iter().map(|name| name.as_str().to_uppercase()))
        .chain(["OUTSTANDING".to_owned()]);
    let rows: Vec<Vec<String>> = std::iter::once(heads.collect())
        .chain(all.iter().map(|status| row(status, &columns, now)))
        .collect();
    if !all.is_empty() {
        table::print(&rows, io.columns(), &mut io.out)?;
    }
    for status in all {
        for (what, why) in status.unknown() {
            writeln!(io.out, "? {} {what}: {why}", status.name())?;
        }
    }
    for (trouble, hint) in fleet.troubles() {
        writeln!(io.out, "{trouble}")?;
        if let Some(hint) = hint {
            writeln!(io.out, "  hint: {hint}")?;
        }
    }
    Ok(())
}

fn row(status: &ServiceStatus, columns: &[EnvironmentName], now: Timestamp) -> Vec<String> {
    let cells = columns.iter().map(|name| {
        let there = status.in_environment(name);
        there.map_or_else(String::new, |there| fleet::deployed(there, now))
    });
    std::iter::once(status.name())
        .chain(cells)
        .chain([fleet::outstanding(&status.outstanding)])
        .collect()
}
