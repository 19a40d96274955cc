//! Finds where the scalars of a YAML file are. It understands block mappings and lists as people write them; of everything
//! else it knows where it begins and ends, and that it is not to be changed.

use std::collections::HashSet;
use std::ops::Range;

use super::flow;
use super::plain::Quotes;
use super::{Segment, YamlError};

/// Why a collection in brackets is not taken apart.
const NOT_PLAIN: &str = "a collection in brackets that is not plain keys and texts on one line";

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A scalar on one line, with its quotes.
    Scalar(Quotes),
    /// A mapping or a list in blocks below; nothing, where none follows.
    Nested,
    /// A mapping or a list in brackets, whose parts stand on their own.
    Flow,
    /// A mapping or a list below an anchor or a tag: what refers to it would change as well.
    Anchored,
    /// What is not to be changed, and why.
    Opaque(&'static str),
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The document of the file, from 0 on.
    pub document: usize,
    pub path: Vec<Segment>,
    pub found: Found,
    /// The bytes of the value.
    pub span: Range<usize>,
    /// The bytes of the line that it begins on, with its end.
    pub line: Range<usize>,
    /// How far its key is indented, in bytes.
    pub indent: usize,
    /// Whether it stands in brackets.
    pub is_in_flow: bool,
}

/// An open mapping or list.
struct Level {
    indent: usize,
    is_list: bool,
    items: usize,
    keys: HashSet<String>,
    path: Vec<Segment>,
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    document: usize,
    levels: Vec<Level>,
    pub entries: Vec<Entry>,
}

/// All values of a file.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, YamlError> {
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        document: 0,
        levels: Vec::new(),
        entries: Vec::new(),
    };
    let mut has_content = false;
    while reader.at < text.len() {
        let line = reader.line();
        let content = text[line.clone()].trim_end_matches(['\n', '\r']);
        let is_marker = |marker: &str| {
            content
                .strip_prefix(marker)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        };
        if is_marker("---") || is_marker("...") {
            let rest = content[3..].trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(reader.error(line.start + 3, "a document that begins behind its marker"));
            }
            if has_content {
                reader.document += 1;
                has_content = false;
            }
            reader.levels.clear();
            reader.at = line.end;
            continue;
        }
        let indent = content.len() - content.trim_start_matches(' ').len();
        let rest = &content[indent..];
        if rest.trim().is_empty() || rest.starts_with('#') || (indent == 0 && rest.starts_with('%')) {
            reader.at = line.end;
            continue;
        }
        if rest.starts_with('\t') {
            return Err(reader.error(line.start + indent, "indented with a tab"));
        }
        has_content = true;
        reader.content(&line, line.start + indent, indent)?;
    }
    Ok(reader.entries)
}

impl Reader<'_> {
    pub(super) fn error(&self, offset: usize, why: impl Into<String>) -> YamlError {
        YamlError::at(self.text, offset, why)
    }

    /// The line that begins here, with its end.
    pub(super) fn line(&self) -> Range<usize> {
        let end = self.text[self.at..]
            .find('\n')
            .map_or(self.text.len(), |end| self.at + end + 1);
        self.at..end
    }

    /// The end of the line around `offset`, without its line end.
    fn end_of_line(&self, offset: usize) -> usize {
        let end = self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |end| offset + end);
        if self.text[..end].ends_with('\r') {
            end - 1
        } else {
            end
        }
    }

    /// A list item or a key at `offset`, which is indented by `indent`.
    fn content(
        &mut self,
        line: &Range<usize>,
        mut offset: usize,
        mut indent: usize,
    ) -> Result<(), YamlError> {
        self.at = line.end;
        loop {
            let end = self.end_of_line(offset);
            let rest = &self.text[offset..end];
            if rest != "-" && !rest.starts_with("- ") {
                break;
            }
            let path = self.open(offset, indent, true)?;
            let after = &self.text[offset + 1..end];
            let gap = after.len() - after.trim_start_matches(' ').len();
            let value = offset + 1 + gap;
            if value == end || self.text[value..end].starts_with('#') {
                self.push(path, Found::Nested, value..value, line, indent);
                return Ok(());
            }
            if !is_block(&self.text[value..end]) {
                return self.value(path, value, line, indent);
            }
            self.push(path, Found::Nested, value..value, line, indent);
            indent += 1 + gap;
            offset = value;
        }
        let end = self.end_of_line(offset);
        let Some((key, colon)) = key(&self.text[offset..end]) else {
            let why = if self.text[offset..end].contains("{{") {
                "a template"
            } else {
                "neither a key nor a list item"
            };
            return Err(self.error(offset, why));
        };
        if key.contains("{{") {
            return Err(self.error(offset, "a template"));
        }
        let mut path = self.open(offset, indent, false)?;
        let level = self.levels.last_mut();
        if level.is_some_and(|level| !level.keys.insert(key.clone())) {
            return Err(self.error(offset, format!("the key `{key}` is there twice")));
        }
        path.push(Segment::Key(key));
        let after = &self.text[offset + colon + 1..end];
        let value = offset + colon + 1 + (after.len() - after.trim_start_matches(' ').len());
        self.value(path, value, line, indent)
    }

    /// Makes the mapping or list at `indent` the innermost one, and says the path of it, or of its next item.
    fn open(&mut self, offset: usize, indent: usize, is_list: bool) -> Result<Vec<Segment>, YamlError> {
        while let Some(level) = self.levels.last() {
            // A list may be indented as far as the key that it belongs to.
            let is_own = level.indent == indent && level.is_list == is_list;
            let is_outer = level.indent < indent || (level.indent == indent && is_list && !level.is_list);
            if is_own || is_outer {
                break;
            }
            self.levels.pop();
        }
        let is_open = self
            .levels
            .last()
            .is_some_and(|level| level.indent == indent && level.is_list == is_list);
        if !is_open {
            let path = match (self.levels.is_empty(), self.entries.last()) {
                (true, _) => Vec::new(),
                (
                    false,
                    Some(Entry {
                        found: Found::Nested | Found::Anchored,
                        path,
                        document,
                        ..
                    }),
                ) if *document == self.document => path.clone(),
                _ => return Err(self.error(offset, "indented as no line above")),
            };
            self.levels.push(Level {
                indent,
                is_list,
                items: 0,
                keys: HashSet::new(),
                path,
            });
        }
        let Some(level) = self.levels.last_mut() else {
            return Err(self.error(offset, "indented as no line above"));
        };
        let mut path = level.path.clone();
        if is_list {
            path.push(Segment::Item(level.items));
            level.items += 1;
        }
        Ok(path)
    }

    fn push(
        &mut self,
        path: Vec<Segment>,
        found: Found,
        span: Range<usize>,
        line: &Range<usize>,
        indent: usize,
    ) {
        self.entries.push(Entry {
            document: self.document,
            path,
            found,
            span,
            line: line.clone(),
            indent,
            is_in_flow: false,
        });
    }

    /// Takes the collection in brackets at `offset`, and its parts where it is plain enough to know them.
    fn flow(
        &mut self,
        path: Vec<Segment>,
        offset: usize,
        line: &Range<usize>,
        indent: usize,
    ) -> Result<(), YamlError> {
        let end = self.flow_end(offset)?;
        self.at = self.line_end(end);
        let behind = self.text[end..self.at].trim();
        let ends_the_line = behind.is_empty() || behind.starts_with('#');
        let Some(parts) = flow::parts(&self.text[offset..end]).filter(|_| ends_the_line) else {
            self.push(path, Found::Opaque(NOT_PLAIN), offset..end, line, indent);
            return Ok(());
        };
        self.push(path.clone(), Found::Flow, offset..offset, line, indent);
        for part in parts {
            self.entries.push(Entry {
                document: self.document,
                path: path.iter().cloned().chain(part.path).collect(),
                found: part.scalar.map_or(Found::Flow, Found::Scalar),
                span: offset + part.span.start..offset + part.span.end,
                line: line.clone(),
                indent,
                is_in_flow: true,
            });
        }
        Ok(())
    }

    /// Takes the value at `offset`, of a key or an item that is indented by `indent`, to its end.
    fn value(
        &mut self,
        path: Vec<Segment>,
        offset: usize,
        line: &Range<usize>,
        indent: usize,
    ) -> Result<(), YamlError> {
        let end = self.end_of_line(offset);
        let text = &self.text[offset..end];
        let mut chars = text.chars();
        let first = chars.next();
        match first {
            None | Some('#') => self.push(path, Found::Nested, offset..offset, line, indent),
            Some('\t') => return Err(self.error(offset, "a tab before a value")),
            Some('|' | '>') => {
                self.skip_indented(indent, line.end);
                self.push(path, Found::Opaque("text in a block"), offset..end, line, indent);
            }
            Some('&' | '!') => {
                let rest = text.trim_start_matches(|c: char| c != ' ').trim();
                let is_empty = rest.is_empty() || rest.starts_with('#');
                let is_block_text = rest.starts_with(['|', '>']);
                let why = "an anchor or a tag stands before it";
                if is_empty {
                    self.push(path, Found::Anchored, offset..offset, line, indent);
                } else {
                    if is_block_text {
                        self.skip_indented(indent, line.end);
                    } else {
                        self.skip_continuation(indent);
                    }
                    self.push(path, Found::Opaque(why), offset..end, line, indent);
                }
            }
            Some('*') => self.push(path, Found::Opaque("an alias"), offset..end, line, indent),
            Some('{' | '[') => {
                if text.starts_with("{{") {
                    return Err(self.error(offset, "a template"));
                }
                self.flow(path, offset, line, indent)?;
            }
            Some(quote @ ('"' | '\'')) => {
                let close = self.quote_end(offset, quote)?;
                let found = if self.text[offset..close].contains('\n') {
                    Found::Opaque("a text of several lines")
                } else if self.text[offset..close].contains("{{") {
                    Found::Opaque("a template")
                } else if quote == '"' {
                    Found::Scalar(Quotes::Double)
                } else {
                    Found::Scalar(Quotes::Single)
                };
                self.at = self.line_end(close);
                self.push(path, found, offset..close, line, indent);
            }
            Some(_) => {
                let comment = text.find(" #").or(text.find("\t#")).unwrap_or(text.len());
                let plain = text[..comment].trim_end();
                if plain.contains("{{") {
                    return Err(self.error(offset, "a template"));
                }
                let continues = comment == text.len() && self.skip_continuation(indent);
                let found = if continues {
                    Found::Opaque("a text of several lines")
                } else {
                    Found::Scalar(Quotes::None)
                };
                self.push(path, found, offset..offset + plain.len(), line, indent);
            }
        }
        Ok(())
    }
}

/// Whether what follows a `-` is a list or a mapping of its own.
fn is_block(text: &str) -> bool {
    text == "-"
        || text.starts_with("- ")
        || (!text.starts_with(['&', '!', '*', '{', '[', '|', '>']) && key(text).is_some())
}

/// The key that `text` begins with, and where its colon is.
fn key(text: &str) -> Option<(String, usize)> {
    let is_end = |at: usize| text[at + 1..].is_empty() || text[at + 1..].starts_with([' ', '\t']);
    let first = text.chars().next()?;
    if matches!(first, '"' | '\'') {
        let close = text[1..].find(first)? + 1;
        let after = text[close + 1..].trim_start_matches(' ');
        let colon = text.len() - after.len();
        let is_simple = !text[1..close].contains('\\');
        return (after.starts_with(':') && is_end(colon) && is_simple)
            .then(|| (text[1..close].to_owned(), colon));
    }
    if matches!(
        first,
        '?' | '{' | '[' | '#' | '&' | '*' | '!' | '|' | '>' | '%' | '@' | '`'
    ) && !text.starts_with("{{")
    {
        return None;
    }
    let colon = text.match_indices(':').map(|(at, _)| at).find(|at| is_end(*at))?;
    let name = text[..colon].trim_end();
    (!name.contains(" #")).then(|| (name.to_owned(), colon))
}
