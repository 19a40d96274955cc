//! A TOML document: who wrote it, and mistakes that point at a place in it.

use std::ops::Range;
use std::path::Path;

use super::error::{ConfigError, Mistake};
use super::keys::{Keys, UntilTrusted};

/// The document, for the places in it.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub path: &'a Path,
    pub text: &'a str,
    pub origin: Origin<'a>,
}

/// Who wrote a document, which decides how far it is believed.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// The user, in a file outside any repository: everything counts.
    User,
    /// Whoever may push to a repository. Its paths stay below `root`; its sensitive settings count once they are trusted.
    Repository { root: &'a Path, is_trusted: bool },
}

impl<'a> Document<'a> {
    pub fn mistake(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        self.advise(span, message, None)
    }

    pub fn advise(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> ConfigError {
        ConfigError::Wrong(Box::new(Mistake::at(
            self.path,
            self.text,
            span,
            message.into(),
            hint,
        )))
    }

    /// A mistake of form.
    pub fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        self.mistake(
            error.span().unwrap_or_default(),
            error.message().replace('\n', ", "),
        )
    }

    /// The folder that relative paths in it begin at.
    pub fn folder(&self) -> &'a Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    pub fn withholds(&self, keys: &Keys, key: &str) -> bool {
        matches!(
            self.origin,
            Origin::Repository {
                is_trusted: false,
                ..
            }
        ) && keys.until_trusted(key) == Some(UntilTrusted::Withheld)
    }
}
