//! Evidence that was pushed to a registry and is not on the list of its subject yet: remembered on this machine, so that
//! the next attempt lists it instead of leaving one more manifest that nobody finds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::manifest::Descriptor;
use crate::domain::{Digest, Repository};
use crate::state;

/// More than any entry of a list has, in bytes.
const LIMIT: u64 = 64 * 1024;
/// Registries collect what nothing refers to sooner or later.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(30 * 24);

/// Where one piece of evidence is remembered.
pub(super) struct Unlisted {
    folder: PathBuf,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    entry: Descriptor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
}

impl Unlisted {
    /// The place of the evidence of `subject` that is `about` something.
    pub(super) fn new(folder: &Path, repository: &Repository, subject: &Digest, about: &str) -> Self {
        let name = Digest::of(format!("{repository}@{subject} {about}").as_bytes());
        Self {
            folder: folder.to_owned(),
            path: folder.join(name.prefix(40)),
        }
    }

    /// The entry that has to be listed, and what it states; none if there is none, or it cannot be read.
    pub(super) fn read(&self) -> Option<(Descriptor, Option<String>)> {
        let bytes = state::read(&self.path, LIMIT).unwrap_or_else(|error| {
            tracing::warn!(path = %self.path.display(), %error, "unlisted evidence cannot be read");
            None
        })?;
        let Remembered { entry, statement } = serde_json::from_slice(&bytes).ok()?;
        Some((entry, statement))
    }

    /// Remembers an entry. That it cannot be remembered is no reason to fail: the next attempt then makes it anew.
    pub(super) fn remember(&self, entry: &Descriptor, statement: Option<&str>) {
        let remembered = Remembered {
            entry: entry.clone(),
            statement: statement.map(str::to_owned),
        };
        let written = serde_json::to_vec(&remembered)
            .map_err(std::io::Error::from)
            .and_then(|bytes| {
                state::create_folder(&self.folder)?;
                state::sweep(&self.folder, FORGOTTEN_AFTER);
                state::replace(&self.path, &bytes)
            });
        if let Err(error) = written {
            tracing::warn!(path = %self.path.display(), %error, "unlisted evidence cannot be remembered");
        }
    }

    /// It is listed.
    pub(super) fn forget(&self) {
        // One that stays is listed already: the next attempt finds that out, and forgets it.
        let _ = std::fs::remove_file(&self.path);
    }
}
