//! One run of the program: started in an empty room, followed, and stopped where it does not end.

use std::ffi::OsString;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::{Line, Trivy};
use crate::program::ProgramError;
use crate::scan::ScanError;
use crate::scan::sbom::SbomFormat;
use crate::scan::scan_dir::{self, Room, Said};

/// What Trivy is to write.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Report,
    Sbom(SbomFormat),
}

/// What Trivy wrote, and how it ended.
pub(super) struct Written {
    pub bytes: Bytes,
    /// How it ended, where its exit code is not 0.
    pub failure: Option<String>,
    /// Whether it said that it could not go on.
    pub has_given_up: bool,
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

impl Trivy {
    /// Runs Trivy on `what` and answers with what it wrote, in the form that was asked for.
    pub(super) async fn run(
        &self,
        form: Form,
        what: &[OsString],
        docker: Option<SecretString>,
        line: Line<'_>,
    ) -> Result<Written, ScanError> {
        let room = Room::new()
            .map_err(|error| self.failed(format!("could not create a temporary folder: {error}")))?;
        let in_room =
            |error: io::Error| self.failed(format!("could not create its temporary folder: {error}"));
        let nothing = room.nothing().map_err(in_room)?;
        let mut call = self
            .call()
            .folder(room.folder().map_err(in_room)?)
            .args(["image", "--no-progress"])
            .args(form.scanning().iter().copied())
            .arg("--ignorefile")
            .arg(&nothing)
            .arg("--config")
            .arg(&nothing)
            .arg("--timeout")
            .arg(format!("{}s", self.options.timeout.as_secs().max(1)));
        if let Some(config) = docker {
            call = call.variable("DOCKER_CONFIG", room.docker_config(&config).map_err(in_room)?);
        }
        let call = self
            .source(call)?
            .args(&self.options.args)
            // After those of other people: without it there is nothing to read.
            .args(["--format", form.name()])
            .arg("--output")
            .arg(room.report())
            .args(what);
        let said = Mutex::new(Said::default());
        let tell = |text: String| {
            let told = said.lock().ok().and_then(|mut said| said.add(&text));
            told.into_iter().for_each(line);
        };
        let never = CancellationToken::new();
        let ended = tokio::select! {
            ended = call.run(&tell, &never) => ended,
            () = room.too_large() => return Err(self.failed(scan_dir::too_large_in_words())),
        };
        let ended = ended.map_err(|error| match error {
            error if error.is_missing() => ScanError::NoScanner { program: self.name() },
            ProgramError::Slow { .. } => ScanError::Slow {
                program: self.name(),
                limit: self.options.timeout,
            },
            error => self.failed(error.to_string()),
        })?;
        let said = said.into_inner().unwrap_or_default();
        let status = ended.in_words();
        let bytes = room.read().map_err(|why| {
            let words = said.complaint();
            self.failed(words.unwrap_or_else(|| format!("{why}; it failed with {status}")))
        })?;
        let failure = (!ended.status.success()).then(|| {
            let words = said.complaint().unwrap_or_default();
            format!("it failed with {status}: {words}")
                .trim_end_matches([':', ' '])
                .to_owned()
        });
        Ok(Written {
            bytes,
            failure,
            has_given_up: said.has_given_up(),
        })
    }
}
