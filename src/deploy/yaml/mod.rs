//! Changing one scalar of a YAML file and no other byte: comments, quoting, line ends and layout stay as they are. What
//! cannot be changed safely is refused, with the place.

mod edit;
mod ends;
mod file;
mod flow;
mod plain;
mod reader;
#[cfg(test)]
mod tests;

pub use edit::{Edited, EditedValue, YamlEdit};
pub use file::{YamlFile, YamlObject};

use std::fmt;

/// Why a file is not changed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {why}")]
pub struct YamlError {
    /// The line, from 1 on.
    pub line: usize,
    /// The column, from 1 on.
    pub column: usize,
    /// Why.
    pub why: String,
}

impl YamlError {
    fn at(text: &str, offset: usize, why: impl Into<String>) -> Self {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line,
            column: before[begin..].chars().count() + 1,
            why: why.into(),
        }
    }
}

/// One part of the way to a scalar.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// The value of a key.
    Key(String),
    /// An item of a list, from 0 on.
    Item(usize),
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Item(nth) => write!(f, "[{nth}]"),
        }
    }
}

/// `image.tag` and `sources[0].tag` as a path.
pub fn path_of(text: &str) -> Vec<Segment> {
    let mut path = Vec::new();
    for part in text.split('.') {
        let (key, items) = part
            .split_once('[')
            .map_or((part, None), |(key, rest)| (key, Some(rest)));
        if !key.is_empty() {
            path.push(Segment::Key(key.to_owned()));
        }
        for item in items.into_iter().flat_map(|items| items.split('[')) {
            match item.strip_suffix(']').and_then(|nth| nth.parse().ok()) {
                Some(nth) => path.push(Segment::Item(nth)),
                // No list: such a key is looked for as it is written.
                None => return vec![Segment::Key(text.to_owned())],
            }
        }
    }
    path
}
