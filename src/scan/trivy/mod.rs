//! Runs Trivy on an image, by digest, one platform at a time.
//!
//! What counts and what does not is windlass's to say, and stands in its own files. So Trivy finds none of the rules that
//! it would look for by itself: no `.trivyignore` and no `trivy.yaml` of the working folder, and no variables that change
//! what it reports. What it leaves out all the same it is told to list.

mod context;
mod options;
mod run;
mod surroundings;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use self::run::Form;
use super::sbom::SbomFormat;
use super::{Report, ScanError};
use crate::domain::{ImageReference, Platform, Target, clean_line};
use crate::registry::Registries;

pub use options::TrivyOptions;

/// Where what Trivy says goes, line by line.
pub type Line<'a> = &'a (dyn Fn(String) + Send + Sync);

/// How much longer than the time it was given Trivy may take to end by itself.
const GRACE: Duration = Duration::from_secs(30);

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
    /// code counts only where nothing that it found explains it: 1 is any error, and with some arguments also a finding.
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
            return Err(self.failed(format!("its report is not for {}", image.target)));
        }
        match (platform, &report.platform) {
            (Some(asked), Some(of)) if (&asked.os, &asked.architecture) != (&of.os, &of.architecture) => {
                Err(self.failed(format!("its report is for {of}, but {asked} was requested")))
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
        let written = self
            .run(Form::Sbom(format), &["--input".into(), image.into()], None, line)
            .await?;
        if let Some(why) = written.failure {
            return Err(self.failed(why));
        }
        let bytes = written.bytes;
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
        let written = self.run(Form::Report, what, docker, line).await?;
        let report = Report::parse(&written.bytes).map_err(|why| self.failed(why))?;
        // With `--exit-code` or `--exit-on-eol` it also ends so because of what it found.
        let explains = |report: &Report| !report.findings.is_empty() || report.end_of_life.is_some();
        match written.failure {
            Some(why) if written.has_given_up || !explains(&report) => Err(self.failed(why)),
            _ => Ok((written.bytes, report)),
        }
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
