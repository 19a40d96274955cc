//! Where symbols become ASCII: the one way to standard output and error.

use std::io::{self, Write};

use crate::domain::ascii_symbol;

/// `text` with the symbols of windlass in ASCII. What came from outside, as names, stays as it is.
pub fn in_ascii(text: &str) -> String {
    let mut before = ' ';
    translated(text, &mut before)
}

fn translated(text: &str, before: &mut char) -> String {
    let translate = |symbol: char| {
        let ascii = match symbol {
            // What is under way, and not the end of something that was cut short.
            '…' if before.is_whitespace() => '.',
            other => ascii_symbol(other).unwrap_or(other),
        };
        *before = symbol;
        ascii
    };
    text.chars().map(translate).collect()
}

/// A way out that writes the symbols of windlass in ASCII where it is told to.
pub struct Symbols {
    inner: Box<dyn Write + Send>,
    ascii: bool,
    /// The last character that was written.
    before: char,
}

impl Symbols {
    /// All symbols, to `inner`.
    pub fn new(inner: Box<dyn Write + Send>) -> Self {
        Self {
            inner,
            ascii: false,
            before: '\n',
        }
    }

    /// From now on with or without symbols beyond ASCII.
    pub const fn use_ascii(&mut self, ascii: bool) {
        self.ascii = ascii;
    }

    /// Whether symbols are written in ASCII.
    pub const fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// The way out for what has to arrive byte by byte as it is.
    pub fn raw(&mut self) -> &mut dyn Write {
        &mut *self.inner
    }
}

impl Write for Symbols {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.ascii {
            return self.inner.write(bytes);
        }
        for chunk in bytes.utf8_chunks() {
            let text = translated(chunk.valid(), &mut self.before);
            self.inner.write_all(text.as_bytes())?;
            self.inner.write_all(chunk.invalid())?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_become_ascii_of_the_same_width_and_names_stay() {
        assert_eq!(in_ascii("✓ Größe 1 → 2, cut sho…"), "+ Größe 1 > 2, cut sho~");
        assert_eq!(in_ascii("… loading"), ". loading");
    }
}
