//! A YAML file that was read: which objects it has, and what stands where.

use super::plain::Quotes;
use super::reader::{Entry, Found, read};
use super::{Segment, YamlError};

/// A YAML file, or some documents of it.
#[derive(Debug, Clone)]
pub struct YamlFile<'t> {
    pub(super) text: &'t str,
    pub(super) entries: Vec<Entry>,
    /// The document that is meant; none for all.
    only: Option<usize>,
}

/// What a document says that it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct YamlObject {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Its name; empty where it has none.
    pub name: String,
}

impl<'t> YamlFile<'t> {
    /// Reads a file.
    ///
    /// # Errors
    /// With the place of what cannot be read, or is not to be changed: a tab, a template, a key that is there twice.
    pub fn read(text: &'t str) -> Result<Self, YamlError> {
        Ok(Self {
            text,
            entries: read(text)?,
            only: None,
        })
    }

    /// The same, of which only one object counts: `Deployment/app`.
    ///
    /// # Errors
    /// When there is no such object, or more than one.
    pub fn only(mut self, object: &str) -> Result<Self, YamlError> {
        let is_it = |found: &YamlObject| format!("{}/{}", found.kind, found.name) == object;
        let all = self.documents();
        let mut named = all.iter().filter(|(_, found)| is_it(found));
        let (first, second) = (named.next(), named.next());
        let why = match (first, second) {
            (Some((document, _)), None) => {
                self.only = Some(*document);
                return Ok(self);
            }
            (None, _) => format!("there is no {object}"),
            (Some(_), Some(_)) => format!("{object} is there more than once"),
        };
        Err(YamlError::at(self.text, 0, why))
    }

    /// The objects of the documents that count.
    pub fn objects(&self) -> Vec<YamlObject> {
        self.documents()
            .into_iter()
            .filter(|(document, _)| self.counts(*document))
            .map(|(_, object)| object)
            .collect()
    }

    fn documents(&self) -> Vec<(usize, YamlObject)> {
        let mut found: Vec<(usize, YamlObject)> = Vec::new();
        for entry in &self.entries {
            if found
                .last()
                .is_none_or(|(document, _)| *document != entry.document)
            {
                found.push((entry.document, YamlObject::default()));
            }
            let Some((_, object)) = found.last_mut() else {
                continue;
            };
            let field = match words(&entry.path).as_str() {
                "apiVersion" => &mut object.api_version,
                "kind" => &mut object.kind,
                "metadata.name" => &mut object.name,
                _ => continue,
            };
            *field = self.scalar(entry).unwrap_or_default();
        }
        found
    }

    fn counts(&self, document: usize) -> bool {
        self.only.is_none_or(|only| only == document)
    }

    /// Whether something stands at `path`.
    pub fn has(&self, path: &[Segment]) -> bool {
        self.entries
            .iter()
            .any(|entry| self.counts(entry.document) && entry.path == path)
    }

    /// The text at `path`, where exactly one stands there that can be changed.
    pub fn text_at(&self, path: &[Segment]) -> Option<String> {
        self.one_at(path).ok().and_then(|entry| self.scalar(entry))
    }

    /// The value of the item with this `name` of a list whose way ends with `list`.
    pub fn parameter(&self, list: [&str; 2], name: &str) -> Option<String> {
        let found = self.named_items(list, name);
        let value = self.find_sibling(found.first()?, "value")?;
        self.scalar(value)
    }

    /// The entries that name an item of a list whose way ends with `list`.
    pub(super) fn named_items(&self, list: [&str; 2], name: &str) -> Vec<&Entry> {
        self.all(|entry| {
            matches!(&entry.path[..], [way @ .., Segment::Item(_), Segment::Key(key)] if key == "name" && ends_with(way, list))
                && self.scalar(entry).as_deref() == Some(name)
        })
    }

    pub(super) fn all(&self, is: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|entry| self.counts(entry.document) && is(entry))
            .collect()
    }

    pub(super) fn one_at(&self, path: &[Segment]) -> Result<&Entry, YamlError> {
        let found = self.all(|entry| entry.path == path);
        if found.is_empty() {
            self.explain_missing(path)?;
        }
        self.one(&found, &words(path))
    }

    /// Why nothing stands at `path`, where a part of the way to it explains it.
    ///
    /// # Errors
    /// With the place of that part: an alias, a collection that is not plain, a merge key.
    pub fn explain_missing(&self, path: &[Segment]) -> Result<(), YamlError> {
        for length in (1..path.len()).rev() {
            let Some(entry) = self.all(|entry| entry.path == path[..length]).into_iter().next() else {
                continue;
            };
            self.is_safe(entry)?;
            if let Found::Opaque(why) = entry.found {
                return Err(self.refusal(entry, &format!("is {why}")));
            }
            self.has_no_merge(entry.document, &path[..length])?;
            return Ok(());
        }
        Ok(())
    }

    pub(super) fn one<'e>(&self, found: &[&'e Entry], what: &str) -> Result<&'e Entry, YamlError> {
        match found {
            [one] => Ok(one),
            [] => Err(YamlError::at(self.text, 0, format!("there is no {what}"))),
            [_, second, ..] => Err(YamlError::at(
                self.text,
                second.span.start,
                format!("{what} is there more than once"),
            )),
        }
    }

    pub(super) fn find_sibling(&self, entry: &Entry, key: &str) -> Option<&Entry> {
        let path = sibling_path(entry, key);
        self.entries
            .iter()
            .find(|found| found.document == entry.document && found.path == path)
    }

    pub(super) fn sibling(&self, entry: &Entry, key: &str) -> Result<&Entry, YamlError> {
        self.find_sibling(entry, key).ok_or_else(|| {
            let what = words(&sibling_path(entry, key));
            YamlError::at(self.text, entry.span.start, format!("there is no {what}"))
        })
    }

    /// Refuses what would change elsewhere as well: what stands below an anchor or a tag, or beside a merge key.
    pub(super) fn is_safe(&self, entry: &Entry) -> Result<(), YamlError> {
        for length in (0..entry.path.len()).rev() {
            let above = &entry.path[..length];
            self.has_no_merge(entry.document, above)?;
            let anchored = self.entries.iter().find(|found| {
                found.document == entry.document && found.path == above && found.found == Found::Anchored
            });
            if let Some(anchored) = anchored {
                return Err(self.refusal(anchored, "has an anchor or a tag"));
            }
        }
        Ok(())
    }

    fn has_no_merge(&self, document: usize, path: &[Segment]) -> Result<(), YamlError> {
        let merge = self.entries.iter().find(|found| {
            found.document == document
                && matches!(found.path.split_last(), Some((Segment::Key(key), above)) if key == "<<" && above == path)
        });
        merge.map_or(Ok(()), |merge| {
            Err(YamlError::at(
                self.text,
                merge.span.start,
                "a merge key stands beside what is to be changed",
            ))
        })
    }

    pub(super) fn refusal(&self, entry: &Entry, why: &str) -> YamlError {
        YamlError::at(
            self.text,
            entry.span.start,
            format!("{} {why}", words(&entry.path)),
        )
    }

    /// The text of a scalar; none of anything else, and of one with escapes.
    pub(super) fn scalar(&self, entry: &Entry) -> Option<String> {
        let raw = &self.text[entry.span.clone()];
        match entry.found {
            Found::Scalar(Quotes::None) => Some(raw.to_owned()),
            Found::Scalar(Quotes::Single) => Some(raw.get(1..raw.len() - 1)?.replace("''", "'")),
            Found::Scalar(Quotes::Double) => {
                let inner = raw.get(1..raw.len() - 1)?;
                (!inner.contains('\\')).then(|| inner.to_owned())
            }
            Found::Nested | Found::Flow | Found::Anchored | Found::Opaque(_) => None,
        }
    }
}

/// Whether the way to something ends with these keys.
pub(super) fn ends_with(way: &[Segment], end: [&str; 2]) -> bool {
    let is = |segment: &Segment, key: &str| matches!(segment, Segment::Key(own) if own == key);
    matches!(way, [.., first, second] if is(first, end[0]) && is(second, end[1]))
}

pub(super) fn sibling_path(entry: &Entry, key: &str) -> Vec<Segment> {
    let mut path = entry.path.clone();
    path.pop();
    path.push(Segment::Key(key.to_owned()));
    path
}

pub(super) fn words(path: &[Segment]) -> String {
    let mut out = String::new();
    for segment in path {
        if !out.is_empty() && matches!(segment, Segment::Key(_)) {
            out.push('.');
        }
        out.push_str(&segment.to_string());
    }
    out
}
