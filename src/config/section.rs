//! A table of a TOML document, whose keys are all known.

use std::fmt::Display;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use toml::de::DeTable;

use super::document::Document;
use super::error::ConfigError;
use super::keys::{Keys, nearest};
use super::value::Value;

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
            return Some(Value::new(own.document, key, value));
        }
        self.of_file(key)
    }

    fn of_file(&self, key: &str) -> Option<Value<'a>> {
        let value = self.table?.get(key)?;
        (!self.document.withholds(&self.keys, key)).then(|| Value::new(self.document, key, value))
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

impl<'a> Value<'a> {
    /// A table with these keys.
    pub fn section(&self, keys: Keys) -> Result<Section<'a>, ConfigError> {
        Section::new(self.document(), keys, self.span(), self.table()?)
    }
}
