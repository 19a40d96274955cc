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
    #[error("cannot find the scanner `{program}`")]
    NoScanner {
        /// The program that was looked for.
        program: String,
    },
    /// The scanner did not come to an end.
    #[error("`{program}` timed out after {} s", limit.as_secs())]
    Slow {
        /// The program.
        program: String,
        /// How long it was given.
        limit: Duration,
    },
    /// The scanner did not give a report.
    #[error("`{program}` produced no report: {why}")]
    Scanner {
        /// The program.
        program: String,
        /// Why, as far as is known; harmless.
        why: String,
    },
    /// Not a report.
    #[error("cannot use the report {what}: {why}")]
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
    #[error("the report is for {found}, not {wanted}")]
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
                "install Trivy (https://trivy.dev), or set `trivy` in [scanner] of windlass.toml to its path"
            }
            Self::Slow { .. } => {
                "it may be downloading its database; check with `trivy image --download-db-only`"
            }
            Self::Scanner { .. } => {
                "check the scanner with `windlass doctor`, and its settings in [scanner] of windlass.toml"
            }
            Self::Malformed { .. } => "scan again with `trivy image --format json` and attach that report",
            Self::Unreadable { .. } => "check its path and permissions; the files are set in windlass.toml",
            Self::AnotherImage { .. } => "scan the image by its digest, and attach the report of that scan",
        };
        Some(text.to_owned())
    }
}
