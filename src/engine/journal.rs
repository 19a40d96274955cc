//! The journal of a run: append-only lines of JSON, each chained to the one before it by hash, on the disk before
//! the next step begins.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event::{Event, RunId};
use crate::domain::{Digest, Exit, WriteAccess};

/// The folder with the journals of all runs, one file each.
#[derive(Debug, Clone)]
pub struct Journals {
    folder: PathBuf,
}

/// Why a journal could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk said no.
    #[error("could not {action} the journal {path}: {source}")]
    Io {
        /// `create`, `write` or `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line that is not what was written.
    #[error(
        "line {line} of the journal {path} does not follow from the line before it: it was changed or cut"
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

impl JournalError {
    /// The exit code that it leads to: nothing is lost, the same command completes what was begun.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Io { .. } => Exit::Incomplete,
            Self::Broken { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Io { .. } => {
                "make room or give access to the state folder (XDG_STATE_HOME), then give the same command again"
                    .to_owned()
            }
            Self::Broken { .. } => "keep the file as evidence; what comes after that line cannot be trusted".to_owned(),
        })
    }
}

/// One line of a journal: an event, and the hash that chains it.
#[derive(Serialize, Deserialize)]
struct Line {
    /// The digest of the line before, as it stands in the file; of nothing for the first.
    previous: Digest,
    #[serde(flatten)]
    event: Event,
}

impl Journals {
    /// The journals in `folder`, which need not exist yet.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins the journal of a new run. Nothing of a run may happen before this has succeeded.
    pub fn begin(&self, run: &RunId, _access: WriteAccess) -> Result<Journal, JournalError> {
        let path = self.path(run);
        let fail = |source| JournalError::Io {
            action: "create",
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(&self.folder).map_err(fail)?;
        let file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&path)
            .map_err(fail)?;
        Ok(Journal {
            file,
            path,
            previous: Digest::of(b""),
        })
    }

    /// Whether a run has a journal here: whether it was begun with this folder.
    pub fn has(&self, run: &RunId) -> bool {
        self.path(run).exists()
    }

    /// The runs that have a journal, newest first.
    pub fn runs(&self) -> Result<Vec<RunId>, JournalError> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                return Err(JournalError::Io {
                    action: "read",
                    path: self.folder.clone(),
                    source,
                });
            }
        };
        let mut runs: Vec<RunId> = entries
            .flatten()
            .filter_map(|entry| RunId::parse(entry.file_name().to_str()?.strip_suffix(".ndjson")?))
            .collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        Ok(runs)
    }

    /// All events of a run. A last line that was cut off in the middle, as by a crash, is left out; any other line
    /// that does not follow from its predecessor is an error.
    pub fn read(&self, run: &RunId) -> Result<Vec<Event>, JournalError> {
        let path = self.path(run);
        let fail = |source| JournalError::Io {
            action: "read",
            path: path.clone(),
            source,
        };
        let mut reader = BufReader::new(File::open(&path).map_err(fail)?);
        let mut events = Vec::new();
        let mut previous = Digest::of(b"");
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).map_err(fail)? > 0 {
            let Some(text) = bytes.strip_suffix(b"\n") else {
                break;
            };
            let broken = || JournalError::Broken {
                path: path.clone(),
                line: events.len() + 1,
            };
            let line: Line = serde_json::from_slice(text).map_err(|_| broken())?;
            if line.previous != previous {
                return Err(broken());
            }
            previous = Digest::of(text);
            events.push(line.event);
            bytes.clear();
        }
        Ok(events)
    }

    fn path(&self, run: &RunId) -> PathBuf {
        self.folder.join(format!("{run}.ndjson"))
    }
}

/// The journal of a run that is under way.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    previous: Digest,
}

impl Journal {
    /// Appends what the journal keeps, and waits for the disk at milestones.
    pub fn append(&mut self, event: &Event) -> Result<(), JournalError> {
        if !event.happening.is_kept() {
            return Ok(());
        }
        let fail = |source| JournalError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        };
        let line = Line {
            previous: self.previous.clone(),
            event: event.clone(),
        };
        let mut text = serde_json::to_vec(&line).map_err(|error| fail(error.into()))?;
        let hash = Digest::of(&text);
        text.push(b'\n');
        self.file.write_all(&text).map_err(fail)?;
        if event.happening.is_milestone() {
            self.file.sync_data().map_err(fail)?;
        }
        self.previous = hash;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StepKind;
    use crate::engine::event::{Happening, Level, StepOutcome};

    fn access() -> WriteAccess {
        WriteAccess::unless_read_only(false).unwrap()
    }

    fn event(run: &RunId, happening: Happening) -> Event {
        Event {
            run: run.clone(),
            at: jiff::Timestamp::now(),
            happening,
        }
    }

    fn log(run: &RunId, line: &str) -> Event {
        event(
            run,
            Happening::Log {
                step: StepKind::Copy,
                level: Level::Info,
                line: line.into(),
            },
        )
    }

    fn written() -> (tempfile::TempDir, Journals, RunId, Vec<Event>) {
        let folder = tempfile::tempdir().unwrap();
        let journals = Journals::at(folder.path().join("runs"));
        let run = RunId::fresh();
        let mut journal = journals.begin(&run, access()).unwrap();
        let ended = Happening::StepEnded {
            step: StepKind::Copy,
            outcome: StepOutcome::Done("3 blobs".into()),
        };
        let events = vec![log(&run, "one"), log(&run, "two"), event(&run, ended)];
        for event in &events {
            journal.append(event).unwrap();
        }
        let moved = Happening::BlobMoved {
            step: StepKind::Copy,
            digest: Digest::of(b""),
            moved: 1,
        };
        journal.append(&event(&run, moved)).unwrap();
        (folder, journals, run, events)
    }

    #[test]
    fn what_was_written_is_read_back_without_the_progress() {
        let (_folder, journals, run, events) = written();
        assert_eq!(journals.read(&run).unwrap(), events);
        assert_eq!(journals.runs().unwrap(), [run]);
    }

    #[test]
    fn a_line_that_a_crash_cut_off_is_left_out() {
        let (_folder, journals, run, events) = written();
        let path = journals.path(&run);
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        assert_eq!(journals.read(&run).unwrap(), events[..2]);
    }

    #[test]
    fn a_line_that_was_changed_is_found_out() {
        let (_folder, journals, run, _) = written();
        let path = journals.path(&run);
        let text = std::fs::read_to_string(&path)
            .unwrap()
            .replace("\"one\"", "\"eno\"");
        std::fs::write(&path, text).unwrap();
        let error = journals.read(&run).unwrap_err().to_string();
        assert!(error.starts_with("line 2 of the journal"), "{error}");
    }

    #[test]
    fn a_full_disk_stops_the_run_before_it_begins_or_at_the_next_step() {
        let run = RunId::fresh();
        // A file stands where the folder should be: nothing can be created there.
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Journals::at(file.path().join("runs"))
            .begin(&run, access())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("could not create the journal"), "{error}");
        // /dev/full accepts an open and refuses every write, as a full disk does.
        if let Ok(full) = OpenOptions::new().append(true).open("/dev/full") {
            let mut journal = Journal {
                file: full,
                path: "/dev/full".into(),
                previous: Digest::of(b""),
            };
            let error = journal.append(&log(&run, "lost")).unwrap_err().to_string();
            assert!(error.contains("could not write the journal"), "{error}");
        }
    }
}
