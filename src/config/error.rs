//! What can be wrong with a configuration, and where: file, line, column, the line itself and what is near.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use unicode_width::UnicodeWidthStr as _;

use crate::domain::{Exit, clean_line};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No `windlass.toml` in the folder or above it.
    #[error("cannot find windlass.toml in {0} or a parent folder")]
    Missing(PathBuf),
    /// The file is there, but cannot be read.
    #[error("could not read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What it says is not a configuration.
    #[error("{0}")]
    Wrong(Box<Mistake>),
}

/// One mistake, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// The line, harmless, and without values that look like secrets.
    shown: String,
    /// Where the mark below it begins and how wide it is, in cells.
    mark: (usize, usize),
}

impl Mistake {
    /// The mistake in the bytes `span` of `text`.
    pub(super) fn at(
        path: &Path,
        text: &str,
        span: Range<usize>,
        message: String,
        hint: Option<String>,
    ) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let until = text.floor_char_boundary(span.end.clamp(start, end));
        let width = |part: &str| clean_line(part).width();
        Self {
            path: path.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: text[begin..start].chars().count() + 1,
            message,
            hint,
            shown: without_secret(&text[begin..end]),
            mark: (width(&text[begin..start]), width(&text[start..until]).max(1)),
        }
    }

    fn brief(&self) -> String {
        format!(
            "{}:{}:{}: {}",
            self.path.display(),
            self.line,
            self.column,
            self.message
        )
    }
}

/// A line as an error may show it: a password that somebody put into the file is not repeated.
fn without_secret(line: &str) -> String {
    // An address may hold one, too.
    let line = match line.find("://").filter(|at| line[*at..].contains('@')) {
        Some(at) => &format!("{}://…", &line[..at]),
        None => line,
    };
    let lower = line
        .to_ascii_lowercase()
        .replace("password_file", "_____________");
    let secret = ["password", "passphrase", "secret", "token"]
        .iter()
        .filter_map(|word| lower.find(word))
        .min();
    let Some(word) = secret else {
        return clean_line(line.trim_end());
    };
    match line[word..].find('=').map(|at| word + at).or(line.find('=')) {
        Some(value) => format!("{} …", clean_line(&line[..=value])),
        None => "…".to_owned(),
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let (from, wide) = self.mark;
        let shown = self.shown.width();
        let mut picture = String::new();
        if from <= shown {
            let caret = "^".repeat(wide.min((shown - from.min(shown)).max(1)));
            write!(
                picture,
                "\n{margin} |\n{number} | {}\n{margin} | {}{caret}",
                self.shown,
                " ".repeat(from)
            )?;
        }
        write!(f, "{}{picture}", self.brief())
    }
}

impl ConfigError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        Exit::Usage
    }

    /// The error in one line: place and message, without the picture of the line.
    pub fn brief(&self) -> String {
        match self {
            Self::Wrong(mistake) => mistake.brief(),
            other => other.to_string(),
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing(_) if cfg!(feature = "demo") => {
                Some("create one with `windlass init`, or try `windlass demo`, which needs none".to_owned())
            }
            Self::Missing(_) => Some("create one with `windlass init`".to_owned()),
            Self::Unreadable { .. } => None,
            Self::Wrong(mistake) => mistake.hint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_the_place_in_cells_not_bytes() {
        let text = "a = 1\nname = \"größe\" # wide\nz = 2\n";
        let at = text.find("# wide").unwrap();
        let mistake = Mistake::at(Path::new("w.toml"), text, at..at + 6, "no".to_owned(), None);
        assert_eq!((mistake.line, mistake.column), (2, 16));
        assert_eq!(
            mistake.to_string(),
            "w.toml:2:16: no\n  |\n2 | name = \"größe\" # wide\n  |                ^^^^^^"
        );
    }

    #[test]
    fn does_not_repeat_a_secret() {
        let text = "sign = { key = \"k\", password = \"hunter2\" }";
        let mistake = Mistake::at(
            Path::new("w.toml"),
            text,
            20..28,
            "unknown key `password`".to_owned(),
            None,
        );
        assert!(!mistake.to_string().contains("hunter2"), "{mistake}");
    }

    #[test]
    fn survives_an_empty_file_and_a_place_past_its_end() {
        let mistake = Mistake::at(Path::new("w.toml"), "", 0..9, "nothing".to_owned(), None);
        assert!(mistake.to_string().starts_with("w.toml:1:1: nothing"));
    }
}
