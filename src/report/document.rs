//! A document that says what there is to say, and leaves to others how it looks.

use super::state::State;
use crate::domain::Changelog;

/// A text in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// What is compared or described.
    pub subjects: Table,
    /// What matters most, in parts of which none is broken.
    pub headline: Vec<String>,
    /// The parts with something in them.
    pub sections: Vec<Section>,
    /// What is missing, and what to know besides.
    pub remarks: Vec<Remark>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// The whole of it in one line.
    pub summary: String,
    /// What it consists of.
    pub blocks: Vec<Block>,
}

/// What stands in a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Rows.
    Table(Table),
    /// Commits by the kind of their change; [`change_tables`] has them as rows.
    Changes(Changelog),
    /// A line that matters less.
    Aside(String),
}

/// Rows of cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The heading of these rows, if they have one.
    pub heading: Option<String>,
    /// The columns; without a name where what stands in it says what it is.
    pub columns: Vec<&'static str>,
    /// The column whose cell and the next one are what something was and what it is.
    pub change: Option<usize>,
    /// The rows.
    pub rows: Vec<Row>,
    /// How many more rows there are.
    pub more: usize,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whether it is good or bad news.
    pub state: Option<State>,
    /// Symbol and word before the cells; either may be empty.
    pub mark: (&'static str, &'static str),
    /// The cells.
    pub cells: Vec<Cell>,
}

impl Row {
    /// A row of plain cells.
    pub fn new<const N: usize>(cells: [String; N]) -> Self {
        Self {
            state: None,
            mark: ("", ""),
            cells: cells.into_iter().map(Cell::from).collect(),
        }
    }

    /// The same with a symbol and a word before it.
    #[must_use]
    pub const fn marked(mut self, symbol: &'static str, word: &'static str) -> Self {
        self.mark = (symbol, word);
        self
    }

    /// The same as good or bad news.
    #[must_use]
    pub const fn in_state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// `✗ introduced`, or as much of it as there is.
    pub fn mark_words(&self) -> String {
        let (symbol, word) = self.mark;
        format!("{symbol} {word}").trim().to_owned()
    }
}

/// A cell; where there is little room, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// In short.
    pub short: String,
    /// The whole, where that is more.
    pub full: Option<String>,
    /// Whether it is to be copied rather than read: a name of an image.
    pub is_code: bool,
}

impl From<String> for Cell {
    fn from(short: String) -> Self {
        Self {
            short,
            full: None,
            is_code: false,
        }
    }
}

impl Cell {
    /// The whole.
    pub fn full(&self) -> &str {
        self.full.as_deref().unwrap_or(&self.short)
    }
}

/// What a remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemarkKind {
    /// Something could not be determined.
    Unknown,
    /// Something to know besides.
    Note,
}

/// A remark on a document as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub kind: RemarkKind,
    /// In words.
    pub words: String,
}

/// The commits of a changelog, a table for each kind of change.
pub fn change_tables(log: &Changelog) -> Vec<Table> {
    let table = |group: &crate::domain::ChangeGroup| {
        let rows = group
            .entries
            .iter()
            .map(|entry| Row::new([entry.commit.short().to_owned(), entry.words(), entry.references()]));
        Table {
            heading: Some(format!("{} ({})", group.kind.heading(), group.count)),
            columns: vec!["commit", "change", "references"],
            change: None,
            rows: rows.collect(),
            more: group.count - group.entries.len(),
        }
    };
    log.groups.iter().map(table).collect()
}
