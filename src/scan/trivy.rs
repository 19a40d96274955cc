//! Runs Trivy on an image, by digest, one platform at a time.
//!
//! What counts and what does not is windlass's to say, and stands in its own files. So Trivy finds none of the rules that
//! it would look for by itself: no `.trivyignore` and no `trivy.yaml` of the working folder, and no variables that change
//! what it reports. What it leaves out all the same it is told to list.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::room::{self, Room, Said};
use super::sbom::SbomFormat;
use super::{Report, ReportContext, ScanError};
use crate::domain::{ImageReference, Platform, Repository, Target, clean_line};
use crate::registry::Registries;

/// Where what Trivy says goes, line by line.
pub type Line<'a> = &'a (dyn Fn(String) + Send + Sync);

/// How much longer than the time it was given Trivy may take to end by itself.
const GRACE: Duration = Duration::from_secs(30);

/// The variables that Trivy may see: where its cache and its databases are, and how it is let in. All others of its own
/// could change what it reports.
const VARIABLES: &[&str] = &[
    "TRIVY_CACHE_DIR",
    "TRIVY_DB_REPOSITORY",
    "TRIVY_JAVA_DB_REPOSITORY",
    "TRIVY_USERNAME",
    "TRIVY_PASSWORD",
    "TRIVY_REGISTRY_TOKEN",
    "TRIVY_INSECURE",
    "TRIVY_CACERT",
    "TRIVY_SKIP_DB_UPDATE",
    "TRIVY_SKIP_JAVA_DB_UPDATE",
    "TRIVY_SKIP_VERSION_CHECK",
    "TRIVY_OFFLINE_SCAN",
];

/// How Trivy is called.
#[derive(Debug, Clone)]
pub struct TrivyOptions {
    /// The program: a path, or a name in `PATH`.
    pub program: PathBuf,
    /// Further arguments of `trivy image`.
    pub args: Vec<String>,
    /// The address of a server that does the scanning.
    pub server: Option<String>,
    /// The file with the token of that server.
    pub token_file: Option<PathBuf>,
    /// The repository of the vulnerability database.
    pub database: Option<String>,
    /// The repository of the database of Java packages.
    pub java_database: Option<String>,
    /// How long one scan may take.
    pub timeout: Duration,
    /// How many scans run at once.
    pub at_once: usize,
}

impl Default for TrivyOptions {
    fn default() -> Self {
        Self {
            program: "trivy".into(),
            args: Vec::new(),
            server: None,
            token_file: None,
            database: None,
            java_database: None,
            timeout: Duration::from_mins(10),
            at_once: 2,
        }
    }
}

/// Trivy. Clones share the bound on how many scans run at once.
#[derive(Clone)]
pub struct Trivy {
    options: TrivyOptions,
    registries: Registries,
    permits: Arc<Semaphore>,
    /// Whether a scan has come to its end, so that the database is there. Whoever finds it is not holds the lock: two
    /// that fetch it into one folder would spoil it for each other.
    fetched: Arc<Mutex<bool>>,
    /// When it is stopped: a little after the time that it was given.
    patience: Duration,
}

/// What Trivy is to write.
#[derive(Debug, Clone, Copy)]
enum Form {
    Report,
    Sbom(SbomFormat),
}

impl Form {
    /// As `--format` calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Report => "json",
            Self::Sbom(format) => format.name(),
        }
    }

    /// What it is to look for; for an SBOM, nothing.
    const fn scanning(self) -> &'static [&'static str] {
        match self {
            Self::Report => &["--scanners", "vuln", "--show-suppressed"],
            Self::Sbom(_) => &[],
        }
    }
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
    /// Trivy as `options` say, with the credentials of `registries`.
    pub fn new(options: TrivyOptions, registries: Registries) -> Self {
        let permits = Arc::new(Semaphore::new(options.at_once.max(1)));
        Self {
            patience: options.timeout.saturating_add(GRACE),
            options,
            registries,
            permits,
            fetched: Arc::default(),
        }
    }

    /// Scans `image` on `platform` (of an image without one, as it is) and answers with the report's bytes, and read. What
    /// Trivy says on its way goes to `line`, harmless. Whoever drops the future stops Trivy.
    ///
    /// # Errors
    /// When Trivy cannot be started or does not end, or what it writes is no report of this image and platform. Its exit
    /// code decides nothing: 1 is any error, and with some arguments also a finding.
    pub async fn scan(
        &self,
        image: &ImageReference,
        platform: Option<&Platform>,
        line: Line<'_>,
    ) -> Result<(Bytes, Report), ScanError> {
        let docker = self.docker_config(Some(&image.repository)).await?;
        let mut what = Vec::new();
        if let Some(platform) = platform {
            what.extend(["--platform".into(), platform.to_string().into()]);
        }
        what.extend(["--".into(), image.to_string().into()]);
        let (bytes, report) = self.report(&what, docker, line).await?;
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
            _ => Ok((bytes, report)),
        }
    }

    /// Scans the image in a tar file (an OCI layout, or as `docker save` writes it), which was never in a registry: its
    /// report names no digest.
    pub async fn scan_file(&self, tar: &Path, line: Line<'_>) -> Result<(Bytes, Report), ScanError> {
        let docker = self.docker_config(None).await?;
        // Trivy runs in another folder.
        let tar = std::path::absolute(tar).map_err(|source| ScanError::Unreadable {
            path: tar.to_owned(),
            source,
        })?;
        self.report(&["--input".into(), tar.into()], docker, line).await
    }

    /// Lists what is in the image in a tar file or the folder of an OCI layout. No database is needed for that.
    pub async fn sbom(&self, image: &Path, format: SbomFormat, line: Line<'_>) -> Result<Bytes, ScanError> {
        let image = std::path::absolute(image).map_err(|source| ScanError::Unreadable {
            path: image.to_owned(),
            source,
        })?;
        let _permit = self.permit().await?;
        let bytes = self
            .run(Form::Sbom(format), &["--input".into(), image.into()], None, line)
            .await?;
        format.check(&bytes).map_err(|why| self.failed(why))?;
        Ok(bytes)
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, ScanError> {
        let permit = self.permits.acquire().await;
        permit.map_err(|error| self.failed(error.to_string()))
    }

    /// Runs Trivy on `what`, when it is its turn.
    async fn report(
        &self,
        what: &[OsString],
        docker: Option<SecretString>,
        line: Line<'_>,
    ) -> Result<(Bytes, Report), ScanError> {
        let _permit = self.permit().await?;
        let mut first = self.fetched.lock().await;
        if *first || self.options.server.is_some() {
            drop(first);
            self.read(what, docker, line).await
        } else {
            let done = self.read(what, docker, line).await;
            *first = done.is_ok();
            done
        }
    }

    async fn read(
        &self,
        what: &[OsString],
        docker: Option<SecretString>,
        line: Line<'_>,
    ) -> Result<(Bytes, Report), ScanError> {
        let bytes = self.run(Form::Report, what, docker, line).await?;
        let report = Report::parse(&bytes).map_err(|why| self.failed(why))?;
        Ok((bytes, report))
    }

    async fn run(
        &self,
        form: Form,
        what: &[OsString],
        docker: Option<SecretString>,
        line: Line<'_>,
    ) -> Result<Bytes, ScanError> {
        let room = Room::new().map_err(|error| self.failed(format!("no room for its report: {error}")))?;
        let in_room = |error: io::Error| self.failed(format!("its private folder: {error}"));
        let nothing = room.nothing().map_err(in_room)?;
        let mut command = self.command();
        command
            .current_dir(room.folder().map_err(in_room)?)
            .args(["image", "--no-progress"])
            .args(form.scanning())
            .arg("--ignorefile")
            .arg(&nothing)
            .arg("--config")
            .arg(&nothing)
            .arg("--timeout")
            .arg(format!("{}s", self.options.timeout.as_secs().max(1)));
        if let Some(config) = docker {
            command.env("DOCKER_CONFIG", room.docker_config(&config).map_err(in_room)?);
        }
        self.source(&mut command)?;
        command
            .args(&self.options.args)
            // After those of other people: without it there is nothing to read.
            .args(["--format", form.name()])
            .arg("--output")
            .arg(room.report())
            .args(what)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ScanError::NoScanner { program: self.name() },
            _ => self.failed(error.to_string()),
        })?;
        let mut said = Said::default();
        let ended = {
            let errors = child.stderr.take();
            let working = async {
                tokio::select! {
                    () = said.follow(errors, line) => child.wait().await.map_err(|error| self.failed(error.to_string())),
                    () = room.too_large() => Err(self.failed(room::too_large_in_words())),
                }
            };
            tokio::time::timeout(self.patience, working).await
        };
        let status = ended.map_err(|_| ScanError::Slow {
            program: self.name(),
            limit: self.options.timeout,
        })??;
        room.read().map_err(|why| {
            let words = said.complaint();
            self.failed(words.unwrap_or_else(|| format!("{why}; it ended with {status}")))
        })
    }

    /// Which Trivy this is and how old its database; nothing of what it does not tell.
    pub async fn context(&self) -> ReportContext {
        let mut command = self.command();
        command.args(["version", "--format", "json"]);
        // The database that the scan used is the one in its cache.
        if let Some([flag, folder]) = self.options.args.windows(2).find(|pair| pair[0] == "--cache-dir") {
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
            arguments: Some(without_secrets(&self.options.args)).filter(|text| !text.is_empty()),
            database_source: Some(self.database_source()),
            ..ReportContext::default()
        }
    }

    /// Where the database comes from, as far as the configuration says it.
    fn database_source(&self) -> String {
        let options = &self.options;
        let chosen = options.server.clone().or_else(|| options.database.clone());
        let chosen = chosen.or_else(|| std::env::var("TRIVY_DB_REPOSITORY").ok());
        // One of several mirrors of the project's own, which Trivy chooses between.
        clean_line(&chosen.unwrap_or_else(|| "pkg:github/aquasecurity/trivy-db".to_owned()))
    }

    /// Where the knowledge of vulnerabilities comes from: a server, or the databases.
    fn source(&self, command: &mut Command) -> Result<(), ScanError> {
        let Some(server) = &self.options.server else {
            let is_chosen = self
                .options
                .args
                .iter()
                .any(|arg| arg.starts_with("--cache-backend"));
            if self.options.at_once > 1 && !is_chosen {
                // The usual one is a file that one Trivy locks until it ends; the next gives up after five seconds.
                command.args(["--cache-backend", "memory"]);
            }
            for (flag, repository) in [
                ("--db-repository", &self.options.database),
                ("--java-db-repository", &self.options.java_database),
            ] {
                if let Some(repository) = repository {
                    command.arg(flag).arg(repository);
                }
            }
            return Ok(());
        };
        command.arg("--server").arg(server);
        if let Some(path) = &self.options.token_file {
            let token = super::read_file(path)?;
            let token = String::from_utf8_lossy(&token).trim().to_owned();
            // Not as an argument: those are for everybody to read.
            command.env("TRIVY_TOKEN", token);
        }
        Ok(())
    }

    /// Docker's configuration with what Trivy needs to be let in, and nothing else; none where it needs nothing.
    async fn docker_config(&self, image: Option<&Repository>) -> Result<Option<SecretString>, ScanError> {
        let databases = [&self.options.database, &self.options.java_database];
        let databases = databases
            .into_iter()
            .flatten()
            .filter_map(|name| name.parse::<ImageReference>().ok());
        let mut hosts: Vec<_> = databases
            .map(|database| database.repository.host().to_owned())
            .collect();
        hosts.extend(image.map(|image| image.host().to_owned()));
        hosts.sort_unstable();
        hosts.dedup();
        Ok(self.registries.docker_config(&hosts).await?)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        for name in strangers(std::env::vars_os().map(|(name, _)| name)) {
            command.env_remove(name);
        }
        command
            .stdin(Stdio::null())
            // The password of the signing key is nobody else's business.
            .env_remove("COSIGN_PASSWORD")
            .kill_on_drop(true);
        command
    }

    /// The program. It is started in another folder, so that a path must not depend on this one.
    fn program(&self) -> PathBuf {
        let program = &self.options.program;
        let is_path = program.components().count() > 1;
        let whole = is_path.then(|| std::path::absolute(program).ok()).flatten();
        whole.unwrap_or_else(|| program.clone())
    }

    fn name(&self) -> String {
        clean_line(&self.options.program.to_string_lossy())
    }

    fn failed(&self, why: String) -> ScanError {
        ScanError::Scanner {
            program: self.name(),
            why,
        }
    }
}

/// The variables of Trivy's own that it may not see.
fn strangers(names: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("TRIVY_") && !VARIABLES.contains(&name.as_ref())
    })
}

/// Arguments in one line, each secret among them left out.
fn without_secrets(args: &[String]) -> String {
    const SECRETS: [&str; 5] = [
        "--password",
        "--registry-token",
        "--token",
        "--username",
        "--header",
    ];
    let mut shown = Vec::new();
    let mut hides = false;
    for arg in args {
        let name = arg.split('=').next().unwrap_or_default();
        // Flags of a secret may have its value after a `=`, or in the next argument.
        let is_secret = SECRETS.iter().any(|secret| name.starts_with(secret));
        if hides || is_secret {
            shown.push(if is_secret {
                format!("{name}=…")
            } else {
                String::new()
            });
            hides = is_secret && !arg.contains('=');
        } else {
            shown.push(clean_line(arg));
        }
    }
    shown.retain(|arg| !arg.is_empty());
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Settings;

    /// A program that behaves as Trivy might.
    fn scanner(name: &str) -> Trivy {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scanner");
        let options = TrivyOptions {
            program: folder.join(name),
            ..TrivyOptions::default()
        };
        Trivy::new(options, Registries::new(Settings::default()).unwrap())
    }

    fn image() -> ImageReference {
        let digest = crate::domain::Digest::of(b"image");
        format!("127.0.0.1:1/app@{digest}").parse().unwrap()
    }

    async fn complaint_of(name: &str) -> String {
        let amd64 = "linux/amd64".parse().unwrap();
        let error = scanner(name)
            .scan(&image(), Some(&amd64), &|_| ())
            .await
            .unwrap_err();
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
        assert!(scanner("finds").scan(&image(), None, &|_| ()).await.is_ok());
    }

    #[tokio::test]
    async fn a_scanner_that_is_not_there_is_named_with_how_to_get_it() {
        let error = scanner("nowhere")
            .scan(&image(), None, &|_| ())
            .await
            .unwrap_err();
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
        let error = impatient.scan(&image(), None, &|_| ()).await.unwrap_err();
        assert!(matches!(error, ScanError::Slow { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_scan_that_nobody_waits_for_any_more_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let mut trivy = scanner("hangs");
        trivy.options.args = vec![pid_file.display().to_string()];
        let (image, started) = (
            image(),
            until(|| {
                std::fs::read_to_string(&pid_file)
                    .ok()
                    .filter(|pid| pid.ends_with('\n'))
            }),
        );
        let pid = tokio::select! {
            ended = trivy.scan(&image, None, &|_| ()) => panic!("{ended:?}"),
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

    #[tokio::test]
    async fn rules_of_the_working_folder_and_of_the_environment_do_not_reach_it() {
        let (bytes, _) = scanner("tells").scan(&image(), None, &|_| ()).await.unwrap();
        let told = String::from_utf8_lossy(&bytes);
        for wanted in ["--ignorefile", "--config", "--show-suppressed", "--timeout 600s"] {
            assert!(told.contains(wanted), "{told}");
        }
        let names = ["TRIVY_IGNOREFILE", "TRIVY_SEVERITY", "TRIVY_CACHE_DIR", "HOME"].map(OsString::from);
        let kept_away: Vec<_> = strangers(names.into_iter()).collect();
        assert_eq!(kept_away, ["TRIVY_IGNOREFILE", "TRIVY_SEVERITY"]);
    }

    #[tokio::test]
    async fn a_server_gets_its_token_by_the_environment_and_not_as_an_argument() {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, "open sesame\n").unwrap();
        let mut trivy = scanner("tells");
        trivy.options.server = Some("http://127.0.0.1:4954".into());
        trivy.options.token_file = Some(token);
        trivy.options.database = Some("127.0.0.1:1/trivy-db:2".into());
        let (bytes, _) = trivy.scan(&image(), None, &|_| ()).await.unwrap();
        let told = String::from_utf8_lossy(&bytes);
        assert!(told.contains("--server http://127.0.0.1:4954"), "{told}");
        assert!(told.contains("TRIVY_TOKEN=open sesame"), "{told}");
        assert_eq!(told.matches("open sesame").count(), 1, "{told}");
        assert!(
            !told.contains("trivy-db"),
            "the server has databases of its own: {told}"
        );
    }

    #[tokio::test]
    async fn credentials_are_in_a_file_that_nobody_else_can_read_and_that_is_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.json");
        let auths = r#"{"auths": {"127.0.0.1:1": {"auth": "bWU6c2VjcmV0"}, "elsewhere.example.com": {"auth": "bWU6b3RoZXI="}}}"#;
        std::fs::write(&config, auths).unwrap();
        let settings = Settings {
            docker_config: Some(config),
            ..Settings::default()
        };
        let trivy = Trivy {
            registries: Registries::new(settings).unwrap(),
            ..scanner("tells")
        };
        let (bytes, _) = trivy.scan(&image(), None, &|_| ()).await.unwrap();
        let told = String::from_utf8_lossy(&bytes);
        assert!(
            told.contains("bWU6c2VjcmV0") && told.contains("mode 600"),
            "{told}"
        );
        assert!(!told.contains("elsewhere"), "only what this scan needs: {told}");
        let path = told
            .split("DOCKER_CONFIG=")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert!(
            path.contains("windlass-scan-") && !Path::new(path).exists(),
            "{path}"
        );
    }

    #[test]
    fn arguments_are_kept_without_their_secrets() {
        let args = [
            "--offline-scan",
            "--password",
            "hush",
            "--token=hush",
            "--ignore-unfixed",
        ]
        .map(str::to_owned);
        let kept = without_secrets(&args);
        assert_eq!(kept, "--offline-scan --password=… --token=… --ignore-unfixed");
    }

    #[tokio::test]
    async fn it_runs_in_an_empty_folder_of_its_own() {
        let (bytes, _) = scanner("tells").scan(&image(), None, &|_| ()).await.unwrap();
        let told = String::from_utf8_lossy(&bytes);
        assert!(
            told.contains("windlass-scan-") && told.contains("/empty holds []"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn what_it_says_is_told_line_by_line() {
        let lines = std::sync::Mutex::new(Vec::new());
        let tell = |line| lines.lock().unwrap().push(line);
        scanner("fails").scan(&image(), None, &tell).await.unwrap_err();
        let lines = lines.into_inner().unwrap();
        assert_eq!(lines[0], "INFO looking");
        assert_eq!(lines.len(), 3, "{lines:?}");
    }

    #[tokio::test]
    async fn an_image_in_a_file_needs_no_digest_in_its_report() {
        let tar = Path::new("image.tar");
        let (bytes, _) = scanner("tells").scan_file(tar, &|_| ()).await.unwrap();
        let told = String::from_utf8_lossy(&bytes);
        let absolute = std::path::absolute(tar).unwrap();
        assert!(
            told.contains(&format!("--input {}", absolute.display())),
            "{told}"
        );
    }

    #[tokio::test]
    async fn scans_at_once_share_no_cache_that_one_of_them_locks() {
        let mut trivy = scanner("tells");
        for (at_once, memory) in [(2, true), (1, false)] {
            trivy.options.at_once = at_once;
            let (bytes, _) = trivy.scan(&image(), None, &|_| ()).await.unwrap();
            let told = String::from_utf8_lossy(&bytes);
            assert_eq!(told.contains("--cache-backend memory"), memory, "{told}");
        }
    }

    #[tokio::test]
    async fn a_report_that_never_stops_growing_is_stopped() {
        let said = complaint_of("never-stops").await;
        assert!(said.contains("its report has more than 100 MB"), "{said}");
    }

    #[tokio::test]
    async fn a_report_that_is_too_large_is_refused_and_not_read() {
        let said = complaint_of("writes-200-megabytes").await;
        assert!(said.contains("its report has more than 100 MB"), "{said}");
    }
}
