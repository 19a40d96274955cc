//! What is changed in a YAML file: an image of a Kustomization, a value of Helm, or a container of a manifest.

use super::plain::{Quotes, written};
use super::reader::{Entry, Found, read};
use super::{Segment, YamlError};
use crate::domain::Digest;

/// What is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum YamlEdit {
    /// The entry of `images:` with this full name gets the digest; a tag that it has becomes `tag`.
    KustomizeImage {
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
}

/// The file with the change, and every other byte as it was. A file that has it already stays as it is.
///
/// # Errors
/// With the place, where the scalar is missing, there more than once, or not to be changed safely.
pub fn edit(text: &str, change: &YamlEdit) -> Result<String, YamlError> {
    let entries = read(text)?;
    let mut changes = Vec::new();
    match change {
        YamlEdit::Value { path, value } => {
            let found = at(&entries, |entry| entry.path == *path);
            changes.push(replace(text, one(text, &found, &words(path))?, value)?);
        }
        YamlEdit::Container { name, image } => {
            let named = container(text, &entries, name)?;
            let mut path = named.path.clone();
            path.pop();
            path.push(Segment::Key("image".to_owned()));
            let found = at(&entries, |entry| {
                entry.document == named.document && entry.path == path
            });
            changes.push(replace(text, one(text, &found, &words(&path))?, image)?);
        }
        YamlEdit::KustomizeImage { name, digest, tag } => {
            changes = kustomize(text, &entries, name, digest, tag.as_deref())?;
        }
    }
    // From the end on, so that no place moves.
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut out = text.to_owned();
    for (span, new) in changes {
        out.replace_range(span, &new);
    }
    Ok(out)
}

type Change = (std::ops::Range<usize>, String);

fn kustomize(
    text: &str,
    entries: &[Entry],
    name: &str,
    digest: &Digest,
    tag: Option<&str>,
) -> Result<Vec<Change>, YamlError> {
    let is_name = |entry: &&Entry| {
        matches!(&entry.path[..], [Segment::Key(images), Segment::Item(_), Segment::Key(key)] if images == "images" && key == "name")
            && scalar(text, entry).as_deref() == Some(name)
    };
    let named: Vec<_> = entries.iter().filter(is_name).collect();
    let named = one(text, &named, &format!("images with the name {name}"))?;
    let field = |key: &str| {
        let mut path = named.path.clone();
        path.pop();
        path.push(Segment::Key(key.to_owned()));
        let mut found = entries.iter();
        found.find(|entry| entry.document == named.document && entry.path == path)
    };
    let mut changes = Vec::new();
    let old_tag = field("newTag");
    if let (Some(old), Some(tag)) = (old_tag, tag) {
        changes.push(replace(text, old, tag)?);
    } else if let Some(old) = old_tag {
        return Err(YamlError::at(
            text,
            old.span.start,
            "the entry has a newTag, and there is no tag to put there",
        ));
    }
    if let Some(old) = field("digest") {
        changes.push(replace(text, old, &digest.to_string())?);
    } else {
        // A line of its own, as far in as the one with the name or the tag, and behind it.
        let last = old_tag.unwrap_or(named);
        let line = &text[last.line.clone()];
        let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
        let before = if line.ends_with('\n') { "" } else { end };
        let new = format!("{before}{}digest: {digest}{end}", " ".repeat(last.indent));
        changes.push((last.line.end..last.line.end, new));
    }
    Ok(changes)
}

/// The entry that names the container.
fn container<'e>(text: &str, entries: &'e [Entry], name: &str) -> Result<&'e Entry, YamlError> {
    let is_container = |entry: &&Entry| {
        let [.., Segment::Key(list), Segment::Item(_), Segment::Key(key)] = &entry.path[..] else {
            return false;
        };
        matches!(list.as_str(), "containers" | "initContainers")
            && key == "name"
            && scalar(text, entry).as_deref() == Some(name)
    };
    let found: Vec<_> = entries.iter().filter(is_container).collect();
    one(text, &found, &format!("containers with the name {name}"))
}

fn at(entries: &[Entry], is: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
    entries.iter().filter(|entry| is(entry)).collect()
}

fn one<'e>(text: &str, found: &[&'e Entry], what: &str) -> Result<&'e Entry, YamlError> {
    match found {
        [one] => Ok(one),
        [] => Err(YamlError::at(text, 0, format!("there is no {what}"))),
        [_, second, ..] => Err(YamlError::at(
            text,
            second.span.start,
            format!("{what} is there more than once"),
        )),
    }
}

fn words(path: &[Segment]) -> String {
    let mut out = String::new();
    for segment in path {
        if !out.is_empty() && matches!(segment, Segment::Key(_)) {
            out.push('.');
        }
        out.push_str(&segment.to_string());
    }
    out
}

/// The text of a scalar; none of anything else, and of one with escapes.
fn scalar(text: &str, entry: &Entry) -> Option<String> {
    let raw = &text[entry.span.clone()];
    match entry.found {
        Found::Scalar(Quotes::None) => Some(raw.to_owned()),
        Found::Scalar(Quotes::Single) => Some(raw.get(1..raw.len() - 1)?.replace("''", "'")),
        Found::Scalar(Quotes::Double) => {
            let inner = raw.get(1..raw.len() - 1)?;
            (!inner.contains('\\')).then(|| inner.to_owned())
        }
        Found::Nested | Found::Opaque(_) => None,
    }
}

fn replace(text: &str, entry: &Entry, value: &str) -> Result<Change, YamlError> {
    let what = words(&entry.path);
    match entry.found {
        Found::Scalar(_) if scalar(text, entry).as_deref() == Some(value) && !is_misread(text, entry) => {
            Ok((entry.span.clone(), text[entry.span.clone()].to_owned()))
        }
        Found::Scalar(quotes) => Ok((entry.span.clone(), written(value, quotes))),
        Found::Nested => Err(YamlError::at(
            text,
            entry.span.start,
            format!("{what} has no text"),
        )),
        Found::Opaque(why) => Err(YamlError::at(text, entry.span.start, format!("{what} is {why}"))),
    }
}

/// Whether a reader takes a scalar without quotes for something else than its text.
fn is_misread(text: &str, entry: &Entry) -> bool {
    entry.found == Found::Scalar(Quotes::None) && !super::plain::is_plain(&text[entry.span.clone()])
}
