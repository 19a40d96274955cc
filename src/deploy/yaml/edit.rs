//! What is changed in a YAML file: an image of a Kustomization, a value of Helm, or a container of a manifest.

use std::ops::Range;

use super::file::{YamlFile, ends_with, sibling_path, words};
use super::plain::{Quotes, is_plain, written};
use super::reader::{Entry, Found, read};
use super::{Segment, YamlError};
use crate::domain::Digest;

/// What is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum YamlEdit {
    /// The entry with this full name gets the digest; a tag that it has becomes `tag`.
    KustomizeImage {
        /// Where the list is: `images`, or `spec.images`.
        list: Vec<Segment>,
        /// The name, with its registry: an entry of another registry that ends alike is another image.
        name: String,
        /// The digest.
        digest: Digest,
        /// The tag, for an entry that has one.
        tag: Option<String>,
    },
    /// The scalar at a path gets a text.
    Value {
        /// The way to it.
        path: Vec<Segment>,
        /// The text.
        value: String,
    },
    /// The image of the container of that name, wherever the file has exactly one.
    Container {
        /// The name of the container.
        name: String,
        /// The image.
        image: String,
    },
    /// The `value` of the item with this `name` of a list, wherever the file has exactly one.
    Parameter {
        /// What the way to the list ends with: `helm.parameters`.
        list: [&'static str; 2],
        /// The name of the item.
        name: String,
        /// The text.
        value: String,
    },
    /// The item of a list of images that is about an image: `NAME…`, or `NAME=…`, which gets another image.
    ImageItem {
        /// What the way to the list ends with: `kustomize.images`.
        list: [&'static str; 2],
        /// The full name of the image.
        name: String,
        /// The image, with its digest.
        image: String,
    },
}

/// A file with a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// What was looked at to be changed.
    pub values: Vec<EditedValue>,
}

/// One scalar that was to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedValue {
    /// Where it is: `images[0].digest`.
    pub path: String,
    /// What it was; none if it was not there.
    pub before: Option<String>,
}

struct Change {
    path: Vec<Segment>,
    span: Range<usize>,
    new: String,
    value: EditedValue,
}

impl YamlFile<'_> {
    /// The file with the changes, and every other byte as it was. A file that has them already stays as it is.
    ///
    /// # Errors
    /// With the place, where a scalar is missing, there more than once, or not to be changed safely.
    pub fn edit(&self, edits: &[YamlEdit]) -> Result<Edited, YamlError> {
        let mut changes = Vec::new();
        for edit in edits {
            self.add(edit, &mut changes)?;
        }
        // From the end on, so that no place moves.
        changes.sort_by_key(|change| std::cmp::Reverse(change.span.start));
        let mut text = self.text.to_owned();
        for change in &changes {
            text.replace_range(change.span.clone(), &change.new);
        }
        changes.reverse();
        self.check(&text, &changes)?;
        let values = changes.into_iter().map(|change| change.value).collect();
        Ok(Edited { text, values })
    }

    fn add(&self, edit: &YamlEdit, changes: &mut Vec<Change>) -> Result<(), YamlError> {
        match edit {
            YamlEdit::Value { path, value } => {
                changes.push(self.replace(self.one_at(path)?, value)?);
            }
            YamlEdit::Container { name, image } => {
                let named = self.container(name)?;
                changes.push(self.replace(self.sibling(named, "image")?, image)?);
            }
            YamlEdit::KustomizeImage {
                list,
                name,
                digest,
                tag,
            } => self.kustomize(list, name, digest, tag.as_deref(), changes)?,
            YamlEdit::Parameter { list, name, value } => {
                let found = self.named_items(*list, name);
                let what = format!("item `{name}` in {}", list.join("."));
                let named = self.one(&found, &what)?;
                changes.push(self.replace(self.sibling(named, "value")?, value)?);
            }
            YamlEdit::ImageItem { list, name, image } => {
                let found = self.all(|entry| {
                    matches!(&entry.path[..], [way @ .., Segment::Item(_)] if ends_with(way, *list))
                        && self.scalar(entry).is_some_and(|text| image_name(&text) == name)
                });
                let entry = self.one(&found, &format!("image `{name}` in {}", list.join(".")))?;
                let text = self.scalar(entry).unwrap_or_default();
                let new = text
                    .split_once('=')
                    .map_or_else(|| image.clone(), |(alias, _)| format!("{alias}={image}"));
                changes.push(self.replace(entry, &new)?);
            }
        }
        Ok(())
    }

    /// That nothing else has changed: read again, the file has the same parts as before.
    fn check(&self, text: &str, changes: &[Change]) -> Result<(), YamlError> {
        let after = read(text)?;
        let is_changed = |entry: &&Entry| changes.iter().any(|change| change.path == entry.path);
        let before = self.entries.iter().filter(|entry| !is_changed(entry));
        let before = before.map(|entry| (entry.document, &entry.path, &self.text[entry.span.clone()]));
        let after = after.iter().filter(|entry| !is_changed(entry));
        let after = after.map(|entry| (entry.document, &entry.path, &text[entry.span.clone()]));
        if before.eq(after) {
            Ok(())
        } else {
            Err(YamlError::at(
                self.text,
                0,
                "the change would alter other parts of the file",
            ))
        }
    }

    fn kustomize(
        &self,
        list: &[Segment],
        name: &str,
        digest: &Digest,
        tag: Option<&str>,
        changes: &mut Vec<Change>,
    ) -> Result<(), YamlError> {
        let named = self.all(|entry| {
            matches!(&entry.path[..], [way @ .., Segment::Item(_), Segment::Key(key)] if key == "name" && way == list)
                && self.scalar(entry).as_deref() == Some(name)
        });
        let what = format!("item with the name {name} in {}", words(list));
        let named = self.one(&named, &what)?;
        let old_tag = self.find_sibling(named, "newTag");
        if let (Some(old), Some(tag)) = (old_tag, tag) {
            changes.push(self.replace(old, tag)?);
        } else if let Some(old) = old_tag {
            return Err(YamlError::at(
                self.text,
                old.span.start,
                "the entry has a newTag, and there is no tag to put there",
            ));
        }
        if let Some(old) = self.find_sibling(named, "digest") {
            changes.push(self.replace(old, &digest.to_string())?);
            return Ok(());
        }
        let path = sibling_path(named, "digest");
        let added = EditedValue {
            path: words(&path),
            before: None,
        };
        if named.is_in_flow {
            let above = old_tag.unwrap_or(named);
            self.is_safe(above)?;
            changes.push(Change {
                path,
                span: above.span.end..above.span.end,
                new: format!(", digest: \"{digest}\""),
                value: added,
            });
            return Ok(());
        }
        // A line of its own, as far in as the one with the name or the tag, and behind it.
        let above = old_tag.unwrap_or(named);
        self.is_safe(above)?;
        let line = &self.text[above.line.clone()];
        let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
        let before = if line.ends_with('\n') { "" } else { end };
        let new = format!("{before}{}digest: {digest}{end}", " ".repeat(above.indent));
        changes.push(Change {
            path,
            span: above.line.end..above.line.end,
            new,
            value: added,
        });
        Ok(())
    }

    /// The entry that names the container.
    fn container(&self, name: &str) -> Result<&Entry, YamlError> {
        let found = self.all(|entry| {
            let [.., Segment::Key(list), Segment::Item(_), Segment::Key(key)] = &entry.path[..] else {
                return false;
            };
            matches!(list.as_str(), "containers" | "initContainers")
                && key == "name"
                && self.scalar(entry).as_deref() == Some(name)
        });
        self.one(&found, &format!("container with the name {name}"))
    }

    fn replace(&self, entry: &Entry, value: &str) -> Result<Change, YamlError> {
        self.is_safe(entry)?;
        let raw = &self.text[entry.span.clone()];
        let before = self.scalar(entry);
        let new = match entry.found {
            Found::Scalar(_) if before.as_deref() == Some(value) && !self.is_misread(entry) => raw.to_owned(),
            // Some readers take no colon in a text without quotes between brackets.
            Found::Scalar(Quotes::None) if entry.is_in_flow && value.contains(':') && !raw.contains(':') => {
                written(value, Quotes::Double)
            }
            Found::Scalar(quotes) => written(value, quotes),
            Found::Nested | Found::Flow | Found::Anchored => {
                return Err(self.refusal(entry, "has no text"));
            }
            Found::Opaque(why) => return Err(self.refusal(entry, &format!("is {why}"))),
        };
        Ok(Change {
            path: entry.path.clone(),
            span: entry.span.clone(),
            new,
            value: EditedValue {
                path: words(&entry.path),
                before: before.or_else(|| Some(raw.to_owned())),
            },
        })
    }

    /// Whether a reader takes a scalar without quotes for something else than its text.
    fn is_misread(&self, entry: &Entry) -> bool {
        entry.found == Found::Scalar(Quotes::None) && !is_plain(&self.text[entry.span.clone()])
    }
}

/// The name in `NAME`, `NAME:TAG`, `NAME@DIGEST` and `NAME=…`.
fn image_name(text: &str) -> &str {
    let name = text.split_once('=').map_or(text, |(name, _)| name);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((before, after)) if !after.contains('/') => before,
        _ => name,
    }
}
