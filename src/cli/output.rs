//! Where the command line writes, and what the other end can take.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use super::failure::Failure;
use super::symbols::Symbols;
use super::waiting::Waiting;

/// The version of every JSON form. Within a version, keys are only ever added: docs/json.md.
const VERSION: u8 = 1;

/// A JSON form with its version, which every document and every line of events carries.
#[derive(Serialize)]
pub struct Versioned<T> {
    version: u8,
    #[serde(flatten)]
    form: T,
}

impl<T: Serialize> Versioned<T> {
    /// `form`, which has to be an object, in the one version that there is.
    pub const fn new(form: T) -> Self {
        Self {
            version: VERSION,
            form,
        }
    }
}

/// Standard output and error with what is known of them. Results go to `out`; progress, questions and errors to
/// `err`, so that a pipe gets only results.
pub struct Output {
    /// Results.
    pub out: Symbols,
    /// All else.
    pub err: Symbols,
    /// The line that is shown while nothing else is.
    pub waiting: Waiting,
    /// Whether results are read by a person.
    pub out_is_terminal: bool,
    /// Whether a person watches progress, and can be asked.
    pub err_is_terminal: bool,
    /// Whether standard input is a person.
    pub in_is_terminal: bool,
}

impl Output {
    /// The process's own.
    pub fn of_process() -> Self {
        let waiting = Waiting::hidden();
        Self {
            out: Symbols::new(waiting.before(io::stdout())),
            err: Symbols::new(waiting.before(io::stderr())),
            waiting,
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
            in_is_terminal: io::stdin().is_terminal(),
        }
    }

    /// Writes the result of a command as one JSON document.
    pub fn document(&mut self, form: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&Versioned::new(form))?;
        self.json(&text)
    }

    /// Writes JSON as it is: in ASCII with escapes, which mean the same.
    pub fn json(&mut self, text: &str) -> Result<(), Failure> {
        let is_ascii = self.ascii();
        let out = self.out.raw();
        if is_ascii {
            out.write_all(escaped(text).as_bytes())?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        Ok(writeln!(out)?)
    }

    /// Whether only ASCII may be used.
    pub const fn ascii(&self) -> bool {
        self.out.is_ascii()
    }

    /// From now on with or without symbols beyond ASCII.
    pub const fn use_ascii(&mut self, ascii: bool) {
        self.out.use_ascii(ascii);
        self.err.use_ascii(ascii);
    }

    /// Writes one event of several, as one line of JSON, at once.
    pub fn json_line(&mut self, form: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(&Versioned::new(form))?;
        self.json(&text)?;
        Ok(self.out.flush()?)
    }

    /// What [`Output::json_line`] would write, for another reader.
    pub fn json_bytes(form: &impl Serialize) -> Result<Vec<u8>, Failure> {
        Ok(serde_json::to_vec(&Versioned::new(form))?)
    }

    /// Whether a person can be asked.
    pub const fn can_ask(&self) -> bool {
        self.in_is_terminal && self.err_is_terminal
    }

    /// How many columns a line of results may have; none where nobody's terminal is too narrow for it.
    pub fn columns(&self) -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(io::stdout());
        let columns = size.ok().filter(|_| self.out_is_terminal)?.ws_col;
        (columns > 0).then_some(usize::from(columns))
    }

    /// Whether results may be coloured (<https://no-color.org>).
    pub fn colour(&self) -> bool {
        self.out_is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
    }
}

/// JSON with escapes for all that is not ASCII, which is only ever inside of its strings (RFC 8259, section 7).
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_ascii_means_the_same() {
        let json = serde_json::json!({ "subject": "fix: Größe → 🚢" });
        let text = escaped(&json.to_string());
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json);
    }
}
