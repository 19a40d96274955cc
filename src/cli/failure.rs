//! Errors at the edge: what happened, to what, why, what to do now, and the exit code.

use std::io::Write;

use color_eyre::eyre::Report;

use crate::domain::Exit;

/// An error that ends a command.
#[derive(Debug)]
pub struct Failure {
    /// The code that the process ends with.
    pub exit: Exit,
    /// What to do now.
    pub hint: Option<String>,
    /// What happened, with its causes.
    pub report: Report,
}

impl Failure {
    /// A failure of the arguments.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            hint: Some(hint.into()),
            report: Report::msg(message.into()),
        }
    }

    /// Whether it is only that the reader of the output went away, as `head` does.
    fn is_closed_pipe(&self) -> bool {
        self.report.chain().any(|cause| {
            let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            let json = cause
                .downcast_ref::<serde_json::Error>()
                .and_then(serde_json::Error::io_error_kind);
            io.or(json) == Some(std::io::ErrorKind::BrokenPipe)
        })
    }

    /// Writes it for a person. A reader of the output who went away has seen what they wanted, and is told nothing.
    pub fn print(&self, err: &mut dyn Write) -> std::io::Result<()> {
        if self.is_closed_pipe() {
            return Ok(());
        }
        writeln!(err, "error: {}", self.report)?;
        let mut last = self.report.to_string();
        for cause in self.report.chain().skip(1) {
            let cause = cause.to_string();
            // Some libraries repeat their cause in their own words.
            if !last.contains(&cause) {
                writeln!(err, "  because: {cause}")?;
            }
            last = cause;
        }
        if let Some(hint) = &self.hint {
            writeln!(err, "  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The exit code where the output could not be written: a reader who went away has what they wanted.
fn unwritten(kind: Option<std::io::ErrorKind>) -> Exit {
    match kind {
        Some(std::io::ErrorKind::BrokenPipe) => Exit::Done,
        _ => Exit::Failed,
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self {
            exit: unwritten(Some(error.kind())),
            hint: None,
            report: Report::new(error).wrap_err("could not write the output"),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self {
            exit: unwritten(error.io_error_kind()),
            hint: None,
            report: Report::new(error).wrap_err("could not write JSON"),
        }
    }
}

/// Errors of the rooms, which know their exit code and their hint.
macro_rules! explained {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { exit: error.exit(), hint: error.hint(), report: Report::new(error) }
            }
        })*
    };
}

explained!(
    crate::config::ConfigError,
    crate::engine::EngineError,
    crate::engine::JournalError,
    crate::fleet::FleetError,
    crate::git::GitError,
    crate::github::GitHubError,
    crate::registry::RegistryError,
    crate::scan::ScanError,
    crate::sign::SignError,
);

#[cfg(feature = "demo")]
explained!(crate::demo::WorldError, crate::demo::service::ServiceError);

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self {
            exit: Exit::Failed,
            hint: None,
            report,
        }
    }
}
