//! What is told of a report besides its findings: which Trivy made it, of which database, with which arguments.

use jiff::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::Trivy;
use crate::domain::clean_line;
use crate::scan::ReportContext;

/// No answer of `trivy version` is larger, in bytes.
const MAX_VERSION_SIZE: u64 = 64 * 1024;

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
    /// Which Trivy this is and how old its database; nothing of what it does not tell.
    pub async fn context(&self) -> ReportContext {
        let mut call = self
            .call()
            .args(["version", "--format", "json"])
            .keep(MAX_VERSION_SIZE);
        // The database that the scan used is the one in its cache.
        if let Some([flag, folder]) = self.options.args.windows(2).find(|pair| pair[0] == "--cache-dir") {
            call = call.args([flag, folder]);
        }
        let told = call.run(&|_| (), &CancellationToken::new()).await.ok();
        let version = told.and_then(|ended| serde_json::from_slice::<Version>(&ended.output).ok());
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
}
