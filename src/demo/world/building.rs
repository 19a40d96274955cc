//! The building of a world in a folder: by one process at a time, and begun anew where it was broken off.

use std::fs::TryLockError;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::error::{WorldError, io_at};

/// Tells that a folder holds a whole world.
const BUILT: &str = "world-built-at";
/// Its name until then: what stands beside it is ours, and not whole.
const UNFINISHED: &str = "world-unfinished";
/// All that a building writes beside it.
const PARTS: [&str; 14] = [
    "registries",
    "shared.port",
    "production.port",
    "payment-svc",
    "neighbours",
    "origin.git",
    "deploy.sh",
    "running.sh",
    "keys",
    "services",
    "open",
    "state",
    "forge.token",
    "forge",
];

/// A world that is being built, by nobody else: its mark is locked for as long as this is held.
pub(super) struct Building(std::fs::File);

/// Marks a whole world as one that is to be built anew; false where none is there.
///
/// # Errors
/// When the mark cannot be moved.
pub(super) fn discard(folder: &Path) -> Result<bool, WorldError> {
    let built = folder.join(BUILT);
    match std::fs::rename(&built, folder.join(UNFINISHED)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_at(&built)(error)),
    }
}

impl Building {
    /// Takes an empty folder, or one whose building was broken off, and clears that away; none if a whole world is there.
    pub(super) fn begin(folder: &Path, now: Timestamp) -> Result<Option<Self>, WorldError> {
        let (built, unfinished) = (folder.join(BUILT), folder.join(UNFINISHED));
        if built.is_file() {
            return Ok(None);
        }
        let is_empty = || std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
        if !unfinished.is_file() && !is_empty() {
            return Err(WorldError::Occupied(folder.to_owned()));
        }
        let mark = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&unfinished)
            .map_err(io_at(&unfinished))?;
        mark.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => WorldError::Busy(folder.to_owned()),
            TryLockError::Error(error) => io_at(&unfinished)(error),
        })?;
        // Whoever held the lock until now may have finished.
        if built.is_file() {
            return Ok(None);
        }
        for part in PARTS {
            let path = folder.join(part);
            let removed = if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_at(&path)(error)),
                _ => {}
            }
        }
        std::fs::write(&unfinished, now.to_string()).map_err(io_at(&unfinished))?;
        Ok(Some(Self(mark)))
    }

    /// The world is whole from here on.
    pub(super) fn finish(self, folder: &Path) -> Result<(), WorldError> {
        let unfinished = folder.join(UNFINISHED);
        std::fs::rename(&unfinished, folder.join(BUILT)).map_err(io_at(&unfinished))?;
        drop(self.0);
        Ok(())
    }
}
