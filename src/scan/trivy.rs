//! Runs Trivy on an image, by digest, one platform at a time.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::process::Command;

use super::{REPORT_LIMIT, Report, ReportContext, ScanError};
use crate::domain::{ImageReference, Platform, Target, clean_line};

/// How long one scan may take. Trivy gives up by itself after five minutes, unless it is told otherwise.
const PATIENCE: Duration = Duration::from_mins(30);
/// How much of what Trivy says on its way is looked at, in bytes from the end, and shown, in characters.
const LOG_TAIL: u64 = 64 * 1024;
const COMPLAINT: usize = 600;

/// The Trivy program and how it is called.
#[derive(Debug, Clone)]
pub struct Trivy {
    program: PathBuf,
    args: Vec<String>,
    patience: Duration,
}

/// What `trivy version -f json` says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: String,
    #[serde(rename = "VulnerabilityDB")]
    database: Option<Database>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Database {
    updated_at: Option<Timestamp>,
}

impl Trivy {
    /// Trivy as `program`, a path or a name in `PATH`, with further arguments for `trivy image`. A scan may take half an
    /// hour.
    pub const fn new(program: PathBuf, args: Vec<String>) -> Self {
        Self {
            program,
            args,
            patience: PATIENCE,
        }
    }

    /// Scans `image` on `platform` (of an image without one, as it is) and answers with the report's bytes. Whoever drops
    /// the future stops Trivy.
    ///
    /// # Errors
    /// When Trivy cannot be started or does not end, or what it writes is no report of this image and platform. Its exit
    /// code decides nothing: 1 is any error, and with some arguments also a finding.
    pub async fn scan(
        &self,
        image: &ImageReference,
        platform: Option<&Platform>,
    ) -> Result<Bytes, ScanError> {
        let room = Room::new().map_err(|error| self.failed(format!("no room for its report: {error}")))?;
        let mut command = self.command();
        command
            .args(["image", "--format", "json", "--quiet", "--scanners", "vuln"])
            .args(&self.args)
            .arg("--output")
            .arg(room.report());
        if let Some(platform) = platform {
            command.arg("--platform").arg(platform.to_string());
        }
        let log = room.log().map_err(|error| self.failed(error.to_string()))?;
        command
            .arg("--")
            .arg(image.to_string())
            .stdout(Stdio::null())
            .stderr(log);
        let status = self.run(&mut command).await?;
        let bytes = room.read().map_err(|why| {
            let said = room
                .complaint()
                .unwrap_or_else(|| format!("{why}; it ended with {status}"));
            self.failed(said)
        })?;
        let report = Report::parse(&bytes).map_err(|why| self.failed(why))?;
        if !report
            .digests
            .iter()
            .any(|named| Target::Digest(named.clone()) == image.target)
        {
            return Err(self.failed(format!("its report is not of {}", image.target)));
        }
        match (platform, &report.platform) {
            (Some(asked), Some(of)) if (&asked.os, &asked.architecture) != (&of.os, &of.architecture) => {
                Err(self.failed(format!("its report is of {of}, and {asked} was asked for")))
            }
            _ => Ok(bytes),
        }
    }

    /// Which Trivy this is and how old its database; nothing of what it does not tell.
    pub async fn context(&self) -> ReportContext {
        let mut command = self.command();
        command.args(["version", "--format", "json"]);
        // The database that the scan used is the one in its cache.
        if let Some([flag, folder]) = self.args.windows(2).find(|pair| pair[0] == "--cache-dir") {
            command.args([flag, folder]);
        }
        let told = tokio::time::timeout(self.patience, command.output()).await;
        let told = told.ok().and_then(Result::ok);
        let version = told.and_then(|output| serde_json::from_slice::<Version>(&output.stdout).ok());
        ReportContext {
            scanner: version
                .as_ref()
                .map(|told| format!("Trivy {}", clean_line(&told.version))),
            database: version.and_then(|told| told.database?.updated_at),
            ..ReportContext::default()
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .stdin(Stdio::null())
            // The password of the signing key is nobody else's business.
            .env_remove("COSIGN_PASSWORD")
            .kill_on_drop(true);
        command
    }

    async fn run(&self, command: &mut Command) -> Result<ExitStatus, ScanError> {
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ScanError::NoScanner { program: self.name() },
            _ => self.failed(error.to_string()),
        })?;
        match tokio::time::timeout(self.patience, child.wait()).await {
            Ok(ended) => ended.map_err(|error| self.failed(error.to_string())),
            Err(_) => Err(ScanError::Slow {
                program: self.name(),
                limit: self.patience,
            }),
        }
    }

    fn name(&self) -> String {
        clean_line(&self.program.to_string_lossy())
    }

    fn failed(&self, why: String) -> ScanError {
        ScanError::Scanner {
            program: self.name(),
            why,
        }
    }
}

/// Where one run of Trivy writes: files, not pipes, because what a broken one writes may be of any size.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> io::Result<Self> {
        tempfile::Builder::new()
            .prefix("windlass-scan-")
            .tempdir()
            .map(Self)
    }

    fn report(&self) -> PathBuf {
        self.0.path().join("report.json")
    }

    fn log_path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    fn log(&self) -> io::Result<File> {
        File::create(self.log_path())
    }

    /// The report; the error says why there is none.
    fn read(&self) -> Result<Bytes, String> {
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
    fn complaint(&self) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that behaves as Trivy might.
    fn scanner(name: &str) -> Trivy {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scanner");
        Trivy::new(folder.join(name), Vec::new())
    }

    fn image() -> ImageReference {
        let digest = crate::domain::Digest::of(b"image");
        format!("127.0.0.1:1/app@{digest}").parse().unwrap()
    }

    async fn complaint_of(name: &str) -> String {
        let amd64 = "linux/amd64".parse().unwrap();
        let error = scanner(name).scan(&image(), Some(&amd64)).await.unwrap_err();
        error.to_string()
    }

    #[tokio::test]
    async fn a_scanner_that_fails_is_quoted_whole_and_on_one_line() {
        let said = complaint_of("fails").await;
        assert!(
            said.ends_with("FATAL no database: 1 error occurred: * no route to host"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn rubbish_is_no_report() {
        let said = complaint_of("prints-rubbish").await;
        assert!(said.contains("it is no report of Trivy"), "{said}");
    }

    #[tokio::test]
    async fn a_scanner_that_writes_nothing_has_not_found_nothing() {
        let said = complaint_of("writes-nothing").await;
        assert!(
            said.contains("it wrote none; it ended with exit status: 0"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_report_of_another_image_or_platform_is_refused() {
        let said = complaint_of("another-image").await;
        assert!(said.contains("its report is not of sha256:"), "{said}");
        let said = complaint_of("another-platform").await;
        assert!(
            said.ends_with("its report is of linux/arm64, and linux/amd64 was asked for"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn an_exit_code_does_not_make_a_report_worthless() {
        assert!(scanner("finds").scan(&image(), None).await.is_ok());
    }

    #[tokio::test]
    async fn a_scanner_that_is_not_there_is_named_with_how_to_get_it() {
        let error = scanner("nowhere").scan(&image(), None).await.unwrap_err();
        assert!(error.to_string().ends_with("scanner/nowhere`"), "{error}");
        assert!(error.hint().unwrap().contains("install Trivy"));
        assert!(scanner("nowhere").context().await.scanner.is_none());
    }

    #[tokio::test]
    async fn a_scanner_that_hangs_is_stopped() {
        let impatient = Trivy {
            patience: Duration::from_millis(50),
            ..scanner("hangs")
        };
        let error = impatient.scan(&image(), None).await.unwrap_err();
        assert!(matches!(error, ScanError::Slow { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_scan_that_nobody_waits_for_any_more_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let trivy = Trivy {
            args: vec![pid_file.display().to_string()],
            ..scanner("hangs")
        };
        let (image, started) = (
            image(),
            until(|| {
                std::fs::read_to_string(&pid_file)
                    .ok()
                    .filter(|pid| pid.ends_with('\n'))
            }),
        );
        let pid = tokio::select! {
            ended = trivy.scan(&image, None) => panic!("{ended:?}"),
            pid = started => pid,
        };
        let lives = || {
            let mut kill = std::process::Command::new("kill");
            kill.args(["-0", pid.trim()])
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success()
        };
        until(|| (!lives()).then_some(())).await;
    }

    /// What `condition` gives, as soon as it gives something; fails where it never does.
    async fn until<T>(condition: impl Fn() -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = condition() {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting)
            .await
            .unwrap()
    }
}
