//! Reads tables and values of a TOML document and remembers where each stands, so that every mistake, of form or of
//! meaning, can point at its place.

use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Mistake};
use super::keys::{Keys, nearest};

/// The document, for the places in it.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub path: &'a Path,
    pub text: &'a str,
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
            });
        };
        let name = key.get_ref().as_ref();
        let section = keys.section;
        if keys.reserved.contains(&name) {
            return Err(document.advise(
                key.span(),
                format!("`{name}` in {section} is not supported yet"),
                Some("take it out: what is written here and not carried out would be believed".to_owned()),
            ));
        }
        let hint = match nearest(name, keys.known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{section} has {}", keys.known.join(", ")),
        };
        Err(document.advise(
            key.span(),
            format!("unknown key `{name}` in {section}"),
            Some(hint),
        ))
    }

    /// The value of `key`, if it is there.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        debug_assert!(self.keys.known.contains(&key), "`{key}` is missing in keys.rs");
        let value = self.table?.get(key)?;
        Some(self.document.value(value, key))
    }

    /// The value of `key`, which must be there.
    pub fn require(&self, key: &str) -> Result<Value<'a>, ConfigError> {
        self.get(key).ok_or_else(|| {
            self.document
                .mistake(self.span.clone(), format!("{} lacks `{key}`", self.keys.section))
        })
    }

    /// The table at `key`; an empty one if there is none.
    pub fn table(&self, key: &str, keys: Keys) -> Result<Self, ConfigError> {
        self.get(key).map_or_else(
            || {
                Ok(Self {
                    document: self.document,
                    keys,
                    span: self.span.clone(),
                    table: None,
                })
            },
            |value| value.section(keys),
        )
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

    /// The strings of a list, none if it is not there.
    pub fn strings(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let list = self.get(key).map_or(Ok(Vec::new()), |value| value.list())?;
        list.iter()
            .map(|value| value.string().map(str::to_owned))
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
        self.mistake(format_args!("wanted {wanted}, found a value of type {kind}"))
    }

    /// A string.
    pub fn string(&self) -> Result<&'a str, ConfigError> {
        self.found
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong_kind("a string"))
    }

    /// A string that says something.
    pub fn text(&self) -> Result<String, ConfigError> {
        let text = self.string()?;
        if text.trim().is_empty() {
            return Err(self.mistake("is empty"));
        }
        Ok(text.to_owned())
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
                format_args!("`{text}` is not a day"),
                Some("write it as 2026-12-31".to_owned()),
            )
        })
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let word = self.string()?;
        let found = words.iter().find(|(known, _)| *known == word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(known, _)| format!("`{known}`")).collect();
            self.mistake(format_args!("`{word}` is none of {}", known.join(", ")))
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
                    "wanted a list, found one table",
                    Some(format!("write its head in double brackets: [[{}]]", self.key)),
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
