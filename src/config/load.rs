//! How a configuration is found and read.

use std::path::{Path, PathBuf};

use super::trust::Trust;
use super::user::UserFile;
use super::{Config, ConfigError, FILE_NAME, read};

impl Config {
    /// Reads the file at `path`, taking it at its word: for files that the caller wrote or vouches for. What a person
    /// opens goes through [`Config::open`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&read_file(path)?, path)
    }

    /// The windlass.toml of the folder `from` or of the nearest folder above it.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(from: &Path) -> Result<PathBuf, ConfigError> {
        from.ancestors()
            .map(|folder| folder.join(FILE_NAME))
            .find(|path| path.is_file())
            .ok_or_else(|| ConfigError::Missing(from.to_owned()))
    }

    /// Reads the windlass.toml of the folder `from` or of the nearest folder above it, taking it at its word.
    pub fn discover(from: &Path) -> Result<Self, ConfigError> {
        Self::load(&Self::find(from)?)
    }

    /// Reads `text` as the contents of the file at `path`, which need not exist, taking it at its word.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        read::config(text, path, true, None)
    }

    /// Reads the file at `path` as what somebody else may have written: its sensitive settings count only where `trust`
    /// says so, and those of `user` come first.
    ///
    /// # Errors
    /// When one of the two files cannot be read.
    pub fn open(path: &Path, user: Option<&UserFile>, trust: &Trust) -> Result<Self, ConfigError> {
        let text = read_file(path)?;
        let untrusted = read::config(&text, path, false, user)?;
        if trust.covers(path, &text, &untrusted.withheld) {
            read::config(&text, path, true, user)
        } else {
            Ok(untrusted)
        }
    }
}

/// A file larger than this is no configuration, in bytes.
const MAX_FILE_SIZE: u64 = 4 * 1024 * 1024;

pub(super) fn read_file(path: &Path) -> Result<String, ConfigError> {
    use std::io::Read as _;
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_SIZE)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    Ok(text)
}
