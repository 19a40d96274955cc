//! A registry's folder: content by digest, uploads in progress, and the log of changes.
//!
//! ```text
//! registry.ndjson    the log, see `Entry`; locked while a registry runs on the folder
//! blobs/sha256/…     content, blobs and manifests alike, named by the rest of their digest
//! uploads/           what is not whole yet; emptied at each start
//! ```
//!
//! Content is renamed to its name before the log mentions it, so whatever the log mentions is whole. This holds
//! against the end of the process at any moment; nothing is synced for the end of the machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::content::Content;
use super::repository::Entry;
use crate::domain::{Algorithm, Digest};

const LOG: &str = "registry.ndjson";

/// An open folder, which no other registry can open meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    log: File,
    /// Where the last whole line of the log ends.
    length: u64,
}

impl Folder {
    /// Opens a registry's folder, or makes an empty or missing one into one.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let log = root.join(LOG);
        if !log.exists() && fs::read_dir(root)?.next().is_some() {
            return Err(refusal(root, "holds other things, and no registry"));
        }
        let log = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(log)?;
        log.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => refusal(root, "is in use by another registry"),
            TryLockError::Error(error) => error,
        })?;
        let uploads = root.join("uploads");
        if uploads.exists() {
            fs::remove_dir_all(&uploads)?;
        }
        fs::create_dir(&uploads)?;
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            fs::create_dir_all(root.join("blobs").join(algorithm.name()))?;
        }
        Ok(Self {
            root: root.to_owned(),
            log,
            length: 0,
        })
    }

    /// Where uploads are kept until they are whole: on the same file system, so that a rename ends them.
    pub(super) fn staging(&self) -> PathBuf {
        self.root.join("uploads")
    }

    /// Where the content of this digest is kept.
    pub(super) fn path_of(&self, digest: &Digest) -> PathBuf {
        self.root
            .join("blobs")
            .join(digest.algorithm().name())
            .join(digest.hex())
    }

    /// The content of this digest, if it is there.
    pub(super) fn content(&self, digest: &Digest) -> Option<Content> {
        let path = self.path_of(digest);
        let size = fs::metadata(&path).ok()?.len();
        Some(Content::File { path, size })
    }

    /// Reads the log, and drops a last line that was cut short when an earlier process ended.
    pub(super) fn replay(&mut self, mut apply: impl FnMut(Entry)) -> io::Result<()> {
        let mut line = Vec::new();
        self.length = 0;
        self.log.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&self.log);
        while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let entry = serde_json::from_slice(&line).map_err(|error| {
                let what = format!("has a {LOG} that cannot be read at byte {}: {error}", self.length);
                refusal(&self.root, &what)
            })?;
            apply(entry);
            self.length += line.len() as u64;
            line.clear();
        }
        self.log.set_len(self.length)
    }

    /// Appends a line to the log, or leaves it as it is.
    pub(super) fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if let Err(error) = self.log.write_all(&line) {
            self.log.set_len(self.length)?;
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

fn refusal(root: &Path, why: &str) -> io::Error {
    io::Error::other(format!("the folder {} {why}", root.display()))
}
