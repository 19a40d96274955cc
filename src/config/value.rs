//! A value of a TOML document, which remembers where it stands, so that every mistake, of form or of meaning, can point at its
//! place.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::confined;
use super::document::{Document, Origin};
use super::error::ConfigError;
use super::sensitive;
use crate::domain::clean_line;

/// A value, its key and its place.
pub(super) struct Value<'a> {
    document: Document<'a>,
    key: String,
    found: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
    /// The value that `document` has at `key`.
    pub fn new(document: Document<'a>, key: &str, found: &'a Spanned<DeValue<'a>>) -> Self {
        Self {
            document,
            key: key.to_owned(),
            found,
        }
    }

    /// The document that it stands in.
    pub const fn document(&self) -> Document<'a> {
        self.document
    }

    /// Where it stands there.
    pub fn span(&self) -> Range<usize> {
        self.found.span()
    }

    /// What it says, in one form whatever form the file has.
    pub fn canonical(&self) -> String {
        sensitive::written(self.found.get_ref())
    }

    /// A table, before it is known which keys it may have.
    pub fn table(&self) -> Result<&'a DeTable<'a>, ConfigError> {
        let table = self.found.get_ref().as_table();
        table.ok_or_else(|| self.wrong_kind("a table"))
    }

    /// That this value is wrong.
    pub fn mistake(&self, message: impl Display) -> ConfigError {
        self.advise(message, None)
    }

    /// That this value is wrong, and what would be right.
    pub fn advise(&self, message: impl Display, hint: Option<String>) -> ConfigError {
        self.document
            .advise(self.found.span(), format!("`{}`: {message}", self.key), hint)
    }

    fn wrong_kind(&self, wanted: &str) -> ConfigError {
        let kind = self.found.get_ref().type_str();
        self.mistake(format_args!("expected {wanted}, found {kind}"))
    }

    /// A string.
    pub fn string(&self) -> Result<&'a str, ConfigError> {
        self.found
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong_kind("a string"))
    }

    /// A string that says something, as one harmless line: whoever wrote the file, it is shown on terminals.
    pub fn text(&self) -> Result<String, ConfigError> {
        let text = clean_line(self.string()?);
        if text.trim().is_empty() {
            return Err(self.mistake("is empty"));
        }
        Ok(text)
    }

    /// A string that is used as it is written: an argument, a path. Control characters have no business in one.
    pub fn plain(&self) -> Result<&'a str, ConfigError> {
        let text = self.string()?;
        if clean_line(text) == text {
            Ok(text)
        } else {
            Err(self.mistake("contains control characters"))
        }
    }

    /// A file or folder. A relative path begins at the folder of the file that names it; from a repository's file it must
    /// not lead out of the repository, by `..`, as an absolute path, or through a symbolic link.
    pub fn path(&self) -> Result<PathBuf, ConfigError> {
        let path = self.sensitive_path()?;
        match self.document.origin {
            Origin::Repository { root, .. } if !confined::is_below(&path, root) => Err(self.advise(
                "points outside the repository",
                Some("only your own configuration may point to files elsewhere".to_owned()),
            )),
            Origin::Repository { .. } | Origin::User => Ok(path),
        }
    }

    /// A path that begins at the folder `base` of the repository, as it is written; see [`Value::path`] for where it may lead.
    pub fn path_in(&self, base: &Path) -> Result<PathBuf, ConfigError> {
        let path = PathBuf::from(self.plain()?);
        match self.document.origin {
            Origin::Repository { root, .. } if !confined::is_below(&root.join(base).join(&path), root) => {
                Err(self.mistake("points outside the repository"))
            }
            Origin::Repository { .. } | Origin::User => Ok(path),
        }
    }

    /// A file of a sensitive setting, which may be anywhere: it counts only once it is trusted.
    pub fn sensitive_path(&self) -> Result<PathBuf, ConfigError> {
        let text = self.plain()?;
        if text.trim().is_empty() {
            return Err(self.mistake("is empty"));
        }
        Ok(self.document.folder().join(text))
    }

    /// A program: a bare name is looked up in `PATH`, a path begins at the folder of the file that names it.
    pub fn program(&self) -> Result<PathBuf, ConfigError> {
        let path = self.sensitive_path()?;
        let text = self.string()?;
        Ok(if text.contains('/') { path } else { text.into() })
    }

    /// A string that reads as a `T`.
    pub fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, ConfigError> {
        self.string()?.parse().map_err(|error| self.mistake(error))
    }

    /// A day: a date of TOML without a time, or a string of the same form.
    pub fn date(&self) -> Result<jiff::civil::Date, ConfigError> {
        let text = match self.found.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            _ => self.string()?.to_owned(),
        };
        let date = text.parse().ok().filter(|_| text.len() == "2026-12-31".len());
        date.ok_or_else(|| {
            self.advise(
                format_args!("`{text}` is not a valid date"),
                Some("use the form 2026-12-31".to_owned()),
            )
        })
    }

    /// `24h`, `90m`, `7 days`: a day has 24 hours, and months and years are no durations.
    pub fn duration(&self) -> Result<SignedDuration, ConfigError> {
        let text = self.string()?;
        let span: Result<Span, _> = text.parse();
        let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
        match duration {
            Ok(duration) if duration.is_positive() => Ok(duration),
            _ => Err(self.advise(
                format_args!("`{text}` is not a valid duration"),
                Some("use a form such as `24h`, `90m` or `7d`".to_owned()),
            )),
        }
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let word = self.string()?;
        let found = words.iter().find(|(known, _)| *known == word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(known, _)| format!("`{known}`")).collect();
            self.mistake(format_args!("`{word}` is not one of {}", known.join(", ")))
        })
    }

    /// A boolean.
    pub fn boolean(&self) -> Result<bool, ConfigError> {
        self.found
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong_kind("true or false"))
    }

    /// A whole number, not negative.
    pub fn number<T: TryFrom<u64>>(&self) -> Result<T, ConfigError> {
        let integer = self
            .found
            .get_ref()
            .as_integer()
            .ok_or_else(|| self.wrong_kind("a whole number"))?;
        u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| self.mistake("is negative or too large"))
    }

    /// A list.
    pub fn list(&self) -> Result<Vec<Self>, ConfigError> {
        let items = self
            .found
            .get_ref()
            .as_array()
            .ok_or_else(|| match self.found.get_ref() {
                DeValue::Table(_) => self.advise(
                    "expected a list of tables, found a single table",
                    Some(format!("use double brackets: [[{}]]", self.key)),
                ),
                _ => self.wrong_kind("a list"),
            })?;
        Ok(items
            .iter()
            .map(|item| Self::new(self.document, &self.key, item))
            .collect())
    }

    /// A list, or one value that stands for a list of one.
    pub fn one_or_many(self) -> Result<Vec<Self>, ConfigError> {
        if self.found.get_ref().is_array() {
            self.list()
        } else {
            Ok(vec![self])
        }
    }

    /// The value of `key` of a table, before it is known which keys the table may have.
    pub fn entry(&self, key: &str) -> Result<Option<Self>, ConfigError> {
        let value = self.table()?.get(key);
        Ok(value.map(|value| Self::new(self.document, key, value)))
    }

    /// A table whose keys are names, each with its key's text.
    pub fn entries(&self) -> Result<Vec<(&'a str, Self)>, ConfigError> {
        let entries = self.table()?.iter();
        Ok(entries
            .map(|(key, value)| {
                let key = key.get_ref().as_ref();
                (key, Self::new(self.document, key, value))
            })
            .collect())
    }
}
