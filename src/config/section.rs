//! Reads tables and values of a TOML document and remembers where each stands, so that every mistake, of form or of
//! meaning, can point at its place.

use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::confined;
use super::error::{ConfigError, Mistake};
use super::keys::{Keys, UntilTrusted, nearest};
use crate::domain::clean_line;

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
    fn folder(&self) -> &'a Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    fn withholds(&self, keys: &Keys, key: &str) -> bool {
        matches!(
            self.origin,
            Origin::Repository {
                is_trusted: false,
                ..
            }
        ) && keys.until_trusted(key) == Some(UntilTrusted::Withheld)
    }

    pub fn value(self, value: &'a Spanned<DeValue<'a>>, key: &str) -> Value<'a> {
        Value {
            document: self,
            key: key.to_owned(),
            found: value,
        }
    }
}

/// A table whose keys are all known.
pub(super) struct Section<'a> {
    document: Document<'a>,
    keys: Keys,
    span: Range<usize>,
    // None if the file does not have it.
    table: Option<&'a DeTable<'a>>,
    // The same table of the user's own file, whose settings come first.
    own: Option<OwnTable<'a>>,
}

/// A table of the user's own file.
#[derive(Clone, Copy)]
pub(super) struct OwnTable<'a> {
    pub document: Document<'a>,
    pub table: &'a DeTable<'a>,
}

impl OwnTable<'_> {
    /// The table at `key`, if there is one. What is not a table was refused when the file was read.
    pub fn table(self, key: &str) -> Option<Self> {
        let table = self.table.get(key)?.get_ref().as_table()?;
        Some(Self { table, ..self })
    }
}

impl<'a> Section<'a> {
    /// Refuses keys that are not of `keys`, the first in the file first.
    pub fn new(
        document: Document<'a>,
        keys: Keys,
        span: Range<usize>,
        table: &'a DeTable<'a>,
    ) -> Result<Self, ConfigError> {
        let stranger = table
            .keys()
            .filter(|key| !keys.known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        let Some(key) = stranger else {
            return Ok(Self {
                document,
                keys,
                span,
                table: Some(table),
                own: None,
            });
        };
        let name = key.get_ref().as_ref();
        let section = keys.section;
        if keys.reserved.contains(&name) {
            return Err(document.advise(
                key.span(),
                format!("`{name}` in {section} is not supported yet"),
                Some("remove it: windlass rejects settings it does not enforce".to_owned()),
            ));
        }
        let hint = match nearest(name, keys.known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("keys of {section}: {}", keys.known.join(", ")),
        };
        Err(document.advise(
            key.span(),
            format!("unknown key `{name}` in {section}"),
            Some(hint),
        ))
    }

    /// The same section, in which the settings of `own` come before those of the file.
    pub const fn with_own(mut self, own: Option<OwnTable<'a>>) -> Self {
        self.own = own;
        self
    }

    /// The value of `key`, if it is there: from the user's own file, or else from this one. A sensitive setting of a
    /// repository that nobody trusts is not there.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        debug_assert!(self.keys.known.contains(&key), "`{key}` is missing in keys.rs");
        if let Some(own) = self.own
            && let Some(value) = own.table.get(key)
        {
            return Some(own.document.value(value, key));
        }
        self.of_file(key)
    }

    fn of_file(&self, key: &str) -> Option<Value<'a>> {
        let value = self.table?.get(key)?;
        (!self.document.withholds(&self.keys, key)).then(|| self.document.value(value, key))
    }

    /// The value of `key`, which must be there.
    pub fn require(&self, key: &str) -> Result<Value<'a>, ConfigError> {
        self.get(key).ok_or_else(|| {
            self.document.mistake(
                self.span.clone(),
                format!("{} requires `{key}`", self.keys.section),
            )
        })
    }

    /// The value of `key`, which must be there; none for a sensitive setting that nobody trusts.
    pub fn require_trusted(&self, key: &str) -> Result<Option<Value<'a>>, ConfigError> {
        let is_there = self.table.is_some_and(|table| table.contains_key(key));
        if is_there && self.get(key).is_none() {
            return Ok(None);
        }
        self.require(key).map(Some)
    }

    /// The table at `key`; an empty one if there is none.
    pub fn table(&self, key: &str, keys: Keys) -> Result<Self, ConfigError> {
        let section = self
            .of_file(key)
            .map_or_else(|| Ok(self.without_table(keys)), |value| value.section(keys))?;
        Ok(section.with_own(self.own.and_then(|own| own.table(key))))
    }

    /// The tables of the table at `key`, each with its name: those of the file, then those that only the user's own has.
    pub fn tables(&self, key: &str, keys: Keys) -> Result<Vec<(&'a str, Self)>, ConfigError> {
        let own = self.own.and_then(|own| own.table(key));
        let mut tables = Vec::new();
        for (name, value) in self
            .of_file(key)
            .map_or(Ok(Vec::new()), |value| value.entries())?
        {
            let section = value.section(keys)?.with_own(own.and_then(|own| own.table(name)));
            tables.push((name, section));
        }
        for name in own.iter().flat_map(|own| own.table.keys()) {
            let name = name.get_ref().as_ref();
            if tables.iter().all(|(known, _)| *known != name) {
                let section = self.without_table(keys);
                tables.push((name, section.with_own(own.and_then(|own| own.table(name)))));
            }
        }
        Ok(tables)
    }

    /// A section that the file does not have.
    fn without_table(&self, keys: Keys) -> Self {
        Self {
            document: self.document,
            keys,
            span: self.span.clone(),
            table: None,
            own: None,
        }
    }

    /// A file or folder, if it is named; see [`Value::path`].
    pub fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        self.get(key).map(|value| value.path()).transpose()
    }

    /// A file that only a trusted setting may name, if it is named; see [`Value::sensitive_path`].
    pub fn sensitive_path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        self.get(key).map(|value| value.sensitive_path()).transpose()
    }

    /// The value of `key` read as a `T`, or else the usual one.
    pub fn parse_or<T: FromStr<Err: Display>>(&self, key: &str, usual: T) -> Result<T, ConfigError> {
        self.get(key).map_or(Ok(usual), |value| value.parse())
    }

    /// A boolean that is false unless it is written.
    pub fn flag(&self, key: &str) -> Result<bool, ConfigError> {
        self.flag_or(key, false)
    }

    /// A boolean, or else the usual one.
    pub fn flag_or(&self, key: &str, usual: bool) -> Result<bool, ConfigError> {
        self.get(key).map_or(Ok(usual), |value| value.boolean())
    }

    /// A string that says something, if it is there.
    pub fn text(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.get(key).map(|value| value.text()).transpose()
    }

    /// The items of a list, each of which must parse; none if it is not there.
    pub fn parsed<T: FromStr<Err: Display>>(&self, key: &str) -> Result<Vec<T>, ConfigError> {
        let list = self.get(key).map_or(Ok(Vec::new()), |value| value.list())?;
        list.iter().map(Value::parse).collect()
    }

    /// The strings of a list, none if it is not there.
    pub fn strings(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let list = self.get(key).map_or(Ok(Vec::new()), |value| value.list())?;
        list.iter()
            .map(|value| value.plain().map(str::to_owned))
            .collect()
    }

    /// A whole number above zero, if it is there.
    pub fn positive(&self, key: &str) -> Result<Option<u32>, ConfigError> {
        match self.get(key) {
            Some(value) => match value.number::<u32>()? {
                0 => Err(value.mistake("must be at least 1")),
                number => Ok(Some(number)),
            },
            None => Ok(None),
        }
    }

    /// A mistake of the table as a whole, and what would be right.
    pub fn advise(&self, message: impl Display, hint: Option<String>) -> ConfigError {
        self.document.advise(self.span.clone(), message.to_string(), hint)
    }

    /// A mistake of the table as a whole.
    pub fn mistake(&self, message: impl Into<String>) -> ConfigError {
        self.document.mistake(self.span.clone(), message)
    }
}

/// A value, its key and its place.
pub(super) struct Value<'a> {
    document: Document<'a>,
    key: String,
    found: &'a Spanned<DeValue<'a>>,
}

impl<'a> Value<'a> {
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
            .map(|item| self.document.value(item, &self.key))
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
        let table = self
            .found
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_kind("a table"))?;
        Ok(table.get(key).map(|value| self.document.value(value, key)))
    }

    /// A table with these keys.
    pub fn section(&self, keys: Keys) -> Result<Section<'a>, ConfigError> {
        let table = self
            .found
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_kind("a table"))?;
        Section::new(self.document, keys, self.found.span(), table)
    }

    /// A table whose keys are names, each with its key's text.
    pub fn entries(&self) -> Result<Vec<(&'a str, Self)>, ConfigError> {
        let table = self
            .found
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong_kind("a table"))?;
        Ok(table
            .iter()
            .map(|(key, value)| (key.get_ref().as_ref(), self.document.value(value, key.get_ref())))
            .collect())
    }
}
