//! What can go wrong with scanners and their reports.

use std::time::Duration;

use crate::domain::{Digest, Exit};
use crate::registry::RegistryError;
use crate::sign::SignError;

/// Why an image could not be scanned, or a report not be attached or read.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An attestation.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The scanner is not installed, or not where the configuration says.
    #[error("there is no scanner `{program}`")]
    NoScanner {
        /// The program that was looked for.
        program: String,
    },
    /// The scanner did not come to an end.
    #[error("`{program}` did not finish within {} minutes and was stopped", limit.as_secs() / 60)]
    Slow {
        /// The program.
        program: String,
        /// How long it was given.
        limit: Duration,
    },
    /// The scanner did not give a report.
    #[error("`{program}` gave no report: {why}")]
    Scanner {
        /// The program.
        program: String,
        /// Why, as far as is known; harmless.
        why: String,
    },
    /// Not a report.
    #[error("the report {what} cannot be used: {why}")]
    Malformed {
        /// Which.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file that a person named.
    #[error("could not read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A report of something else than it is to be attached to.
    #[error("the report is of {found}, and not of {wanted}")]
    AnotherImage {
        /// What the report says it is of.
        found: Digest,
        /// What it should be of.
        wanted: Digest,
    },
}

impl ScanError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Registry(error) => error.exit(),
            Self::Sign(error) => error.exit(),
            Self::NoScanner { .. }
            | Self::Slow { .. }
            | Self::Scanner { .. }
            | Self::Malformed { .. }
            | Self::Unreadable { .. }
            | Self::AnotherImage { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Registry(error) => return error.hint(),
            Self::Sign(error) => return error.hint(),
            Self::NoScanner { .. } => {
                "install Trivy (https://trivy.dev tells how), or say where it is: `trivy` of [scanner] in windlass.toml"
            }
            Self::Slow { .. } => {
                "it may be fetching its database: `trivy image --download-db-only` shows how that goes"
            }
            Self::Scanner { .. } => {
                "`windlass doctor` looks at the scanner; [scanner] of windlass.toml says how it is called"
            }
            Self::Malformed { .. } => "scan again with `trivy image --format json` and attach that report",
            Self::Unreadable { .. } => {
                "check its name and who may read it; windlass.toml names the files that count"
            }
            Self::AnotherImage { .. } => "scan the image by its digest, and attach the report of that scan",
        };
        Some(text.to_owned())
    }
}
