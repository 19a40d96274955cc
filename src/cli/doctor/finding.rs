//! What was found of one thing.

use serde::Serialize;

use crate::domain::{Clean, Exit};

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    Ok,
    /// Something will not work, but not the main thing.
    Warning,
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    pub(super) subject: &'static str,
    pub(super) status: Status,
    pub(super) summary: Clean,
    /// What to do.
    pub(super) hint: Option<Clean>,
    #[serde(skip)]
    pub(super) exit: Exit,
}

impl Finding {
    pub(super) fn ok(subject: &'static str, what: impl AsRef<str>) -> Self {
        Self {
            subject,
            status: Status::Ok,
            summary: Clean::line(what.as_ref()),
            hint: None,
            exit: Exit::Done,
        }
    }

    pub(super) fn warning(subject: &'static str, what: impl AsRef<str>) -> Self {
        Self {
            status: Status::Warning,
            ..Self::ok(subject, what)
        }
    }

    pub(super) fn problem(subject: &'static str, exit: Exit, what: impl AsRef<str>) -> Self {
        Self {
            status: Status::Problem,
            exit,
            ..Self::ok(subject, what)
        }
    }

    /// With what to do, if that is known.
    pub(super) fn advise(mut self, advice: impl Into<Option<String>>) -> Self {
        self.hint = advice.into().as_deref().map(Clean::line);
        self
    }
}
