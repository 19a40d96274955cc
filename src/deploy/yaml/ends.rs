//! Where the parts of a YAML file end that are only passed over.

use super::YamlError;
use super::reader::Reader;

impl Reader<'_> {
    /// Goes on behind the lines from `from` on that are indented by more than `indent`, or empty.
    pub(super) fn skip_indented(&mut self, indent: usize, from: usize) {
        self.at = from;
        while self.at < self.text.len() {
            let line = self.line();
            let content = self.text[line.clone()].trim_end_matches(['\n', '\r']);
            let own = content.len() - content.trim_start_matches(' ').len();
            if !content.trim().is_empty() && own <= indent {
                return;
            }
            self.at = line.end;
        }
    }

    /// Goes on behind the lines that carry on a plain text; says whether there is one.
    pub(super) fn skip_continuation(&mut self, indent: usize) -> bool {
        let before = self.at;
        let mut last = self.at;
        while self.at < self.text.len() {
            let line = self.line();
            let content = self.text[line.clone()].trim_end_matches(['\n', '\r']);
            let own = content.len() - content.trim_start_matches(' ').len();
            let is_empty = content.trim().is_empty();
            if !is_empty && (own <= indent || content[own..].starts_with('#')) {
                break;
            }
            self.at = line.end;
            if !is_empty {
                last = line.end;
            }
        }
        self.at = last;
        last > before
    }

    pub(super) fn line_end(&self, offset: usize) -> usize {
        self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |end| offset + end + 1)
    }

    /// The end of the quoted text that begins at `offset`.
    pub(super) fn quote_end(&self, offset: usize, quote: char) -> Result<usize, YamlError> {
        let mut chars = self.text[offset + 1..].char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if quote == '"' => drop(chars.next()),
                '\'' if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                    chars.next();
                }
                c if c == quote => return Ok(offset + 1 + at + 1),
                _ => {}
            }
        }
        Err(self.error(offset, "a quote that does not end"))
    }

    /// The end of the collection in braces or brackets that begins at `offset`.
    pub(super) fn flow_end(&self, offset: usize) -> Result<usize, YamlError> {
        let mut depth = 0_usize;
        let mut at = offset;
        while let Some(c) = self.text[at..].chars().next() {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(at + 1);
                    }
                }
                '"' | '\'' if self.text[..at].ends_with([' ', '[', '{', ',', ':', '\n']) => {
                    at = self.quote_end(at, c)?;
                    continue;
                }
                '#' if self.text[..at].ends_with([' ', '\n']) => {
                    at = self.line_end(at);
                    continue;
                }
                _ => {}
            }
            at += c.len_utf8();
        }
        Err(self.error(offset, "a bracket that is not closed"))
    }
}
