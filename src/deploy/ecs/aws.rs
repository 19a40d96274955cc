//! Calls of the `aws` program: its credentials, profiles and retries are those of its user.

use std::io::Write as _;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::deploy::error::DeployError;
use crate::domain::{EcsSettings, clean_line};
use crate::program::{Call, ProgramError};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);
/// The longest answer that is read, in bytes.
const MAX_ANSWER_SIZE: u64 = 4 * 1024 * 1024;

/// What says that whoever asks may not, in the error codes of AWS and the words of the program.
const NOT_ALLOWED: [&str; 8] = [
    "AccessDenied",
    "UnrecognizedClient",
    "ExpiredToken",
    "InvalidClientTokenId",
    "InvalidSignature",
    "Unable to locate credentials",
    "Token has expired",
    "SSO",
];
/// What says that nobody was reached.
const UNREACHABLE: [&str; 3] = [
    "Could not connect to the endpoint",
    "Connect timeout",
    "Connection was closed",
];
/// What says that nothing is there, or that it is not as it has to be.
const UNFIT: [&str; 7] = [
    "ClusterNotFound",
    "ServiceNotFound",
    "ServiceNotActive",
    "InvalidParameter",
    "ClientException",
    "could not be found",
    "You must specify a region",
];

/// The program, for one service.
pub(super) struct Aws<'a> {
    pub(super) settings: &'a EcsSettings,
    /// What is asked for, in words.
    pub(super) target: String,
    pub(super) cancel: &'a CancellationToken,
}

impl Aws<'_> {
    /// The answer of `aws ecs OPERATION ARGS`.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &str,
        args: &[&str],
    ) -> Result<T, DeployError> {
        let mut call = Call::new(&self.settings.program)
            .args(["ecs", operation])
            .args(args)
            .args(["--output", "json"])
            // Version 2 would show long answers in a pager.
            .variable("AWS_PAGER", "")
            .limit(CALL_TIMEOUT)
            .keep(MAX_ANSWER_SIZE)
            .keep_errors();
        if let Ok(pattern) = "AWS_*".parse() {
            call = call.inherit_patterns(&[pattern]);
        }
        for (option, value) in [
            ("--region", &self.settings.region),
            ("--profile", &self.settings.profile),
        ] {
            if let Some(value) = value {
                call = call.args([option, value]);
            }
        }
        let ended = match call.run(&|_| (), self.cancel).await {
            Ok(ended) => ended,
            Err(ProgramError::Interrupted) => return Err(DeployError::Interrupted),
            Err(error) => return Err(DeployError::Program(error)),
        };
        if !ended.status.success() {
            return Err(self.failed(operation, &String::from_utf8_lossy(&ended.errors)));
        }
        // An answer without anything in it is not printed.
        let is_empty = ended.output.iter().all(u8::is_ascii_whitespace);
        let printed: &[u8] = if is_empty { b"{}" } else { &ended.output };
        serde_json::from_slice(printed).map_err(|error| {
            self.unreachable(format!(
                "`aws ecs {operation}` printed what cannot be read: {}",
                clean_line(&error.to_string())
            ))
        })
    }

    /// The same with a document as its input, in a file that only its user can read: it may hold secrets, which arguments
    /// would show to everyone on this machine.
    pub(super) async fn give<T: DeserializeOwned>(
        &self,
        operation: &str,
        input: &Value,
    ) -> Result<T, DeployError> {
        let written = || {
            let mut file = tempfile::NamedTempFile::new()?;
            serde_json::to_writer(&mut file, input)?;
            file.flush()?;
            Ok(file)
        };
        let file = written().map_err(|error: std::io::Error| {
            self.unreachable(format!("no temporary file could be written: {error}"))
        })?;
        let url = format!("file://{}", file.path().display());
        self.ask(operation, &["--cli-input-json", &url]).await
    }

    fn failed(&self, operation: &str, errors: &str) -> DeployError {
        let last = errors.lines().rev().find(|line| !line.trim().is_empty());
        let said = last.map_or_else(|| format!("`aws ecs {operation}` failed"), clean_line);
        let is = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let target = self.target.clone();
        if is(&NOT_ALLOWED) {
            DeployError::NotAllowed { target, why: said }
        } else if is(&UNREACHABLE) {
            DeployError::Unreachable { target, why: said }
        } else if is(&UNFIT) {
            self.unfit(
                said,
                "correct `cluster`, `service_name`, `region` or `profile` in windlass.toml",
            )
        } else {
            DeployError::Unreachable { target, why: said }
        }
    }

    fn unreachable(&self, why: String) -> DeployError {
        DeployError::Unreachable {
            target: self.target.clone(),
            why,
        }
    }

    pub(super) fn unfit(&self, why: String, hint: &str) -> DeployError {
        DeployError::Unfit {
            target: self.target.clone(),
            why,
            hint: hint.to_owned(),
        }
    }
}
