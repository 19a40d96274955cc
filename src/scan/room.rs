//! The private folder of one scan: what Trivy reads and writes, gone when the scan is.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

use super::REPORT_LIMIT;
use crate::domain::clean_line;

/// How much of what Trivy says on its way is looked at, in bytes from the end, and shown, in characters.
const LOG_TAIL: u64 = 64 * 1024;
const COMPLAINT: usize = 600;

/// Where one run of Trivy writes: files, not pipes, because what a broken one writes may be of any size.
pub(super) struct Room(tempfile::TempDir);

impl Room {
    pub(super) fn new() -> io::Result<Self> {
        tempfile::Builder::new()
            .prefix("windlass-scan-")
            .tempdir()
            .map(Self)
    }

    pub(super) fn report(&self) -> PathBuf {
        self.0.path().join("report.json")
    }

    fn log_path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    pub(super) fn log(&self) -> io::Result<File> {
        File::create(self.log_path())
    }

    /// An empty file, where Trivy would look for rules in the working folder.
    pub(super) fn nothing(&self) -> io::Result<PathBuf> {
        let path = self.0.path().join("nothing");
        File::create(&path)?;
        Ok(path)
    }

    /// A folder with Docker's configuration, which nobody else can read.
    pub(super) fn docker_config(&self, config: &SecretString) -> io::Result<PathBuf> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let folder = self.0.path().join("docker");
        std::fs::create_dir(&folder)?;
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.join("config.json"))?;
        file.write_all(config.expose_secret().as_bytes())?;
        Ok(folder)
    }

    /// The report; the error says why there is none.
    pub(super) fn read(&self) -> Result<Bytes, String> {
        let path = self.report();
        match std::fs::metadata(&path) {
            Ok(file) if file.len() > REPORT_LIMIT => Err(format!(
                "its report has more than {} MB",
                REPORT_LIMIT / 1_000_000
            )),
            Ok(_) => std::fs::read(&path)
                .map(Bytes::from)
                .map_err(|error| error.to_string()),
            Err(_) => Err("it wrote none".to_owned()),
        }
    }

    /// The last thing that it said to a person: its fatal error, of several lines as a rule, or else the last line.
    pub(super) fn complaint(&self) -> Option<String> {
        let said = tail(&self.log_path(), LOG_TAIL).ok()?;
        let lines: Vec<_> = said
            .lines()
            .map(|line| clean_line(line).split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|line| !line.is_empty())
            .collect();
        let from = lines.iter().rposition(|line| line.contains("FATAL"));
        let from = from.or_else(|| lines.len().checked_sub(1))?;
        let mut words: String = lines[from..].join(" ");
        if let Some((end, _)) = words.char_indices().nth(COMPLAINT) {
            words.truncate(end);
            words.push('…');
        }
        Some(words)
    }
}

/// The last `length` bytes of a file, as text.
fn tail(path: &Path, length: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(length)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
