//! Collections in brackets that are as plain as people write them: `{ name: app, newTag: "1" }` on one line. Whatever has more
//! in it (an anchor, an alias, a tag, a template, an escape, a comment, a key without a value) is not taken apart.

use std::collections::HashSet;
use std::ops::Range;

use super::Segment;
use super::plain::Quotes;

/// What stands in a collection.
pub(super) struct FlowPart {
    /// The way to it from the collection.
    pub path: Vec<Segment>,
    /// How a text is written; none for a collection.
    pub scalar: Option<Quotes>,
    /// Its bytes, from the start of the collection.
    pub span: Range<usize>,
}

/// The parts of the collection that `text` is; none if it is not plain.
pub(super) fn parts(text: &str) -> Option<Vec<FlowPart>> {
    let mut flow = Flow {
        text,
        at: 0,
        parts: Vec::new(),
    };
    flow.collection(&[])?;
    (flow.at == text.len()).then_some(flow.parts)
}

struct Flow<'t> {
    text: &'t str,
    at: usize,
    parts: Vec<FlowPart>,
}

impl Flow<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(' ').len();
    }

    /// Goes on behind `expected`, if it comes next.
    fn accept(&mut self, expected: char) -> bool {
        let is_next = self.rest().starts_with(expected);
        if is_next {
            self.at += expected.len_utf8();
        }
        is_next
    }

    fn collection(&mut self, path: &[Segment]) -> Option<()> {
        let is_mapping = self.accept('{');
        if !is_mapping && !self.accept('[') {
            return None;
        }
        let close = if is_mapping { '}' } else { ']' };
        let mut keys = HashSet::new();
        for nth in 0.. {
            self.skip_spaces();
            if self.accept(close) {
                return Some(());
            }
            let mut own = path.to_vec();
            if is_mapping {
                let key = self.key()?;
                if !keys.insert(key.clone()) {
                    return None;
                }
                own.push(Segment::Key(key));
            } else {
                own.push(Segment::Item(nth));
            }
            self.value(own)?;
            self.skip_spaces();
            if !self.accept(',') {
                return self.accept(close).then_some(());
            }
        }
        None
    }

    /// A key with its colon, and the spaces behind it.
    fn key(&mut self) -> Option<String> {
        let start = self.at;
        let key = if let Some(quotes) = self.next_quotes() {
            self.skip_quoted(quotes)?;
            let inner = &self.text[start + 1..self.at - 1];
            let is_written_otherwise =
                inner.contains('\\') || (quotes == Quotes::Single && inner.contains('\''));
            let inner = (!is_written_otherwise).then(|| inner.to_owned())?;
            self.skip_spaces();
            inner
        } else {
            let length = self.plain_length()?;
            self.at += length;
            self.text[start..self.at].trim_end().to_owned()
        };
        let is_valued = self.accept(':') && key != "<<" && !key.is_empty();
        self.skip_spaces();
        is_valued.then_some(key)
    }

    fn value(&mut self, path: Vec<Segment>) -> Option<()> {
        let start = self.at;
        let quotes = if self.rest().starts_with(['{', '[']) {
            let inner = start + 1..start + 1;
            self.parts.push(FlowPart {
                path: path.clone(),
                scalar: None,
                span: inner,
            });
            return self.collection(&path);
        } else if let Some(quotes) = self.next_quotes() {
            self.skip_quoted(quotes)?;
            quotes
        } else {
            let length = self.plain_length()?;
            let length = self.rest()[..length].trim_end().len();
            self.at += length;
            if length == 0 || self.rest().trim_start().starts_with(':') {
                return None;
            }
            Quotes::None
        };
        self.parts.push(FlowPart {
            path,
            scalar: Some(quotes),
            span: start..self.at,
        });
        Some(())
    }

    /// The quotes of what comes next, if that is a text in quotes.
    fn next_quotes(&self) -> Option<Quotes> {
        match self.rest().chars().next()? {
            '"' => Some(Quotes::Double),
            '\'' => Some(Quotes::Single),
            _ => None,
        }
    }

    /// Goes on behind the text in quotes that comes next.
    fn skip_quoted(&mut self, quotes: Quotes) -> Option<()> {
        let quote = if quotes == Quotes::Double { '"' } else { '\'' };
        let mut inner = self.rest()[1..].char_indices().peekable();
        while let Some((at, c)) = inner.next() {
            match c {
                '\\' if quotes == Quotes::Double => drop(inner.next()),
                '\'' if quotes == Quotes::Single && inner.peek().is_some_and(|(_, next)| *next == '\'') => {
                    inner.next();
                }
                '\n' => return None,
                c if c == quote => {
                    let end = self.at + at + 2;
                    let is_template = self.text[self.at..end].contains("{{");
                    self.at = end;
                    return (!is_template).then_some(());
                }
                _ => {}
            }
        }
        None
    }

    /// The bytes of the text without quotes that comes next: to a comma, a bracket, or a colon that ends a key.
    fn plain_length(&self) -> Option<usize> {
        let rest = self.rest();
        let mut chars = rest.char_indices().peekable();
        let (_, first) = *chars.peek()?;
        let is_plain_dash = first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
        if !is_plain_dash && "-?:#&*!|>%@`".contains(first) {
            return None;
        }
        while let Some((at, c)) = chars.next() {
            match c {
                ',' | '[' | ']' | '{' | '}' => return Some(at),
                ':' if chars.peek().is_none_or(|(_, next)| " ,[]{}".contains(*next)) => return Some(at),
                '\n' | '\r' | '\t' => return None,
                '#' if rest[..at].ends_with(' ') => return None,
                _ => {}
            }
        }
        None
    }
}
