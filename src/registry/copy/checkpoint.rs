//! How far a blob has come, so that whatever breaks it off costs only what was under way: marks with the state of the
//! hash on the way, and where the upload is. Kept in a file as well, a copy that was killed goes on from there.
//!
//! An upload's address may carry a secret of its session, so the file is for its owner only, and none of it is ever shown.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::domain::{Algorithm, Digest, Hasher, Repository};
use crate::state;

/// Blobs below this size begin anew: to remember them would cost more than to send them.
const LEAST: u64 = 128 * 1024;
/// The least distance between two marks, in bytes; a blob has some hundred of them at most.
const STEP: u64 = 64 * 1024;
/// Registries forget uploads after a week or sooner.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(7 * 24);

/// A point that bytes can be sent from again, with the hash of all before it.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) at: u64,
    pub(super) hasher: Hasher,
}

/// The trail of one blob.
#[derive(Debug)]
pub(super) struct Checkpoint {
    algorithm: Algorithm,
    step: u64,
    marks: Vec<Mark>,
    location: Option<String>,
    /// Locked while it is open, so that two copies of the same blob never share an upload.
    file: Option<(PathBuf, File)>,
}

/// A line of the file. One that cannot be read, as the last one of a process that was killed, is passed over.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Upload { location: String },
    Mark { at: u64, state: String },
}

impl Checkpoint {
    /// The trail of `digest` on its way to `target`, with what an earlier process left in `folder`. That it cannot be
    /// kept is no reason to fail: the blob then begins anew next time.
    pub(super) fn open(folder: Option<&Path>, target: &Repository, digest: &Digest, size: u64) -> Self {
        let mut trail = Self {
            algorithm: digest.algorithm(),
            step: STEP.max(size / 256),
            marks: Vec::new(),
            location: None,
            file: None,
        };
        if let Some(folder) = folder.filter(|_| size >= LEAST) {
            let name = Digest::of(format!("{target}@{digest}").as_bytes());
            let path = folder.join(name.prefix(40));
            match locked(folder, &path) {
                Ok(Some(mut file)) => {
                    let mut text = String::new();
                    if file.read_to_string(&mut text).is_ok() {
                        text.lines().for_each(|line| trail.take_in(line));
                    }
                    // What a process that was killed left of a line must not spoil the next one.
                    if !text.is_empty() && !text.ends_with('\n') && file.write_all(b"\n").is_err() {
                        return trail;
                    }
                    trail.file = Some((path, file));
                }
                // Another process is at this very blob; its upload is not ours.
                Ok(None) => {}
                Err(error) => tracing::warn!(path = %path.display(), %error, "uploads cannot be remembered"),
            }
        }
        trail
    }

    fn take_in(&mut self, line: &str) {
        match serde_json::from_str(line) {
            Ok(Line::Upload { location }) => self.location = Some(location),
            Ok(Line::Mark { at, state }) => {
                let state = STANDARD.decode(state).unwrap_or_default();
                if let Some(hasher) = Hasher::resume(self.algorithm, &state) {
                    self.marks.push(Mark { at, hasher });
                }
            }
            Err(_) => {}
        }
    }

    /// Where an earlier process's upload is.
    pub(super) fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The upload goes on at `location`.
    pub(super) fn leads_to(&mut self, location: &str) {
        self.location = Some(location.to_owned());
        self.write(&Line::Upload {
            location: location.to_owned(),
        });
    }

    /// The hash has come to `at`. Sets a mark if the last one is far enough back.
    pub(super) fn pass(&mut self, at: u64, hasher: &Hasher) {
        let last = self.marks.last().map_or(0, |mark| mark.at);
        if at < last + self.step {
            return;
        }
        self.marks.push(Mark {
            at,
            hasher: hasher.clone(),
        });
        self.write(&Line::Mark {
            at,
            state: STANDARD.encode(hasher.state()),
        });
    }

    /// The last mark at `offset` or before it.
    pub(super) fn before(&self, offset: u64) -> Mark {
        let found = self.marks.iter().rev().find(|mark| mark.at <= offset);
        found.cloned().unwrap_or_else(|| Mark {
            at: 0,
            hasher: Hasher::new(self.algorithm),
        })
    }

    /// The blob begins anew.
    pub(super) fn begin_anew(&mut self) {
        self.marks.clear();
        self.location = None;
        if let Some((_, file)) = &mut self.file {
            let emptied = file.set_len(0).and_then(|()| file.rewind());
            if emptied.is_err() {
                self.file = None;
            }
        }
    }

    /// The blob has arrived: nothing of it needs to be remembered.
    pub(super) fn forget(&mut self) {
        if let Some((path, _)) = self.file.take() {
            // One that stays is swept later.
            let _ = fs::remove_file(path);
        }
    }

    fn write(&mut self, line: &Line) {
        let Some((_, file)) = &mut self.file else { return };
        let written = serde_json::to_vec(line)
            .map_err(std::io::Error::from)
            .and_then(|mut bytes| {
                bytes.push(b'\n');
                file.write_all(&bytes)
            });
        if let Err(error) = written {
            tracing::warn!(%error, "an upload is no longer remembered");
            self.file = None;
        }
    }
}

/// The file, locked; none if another process has it.
fn locked(folder: &Path, path: &Path) -> std::io::Result<Option<File>> {
    state::create_folder(folder)?;
    let file = state::open_locked(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes what was left of uploads that no registry knows any more.
pub(super) fn sweep(folder: &Path) {
    state::sweep(folder, FORGOTTEN_AFTER);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> Repository {
        "registry.example.com/app".parse().unwrap()
    }

    #[test]
    fn a_trail_leads_the_next_process_to_where_the_last_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = vec![7; 1_000_000];
        let digest = Digest::of(&bytes);
        let open = || Checkpoint::open(Some(folder.path()), &repository(), &digest, 1_000_000);
        let mut trail = open();
        trail.leads_to("/v2/app/blobs/uploads/1");
        let mut hasher = Hasher::new(Algorithm::Sha256);
        for (piece, at) in bytes.chunks(50_000).zip((50_000..).step_by(50_000)) {
            hasher.update(piece);
            trail.pass(at, &hasher);
        }
        // Killed in the middle of a line.
        trail.file.as_mut().unwrap().1.write_all(b"{\"mark\":{").unwrap();
        drop(trail);

        let mut trail = open();
        assert_eq!(trail.location(), Some("/v2/app/blobs/uploads/1"));
        let Mark { at, mut hasher } = trail.before(420_000);
        assert_eq!(at, 400_000);
        hasher.update(&bytes[400_000..]);
        assert_eq!(hasher.finish(), digest);
        assert!(
            open().location().is_none(),
            "another copy has an upload of its own"
        );
        trail.forget();
        assert!(open().location().is_none());
    }
}
