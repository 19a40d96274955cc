//! `fleet.toml`: the projects that are seen together, and what they share.
//!
//! Whoever names the file vouches for it: it is the user's own, below `$XDG_CONFIG_HOME/windlass`, or given on the command
//! line, and never found by looking into folders. The windlass.toml of each project still needs its own trust.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::document::{Document, Origin};
use super::load::read_file;
use super::section::Section;
use super::user::own_file;
use super::value::Value;
use super::{ConfigError, FILE_NAME, ScannerSettings, keys, programs, read};
use crate::domain::{HostSettings, ProjectName, clean_line};

/// The name of the file.
pub const FLEET_FILE_NAME: &str = "fleet.toml";

/// All that fleet.toml says. Paths in it begin at the folder of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetConfig {
    /// The file that it was read from.
    pub path: PathBuf,
    /// The projects, at least one, in the order of the file.
    pub projects: Vec<FleetProject>,
    /// Settings of registry hosts, which come before those of the projects.
    pub registries: BTreeMap<String, HostSettings>,
    /// How images are scanned in all projects; as each of them says where there is no such section.
    pub scanner: Option<ScannerSettings>,
}

/// A project of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetProject {
    /// Its name; that of its folder or repository if none is given.
    pub name: ProjectName,
    /// Where it is.
    pub source: ProjectSource,
}

/// Where a project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectSource {
    /// A folder of this machine with a windlass.toml, as a rule a working copy.
    Folder(PathBuf),
    /// A git remote, of which windlass keeps a bare mirror in its cache.
    Remote {
        /// The address, as `git fetch` takes it.
        address: String,
        /// The configuration file in the default branch; `windlass.toml` unless said otherwise.
        file: String,
    },
}

impl FleetConfig {
    /// The file of this user, where it would be: `$XDG_CONFIG_HOME/windlass/fleet.toml`, by default below `~/.config`.
    pub fn path_of_user() -> Option<PathBuf> {
        own_file(FLEET_FILE_NAME)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or at the first place of it that cannot be meant.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&read_file(path)?, path)
    }

    /// Reads `text` as the contents of the file at `path`, which need not exist.
    ///
    /// # Errors
    /// At the first place of it that cannot be meant.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let document = Document {
            path,
            text,
            origin: Origin::User,
        };
        let table = DeTable::parse(text).map_err(|error| document.syntax(&error))?;
        let root = Section::new(document, keys::FLEET, 0..0, table.get_ref())?;
        let projects = projects(&root)?;
        if projects.is_empty() {
            return Err(root.mistake("no [[project]] is defined"));
        }
        Ok(Self {
            path: path.to_owned(),
            projects,
            registries: read::registries(&root)?,
            scanner: match root.get("scanner") {
                Some(_) => Some(programs::scanner(&root)?),
                None => None,
            },
        })
    }
}

fn projects(root: &Section<'_>) -> Result<Vec<FleetProject>, ConfigError> {
    let mut projects = Vec::new();
    for value in root.require("project")?.list()? {
        let section = value.section(keys::PROJECT)?;
        let source = match (section.get("path"), section.get("remote")) {
            (Some(path), None) => ProjectSource::Folder(path.path()?),
            (None, Some(remote)) => ProjectSource::Remote {
                address: address(&remote)?,
                file: file(&section)?,
            },
            (Some(_), Some(remote)) => {
                return Err(remote.mistake("a project has either a `path` or a `remote`"));
            }
            (None, None) => return Err(section.mistake("[[project]] requires `path` or `remote`")),
        };
        if let (ProjectSource::Folder(_), Some(file)) = (&source, section.get("file")) {
            return Err(file.mistake("requires `remote`: a `path` is the folder of windlass.toml"));
        }
        let name = match section.get("name") {
            Some(name) => name.parse()?,
            None => usual_name(&source).ok_or_else(|| {
                section.advise(
                    "[[project]] requires `name`",
                    Some("its folder or repository makes none".to_owned()),
                )
            })?,
        };
        projects.push(FleetProject { name, source });
    }
    Ok(projects)
}

/// The name of the folder or of the repository.
fn usual_name(source: &ProjectSource) -> Option<ProjectName> {
    let name = match source {
        ProjectSource::Folder(path) => path.file_name()?.to_str()?,
        ProjectSource::Remote { address, .. } => {
            let address = address.trim_end_matches('/');
            address.rsplit(['/', ':']).next()?.trim_end_matches(".git")
        }
    };
    name.to_ascii_lowercase().parse().ok()
}

/// An address that only reaches for a repository: transports that start programs of their own (`ext::`) and texts that
/// `git` would take for an option are refused.
fn address(value: &Value<'_>) -> Result<String, ConfigError> {
    let text = value.text()?;
    let has_scheme = ["https://", "http://", "ssh://", "git://", "file:///"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    let is_folder = Path::new(&text).is_absolute();
    let is_short = text.split_once(':').is_some_and(|(host, path)| {
        !host.is_empty() && !host.contains('/') && !path.starts_with(':') && !path.is_empty()
    });
    let is_clean = !text.starts_with('-') && clean_line(&text) == text;
    if is_clean && (has_scheme || is_folder || (is_short && !text.contains("://"))) {
        Ok(text)
    } else {
        Err(value.advise(
            "is not the address of a git repository",
            Some("use the form `https://git.example.com/team/app.git`, `git@git.example.com:team/app.git` or an absolute path".to_owned()),
        ))
    }
}

fn file(section: &Section<'_>) -> Result<String, ConfigError> {
    let Some(value) = section.get("file") else {
        return Ok(FILE_NAME.to_owned());
    };
    let text = value.text()?;
    let is_inside = Path::new(&text)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    let is_toml = Path::new(&text)
        .extension()
        .is_some_and(|ending| ending == "toml");
    if is_inside && is_toml {
        Ok(text)
    } else {
        Err(value.mistake("is not a .toml file inside the repository"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FleetConfig, String> {
        FleetConfig::parse(text, Path::new("/etc/fleet/fleet.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn projects_are_folders_or_remotes_and_named_after_them() {
        let fleet = parse(
            "[[project]]\npath = \"../src/Payments\"\n\n[[project]]\nremote = \"git@git.example.com:team/ledger.git\"\n\n\
             [[project]]\nname = \"shop\"\nremote = \"https://git.example.com/team/app\"\nfile = \"deploy/windlass.toml\"\n",
        )
        .unwrap();
        let names: Vec<_> = fleet
            .projects
            .iter()
            .map(|project| project.name.as_str())
            .collect();
        assert_eq!(names, ["payments", "ledger", "shop"]);
        let folder = PathBuf::from("/etc/fleet/../src/Payments");
        assert_eq!(fleet.projects[0].source, ProjectSource::Folder(folder));
        let remote = |address: &str, file: &str| ProjectSource::Remote {
            address: address.to_owned(),
            file: file.to_owned(),
        };
        assert_eq!(
            fleet.projects[1].source,
            remote("git@git.example.com:team/ledger.git", "windlass.toml")
        );
        assert_eq!(
            fleet.projects[2].source,
            remote("https://git.example.com/team/app", "deploy/windlass.toml")
        );
        assert_eq!(fleet.scanner, None);
    }

    #[test]
    fn registries_and_the_scanner_are_those_of_windlass_toml() {
        let fleet = parse(
            "[[project]]\npath = \"a\"\n\n[registry.\"registry.example.com\"]\nconcurrency = 3\n\n\
             [scanner]\ntrivy = \"/opt/trivy\"\n",
        )
        .unwrap();
        assert_eq!(fleet.registries["registry.example.com"].concurrency, Some(3));
        assert_eq!(fleet.scanner.unwrap().trivy, Path::new("/opt/trivy"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_where_it_stands() {
        for (text, says) in [
            ("", "requires `project`"),
            ("project = []", "no [[project]] is defined"),
            ("[[project]]\n", "requires `path` or `remote`"),
            (
                "[[project]]\npath = \"a\"\nremote = \"https://git.example.com/a\"",
                "either a `path` or a `remote`",
            ),
            (
                "[[project]]\nremote = \"ext::sh -c id\"",
                "is not the address of a git repository",
            ),
            (
                "[[project]]\nremote = \"--upload-pack=id\"",
                "is not the address of a git repository",
            ),
            (
                "[[project]]\nremote = \"relative/path\"",
                "is not the address of a git repository",
            ),
            (
                "[[project]]\nremote = \"/srv/a.git\"\nfile = \"../../etc/x.toml\"",
                "inside the repository",
            ),
            (
                "[[project]]\npath = \"a\"\nfile = \"x.toml\"",
                "requires `remote`",
            ),
            ("[[project]]\npath = \"..\"", "requires `name`"),
            (
                "[[project]]\npath = \"a\"\nurl = \"x\"",
                "unknown key `url` in [[project]]",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
