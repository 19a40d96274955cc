//! The user's own file, `$XDG_CONFIG_HOME/windlass/config.toml`: the settings that no repository decides alone. It needs no
//! trust, since nobody but the user writes it, and what it says comes before what a repository says.
//!
//! ```toml
//! [registry."registry.example.com"]      # all keys of a registry
//! ca_file = "corp.pem"                   # paths begin at the folder of this file
//!
//! [scanner]                              # the sensitive keys of these sections
//! trivy = "/opt/trivy/bin/trivy"
//!
//! [approve]                              # the key that your approvals are signed with
//! key = "ana.key"
//!
//! [project."/home/ana/src/shop".environment.prod]
//! sign = { key = "/home/ana/keys/prod.key" }
//! ```

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use super::ConfigError;
use super::document::{Document, Origin};
use super::keys::{self, Keys};
use crate::domain::clean_line;

/// The user's own file, read but not yet understood.
#[derive(Debug, Clone)]
pub struct UserFile {
    path: PathBuf,
    text: String,
}

impl UserFile {
    /// The file of this user, if there is one: `$XDG_CONFIG_HOME/windlass/config.toml`, by default below `~/.config`.
    ///
    /// # Errors
    /// When it is there and cannot be read, or says what it may not.
    pub fn of_user() -> Result<Option<Self>, ConfigError> {
        own_file("config.toml").map_or(Ok(None), |path| Self::load(&path))
    }

    /// The file at `path`, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be read, or says what it may not.
    pub fn load(path: &Path) -> Result<Option<Self>, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(ConfigError::Unreadable {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        Self::parse(text, path).map(Some)
    }

    /// Reads `text` as the contents of the file at `path`.
    ///
    /// # Errors
    /// When it says what it may not.
    pub fn parse(text: String, path: &Path) -> Result<Self, ConfigError> {
        let file = Self {
            path: path.to_owned(),
            text,
        };
        check_tables(file.document(), file.table()?.get_ref())?;
        Ok(file)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn document(&self) -> Document<'_> {
        Document {
            path: &self.path,
            text: &self.text,
            origin: Origin::User,
        }
    }

    pub(super) fn table(&self) -> Result<Spanned<DeTable<'_>>, ConfigError> {
        DeTable::parse(&self.text).map_err(|error| self.document().syntax(&error))
    }
}

/// Where a file of this user would be: `$XDG_CONFIG_HOME/windlass`, by default below `~/.config`; none without a home.
pub(super) fn own_file(name: &str) -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let folder = set.or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(folder.join("windlass").join(name))
}

/// How the user's file calls the project whose windlass.toml is in `folder`: by its absolute path.
pub(super) fn project_key(folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.to_string_lossy().trim_end_matches('/').to_owned()
}

/// The sections of the user's file with the keys that each may have.
fn sensitive_keys(keys: &Keys) -> Vec<&'static str> {
    keys.sensitive.iter().map(|(key, _)| *key).collect()
}

fn check_tables(document: Document<'_>, root: &DeTable<'_>) -> Result<(), ConfigError> {
    known(
        document,
        root,
        "your own configuration",
        &[
            "github", "registry", "check", "build", "scanner", "approve", "project",
        ],
    )?;
    for keys in [
        keys::GITHUB,
        keys::CHECK,
        keys::BUILD,
        keys::SCANNER,
        keys::APPROVE,
    ] {
        let name = keys.section.trim_matches(['[', ']']);
        if let Some(table) = table(document, root, name)? {
            known(document, table, keys.section, &sensitive_keys(&keys))?;
        }
    }
    for (_, host) in tables(document, root, "registry")? {
        known(document, host, keys::REGISTRY.section, keys::REGISTRY.known)?;
    }
    for (_, project) in tables(document, root, "project")? {
        known(document, project, "[project.\"FOLDER\"]", &["environment"])?;
        for (_, environment) in tables(document, project, "environment")? {
            let section = "[project.\"FOLDER\".environment.NAME]";
            known(
                document,
                environment,
                section,
                &["sign", "verify", "deploy", "after"],
            )?;
        }
    }
    Ok(())
}

fn known(
    document: Document<'_>,
    table: &DeTable<'_>,
    section: &str,
    known: &[&str],
) -> Result<(), ConfigError> {
    let stranger = table
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()))
        .min_by_key(|key| key.span().start);
    match stranger {
        None => Ok(()),
        Some(key) => {
            let name = clean_line(key.get_ref().as_ref());
            let hint = keys::nearest(&name, known.iter().copied()).map_or_else(
                || {
                    format!(
                        "keys of {section} here: {}; everything else belongs in windlass.toml",
                        known.join(", ")
                    )
                },
                |near| format!("did you mean `{near}`?"),
            );
            Err(document.advise(
                key.span(),
                format!("unknown key `{name}` in {section}"),
                Some(hint),
            ))
        }
    }
}

fn table<'a>(
    document: Document<'_>,
    parent: &'a DeTable<'a>,
    key: &str,
) -> Result<Option<&'a DeTable<'a>>, ConfigError> {
    let Some(value) = parent.get(key) else {
        return Ok(None);
    };
    match value.get_ref().as_table() {
        Some(table) => Ok(Some(table)),
        None => Err(document.mistake(value.span(), format!("`{key}` is not a table"))),
    }
}

fn tables<'a>(
    document: Document<'_>,
    parent: &'a DeTable<'a>,
    key: &str,
) -> Result<Vec<(&'a str, &'a DeTable<'a>)>, ConfigError> {
    let Some(found) = table(document, parent, key)? else {
        return Ok(Vec::new());
    };
    found
        .iter()
        .map(|(name, value)| match value.get_ref().as_table() {
            Some(table) => Ok((name.get_ref().as_ref(), table)),
            None => Err(document.mistake(value.span(), format!("`{key}` must be a table of tables"))),
        })
        .collect()
}
