//! The private folder of one scan: what Trivy reads and writes, gone when the scan is.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};

use super::REPORT_LIMIT;

/// How much of what Trivy says on its way is kept, in lines, and shown as the reason of a failure, in characters.
const LINES: usize = 200;
const COMPLAINT: usize = 600;
/// How often the size of the report is looked at.
const OFTEN: Duration = Duration::from_millis(200);

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

    /// An empty folder to run in.
    pub(super) fn folder(&self) -> io::Result<PathBuf> {
        let path = self.0.path().join("empty");
        std::fs::create_dir(&path)?;
        Ok(path)
    }

    /// Ends when the report has grown beyond what is read.
    pub(super) async fn too_large(&self) {
        let mut often = tokio::time::interval(OFTEN);
        loop {
            often.tick().await;
            let file = tokio::fs::metadata(self.report()).await;
            if file.is_ok_and(|file| file.len() > REPORT_LIMIT) {
                return;
            }
        }
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
            Ok(file) if file.len() > REPORT_LIMIT => Err(too_large_in_words()),
            Ok(_) => std::fs::read(&path)
                .map(Bytes::from)
                .map_err(|error| error.to_string()),
            Err(_) => Err("it wrote none".to_owned()),
        }
    }
}

pub(super) fn too_large_in_words() -> String {
    format!("its report has more than {} MB", REPORT_LIMIT / 1_000_000)
}

/// What Trivy said last, harmless.
#[derive(Default)]
pub(super) struct Said(VecDeque<String>);

impl Said {
    /// One more line; answers with it as it is shown, unless it says nothing.
    pub(super) fn add(&mut self, line: &str) -> Option<String> {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return None;
        }
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.clone());
        Some(line)
    }

    /// Whether it said that it could not go on.
    pub(super) fn has_given_up(&self) -> bool {
        self.0.iter().any(|line| line.contains("FATAL"))
    }

    /// The last thing that it said to a person: its fatal error, of several lines as a rule, or else the last line.
    pub(super) fn complaint(&self) -> Option<String> {
        let from = self.0.iter().rposition(|line| line.contains("FATAL"));
        let from = from.or_else(|| self.0.len().checked_sub(1))?;
        let lines: Vec<_> = self.0.iter().skip(from).map(String::as_str).collect();
        let mut words = lines.join(" ");
        if let Some((end, _)) = words.char_indices().nth(COMPLAINT) {
            words.truncate(end);
            words.push('…');
        }
        Some(words)
    }
}
