//! The journal of a run: append-only lines of JSON, each chained to the one before it by hash, on the disk before
//! the next step begins.

mod error;
mod line;
mod older;
mod version;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

pub use self::error::JournalError;
use self::line::{HashChain, LineReader};
use crate::domain::WriteAccess;
use crate::engine::run::event::{Event, EventKind, Level, RunId};
use crate::state;
use jiff::{SignedDuration, Timestamp};

/// The folder with the journals of all runs, one file each.
#[derive(Debug, Clone)]
pub struct Journals {
    folder: PathBuf,
}

/// No line of a journal is longer, in bytes; the longest is the plan.
const MAX_LINE: u64 = 4 * 1024 * 1024;
/// How many bytes of logs one journal keeps; what matters of a longer one is told by its steps.
const MAX_LOGGED: u64 = 8 * 1024 * 1024;

/// How long journals are kept, and how much they may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Older ones go.
    pub max_age: SignedDuration,
    /// Of the rest the oldest go until they have no more than this together, in bytes.
    pub max_bytes: u64,
}

impl Default for Retention {
    /// What is kept unless somebody asks for less: a year, and 256 MiB.
    fn default() -> Self {
        Self {
            max_age: SignedDuration::from_hours(365 * 24),
            max_bytes: 256 * 1024 * 1024,
        }
    }
}

/// How many whole lines a journal has.
fn whole_lines(path: &Path) -> io::Result<usize> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut count, mut line) = (0, Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        count += usize::from(line.ends_with(b"\n"));
        line.clear();
    }
    Ok(count)
}

/// That `action` on the journal at `path` failed.
fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> JournalError + Copy {
    move |source| JournalError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

impl Journals {
    /// The journals of the project whose folder of this machine is `state`.
    pub fn of_project(state: &Path) -> Self {
        Self::at(state.join("runs"))
    }

    /// The journals of every project in `state`, the folder of the user; those that windlass kept for all projects
    /// together before it told them apart come last.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn of_all_projects(state: &Path) -> Result<Vec<Self>, JournalError> {
        let folder = state::folder_of_projects(state);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => {
                return Err(JournalError::Io {
                    action: "read",
                    path: folder,
                    source,
                });
            }
        };
        let mut all: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| Self::of_project(&entry.path()))
            .filter(|journals| journals.folder.is_dir())
            .collect();
        all.sort_unstable_by(|a, b| a.folder.cmp(&b.folder));
        all.push(Self::of_project(state));
        Ok(all)
    }

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
        let fail = failed("create", &path);
        state::create_folder(&self.folder).map_err(fail)?;
        let file = state::create_new(&path).map_err(fail)?;
        Ok(Journal {
            file,
            path,
            chain: HashChain::default(),
            logged: 0,
            dropped: 0,
            is_broken: false,
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
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
        let fail = failed("read", &path);
        let mut reader = BufReader::new(File::open(&path).map_err(fail)?);
        let mut lines = LineReader::new(&path);
        let mut events = Vec::new();
        let mut chain = HashChain::default();
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).map_err(fail)? > 0 {
            let Some(text) = bytes.strip_suffix(b"\n") else {
                break;
            };
            let number = events.len() + 1;
            let (event, next) = lines.follow(&chain, text, number)?;
            chain = next;
            events.push(event);
            bytes.clear();
        }
        Ok(events)
    }

    /// The first and the last whole event of a run, without what is between them and without a look at the chain: what a
    /// list of many runs needs. None of a journal that has no whole line yet.
    pub fn ends(&self, run: &RunId) -> Result<Option<(Event, Event)>, JournalError> {
        let path = self.path(run);
        let fail = failed("read", &path);
        let mut reader = BufReader::new(File::open(&path).map_err(fail)?);
        let mut first = Vec::new();
        (&mut reader)
            .take(MAX_LINE)
            .read_until(b'\n', &mut first)
            .map_err(fail)?;
        let size = reader.seek(SeekFrom::End(0)).map_err(fail)?;
        reader
            .seek(SeekFrom::Start(size.saturating_sub(MAX_LINE)))
            .map_err(fail)?;
        let mut tail = Vec::new();
        reader.take(MAX_LINE).read_to_end(&mut tail).map_err(fail)?;
        if !first.ends_with(b"\n") {
            return Ok(None);
        }
        // What comes after the last end of a line was cut off in the middle, as by a crash.
        let whole = tail
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(&[][..], |end| &tail[..end]);
        let last = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let mut lines = LineReader::new(&path);
        let first = lines.alone(first.strip_suffix(b"\n").unwrap_or(&first), 1)?;
        // Only for an error are the lines counted: a journal may be long.
        match lines.alone(last, 0) {
            Err(JournalError::Broken { path, .. }) => Err(JournalError::Broken {
                line: whole_lines(&path).map_err(fail)?,
                path,
            }),
            last => Ok(Some((first, last?))),
        }
    }

    /// Takes away the journals that are older than `max_age`, and of the rest the oldest until all together have at most
    /// `max_bytes`; `now` is the time. How many went.
    ///
    /// # Errors
    /// When the folder cannot be read. A journal that cannot be removed stays.
    pub fn prune(
        &self,
        retention: Retention,
        now: Timestamp,
        _access: WriteAccess,
    ) -> Result<usize, JournalError> {
        let (mut kept, mut pruned) = (0, 0);
        for run in self.runs()? {
            let path = self.path(&run);
            let Ok(file) = path.symlink_metadata() else {
                continue;
            };
            let changed = file
                .modified()
                .ok()
                .and_then(|time| Timestamp::try_from(time).ok());
            let is_old = changed.is_some_and(|changed| now.duration_since(changed) > retention.max_age);
            if (is_old || kept + file.len() > retention.max_bytes) && std::fs::remove_file(&path).is_ok() {
                pruned += 1;
            } else {
                kept += file.len();
            }
        }
        Ok(pruned)
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
    chain: HashChain,
    /// Bytes of logs that were kept.
    logged: u64,
    /// Lines of logs that were not, since a line was last said about it.
    dropped: u64,
    /// Whether a line could not be written: what came after one that is not whole could not be read.
    is_broken: bool,
}

impl Journal {
    /// Appends what the journal keeps, and waits for the disk at milestones.
    pub fn append(&mut self, event: &Event) -> Result<(), JournalError> {
        if self.is_broken || !event.happening.is_kept() || !self.has_room_for(event) {
            return Ok(());
        }
        let note = self.note_of_dropped(event);
        let written = note.iter().chain([event]).try_for_each(|event| self.write(event));
        self.is_broken = written.is_err();
        written
    }

    /// Whether `event` is to be kept: a log is bounded, and everything else is not.
    fn has_room_for(&mut self, event: &Event) -> bool {
        let EventKind::Log { line, .. } = &event.happening else {
            return true;
        };
        self.logged += line.len() as u64;
        let fits = self.logged <= MAX_LOGGED;
        self.dropped += u64::from(!fits);
        fits
    }

    /// What is said before `event`, where lines were dropped before it.
    fn note_of_dropped(&mut self, event: &Event) -> Option<Event> {
        let EventKind::StepEnded { step, .. } = &event.happening else {
            return None;
        };
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then(|| Event {
            happening: EventKind::Log {
                step: Some(*step),
                level: Level::Warning,
                line: format!("{dropped} more lines were dropped from this journal"),
            },
            ..event.clone()
        })
    }

    fn write(&mut self, event: &Event) -> Result<(), JournalError> {
        let fail = failed("write", &self.path);
        let (text, chain) = self.chain.line(event).map_err(|error| fail(error.into()))?;
        self.file.write_all(&text).map_err(fail)?;
        if event.happening.is_milestone() {
            self.file.sync_data().map_err(fail)?;
        }
        self.chain = chain;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
