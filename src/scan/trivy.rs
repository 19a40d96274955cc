//! Runs Trivy on an image, by digest, one platform at a time.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::process::Command;

use super::{Report, ReportContext, ScanError};
use crate::domain::{ImageReference, Platform, clean_line};

/// The Trivy program and how it is called.
#[derive(Debug, Clone)]
pub struct Trivy {
    program: PathBuf,
    args: Vec<String>,
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
    /// Trivy as `program`, a path or a name in `PATH`, with further arguments for `trivy image`.
    pub const fn new(program: PathBuf, args: Vec<String>) -> Self {
        Self { program, args }
    }

    /// Scans `image` on `platform` (of an image without one, as it is) and answers with the report's bytes.
    ///
    /// # Errors
    /// When Trivy cannot be started, or what it writes is no report of this image. Its exit code decides nothing: 1 is
    /// any error, and with some arguments also a finding.
    pub async fn scan(
        &self,
        image: &ImageReference,
        platform: Option<&Platform>,
    ) -> Result<Bytes, ScanError> {
        let mut command = Command::new(&self.program);
        command
            .args(["image", "--format", "json", "--quiet", "--scanners", "vuln"])
            .args(&self.args);
        if let Some(platform) = platform {
            command.arg("--platform").arg(platform.to_string());
        }
        let output = self.output(command.arg("--").arg(image.to_string())).await?;
        let failed = |why: String| ScanError::Scanner {
            program: self.program.display().to_string(),
            why,
        };
        let report =
            Report::parse(&output.stdout).map_err(|why| failed(complaint(&output).unwrap_or(why)))?;
        let digest = image.target.to_string();
        if report.repo_digests.iter().all(|named| *named != digest) {
            return Err(failed(format!("its report is not of {digest}")));
        }
        Ok(output.stdout.into())
    }

    /// Which Trivy this is and how old its database; nothing of what it does not tell.
    pub async fn context(&self) -> ReportContext {
        let mut command = Command::new(&self.program);
        command.args(["version", "--format", "json"]);
        // The database that the scan used is the one in its cache.
        if let Some([flag, folder]) = self.args.windows(2).find(|pair| pair[0] == "--cache-dir") {
            command.args([flag, folder]);
        }
        let told = self.output(&mut command).await.ok();
        let version = told.and_then(|output| serde_json::from_slice::<Version>(&output.stdout).ok());
        ReportContext {
            scanner: version
                .as_ref()
                .map(|told| format!("Trivy {}", clean_line(&told.version))),
            database: version.and_then(|told| told.database?.updated_at),
            ..ReportContext::default()
        }
    }

    async fn output(&self, command: &mut Command) -> Result<Output, ScanError> {
        command
            .stdin(Stdio::null())
            // The password of the signing key is nobody else's business.
            .env_remove("COSIGN_PASSWORD")
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|error| ScanError::Scanner {
                program: self.program.display().to_string(),
                why: error.to_string(),
            })
    }
}

/// The last thing that it said to a person.
fn complaint(output: &Output) -> Option<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines()
        .map(clean_line)
        .rfind(|line| !line.trim().is_empty())
        .map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
        scanner(name).scan(&image(), None).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_scanner_that_fails_is_quoted() {
        let said = complaint_of("fails").await;
        assert!(said.ends_with("FATAL no database"), "{said}");
    }

    #[tokio::test]
    async fn a_report_of_another_image_is_refused() {
        let said = complaint_of("another-image").await;
        assert!(said.contains("its report is not of sha256:"), "{said}");
    }

    #[tokio::test]
    async fn an_exit_code_does_not_make_a_report_worthless() {
        assert!(scanner("finds").scan(&image(), None).await.is_ok());
    }

    #[tokio::test]
    async fn a_scanner_that_is_not_there_is_an_error_with_its_name() {
        let said = complaint_of("nowhere").await;
        assert!(said.contains("scanner/nowhere"), "{said}");
        assert!(scanner("nowhere").context().await.scanner.is_none());
    }
}
