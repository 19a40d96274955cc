//! A document for a person: aligned columns, and no line wider than the terminal.

use std::io::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::cli::Output;
use crate::cli::failure::Failure;
use crate::cli::table;
use crate::domain::Changelog;
use crate::report::{Block, Document, RemarkKind, Row, Section, State, Table, change_tables};

/// Where the lines go, and how long they may be.
struct Page<'a> {
    io: &'a mut Output,
    width: Option<usize>,
    colour: bool,
}

/// Prints all parts of a document.
pub(super) fn print(document: &Document, io: &mut Output) -> Result<(), Failure> {
    let (width, colour) = (io.columns(), io.colour());
    let mut page = Page { io, width, colour };
    page.rows(&[vec![document.title.clone()]], 0)?;
    page.rows(&cells(&document.subjects), 2)?;
    writeln!(page.io.out)?;
    page.wrapped(&document.headline, " · ", 0)?;
    for section in &document.sections {
        page.section(section)?;
    }
    for (kind, title, state) in [
        (RemarkKind::Unknown, "NOT KNOWN", State::Unknown),
        (RemarkKind::Note, "NOTES", State::Attention),
    ] {
        let mut remarks = document.remarks.iter().filter(|one| one.kind == kind).peekable();
        if remarks.peek().is_some() {
            page.head(title, "")?;
        }
        for remark in remarks {
            let words = format!("{} {}", state.symbol(), remark.words);
            let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
            page.wrapped(&words, " ", 2)?;
        }
    }
    Ok(())
}

impl Page<'_> {
    fn rows(&mut self, rows: &[Vec<String>], indent: usize) -> Result<(), Failure> {
        Ok(table::print_indented(rows, indent, self.width, &mut self.io.out)?)
    }

    fn line(&mut self, words: String, indent: usize) -> Result<(), Failure> {
        self.rows(&[vec![words]], indent)
    }

    /// What must not be cut, on as many lines as it needs; `between` stands between the parts of which none is broken.
    fn wrapped(&mut self, parts: &[String], between: &str, indent: usize) -> Result<(), Failure> {
        let room = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(indent));
        let mut line = String::new();
        let mut lines = Vec::new();
        for part in parts {
            let longer = line.width() + between.width() + part.width();
            if line.is_empty() {
                part.clone_into(&mut line);
            } else if longer > room {
                lines.push(std::mem::replace(&mut line, part.clone()));
            } else {
                line.push_str(between);
                line.push_str(part);
            }
        }
        lines.push(line);
        for line in lines {
            writeln!(self.io.out, "{}{line}", " ".repeat(indent))?;
        }
        Ok(())
    }

    fn head(&mut self, title: &str, words: &str) -> Result<(), Failure> {
        let (bold, plain) = if self.colour {
            ("\u{1b}[1m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        writeln!(self.io.out)?;
        let words = self.width.map_or_else(
            || words.to_owned(),
            |width| table::cut(words, width.saturating_sub(title.len() + 2)),
        );
        let line = format!("{bold}{title}{plain}  {words}");
        Ok(writeln!(self.io.out, "{}", line.trim_end())?)
    }

    fn section(&mut self, section: &Section) -> Result<(), Failure> {
        if !section.title.is_empty() {
            self.head(&section.title.to_uppercase(), &section.summary)?;
        }
        for block in &section.blocks {
            match block {
                Block::Table(table) => self.table(table, 2)?,
                Block::Changes(log) => self.changes(log)?,
                Block::Aside(words) => self.line(words.clone(), 2)?,
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, indent: usize) -> Result<(), Failure> {
        self.rows(&cells(table), indent)?;
        if table.more > 0 {
            self.line(format!("… and {} more", table.more), indent)?;
        }
        Ok(())
    }

    fn changes(&mut self, log: &Changelog) -> Result<(), Failure> {
        let mut tables = change_tables(log);
        align(&mut tables);
        for table in &tables {
            self.line(table.heading.clone().unwrap_or_default(), 2)?;
            self.table(table, 4)?;
        }
        let (listed, all) = log.listed();
        if listed < all {
            self.line(format!("… {listed} of {all} listed; --limit lists more"), 2)?;
        }
        Ok(())
    }
}

/// The cells of all rows, with their marks, and an arrow from what was to what is.
fn cells(table: &Table) -> Vec<Vec<String>> {
    let row = |row: &Row| {
        let mut cells: Vec<_> = row.cells.iter().map(|cell| cell.short.clone()).collect();
        if let Some(at) = table.change {
            let is_both = !cells[at].is_empty() && !cells[at + 1].is_empty();
            cells.insert(at + 1, if is_both { "→" } else { "" }.to_owned());
        }
        cells.insert(0, row.mark_words());
        cells
    };
    table.rows.iter().map(row).collect()
}

/// Fills the column of the description up, so that the columns of all kinds of change stand in line.
fn align(tables: &mut [Table]) {
    let rows = || tables.iter().flat_map(|table| &table.rows);
    let widest = rows()
        .filter_map(|row| row.cells.get(1))
        .map(|cell| cell.short.width())
        .max();
    let widest = widest.unwrap_or(0);
    for row in tables.iter_mut().flat_map(|table| &mut table.rows) {
        if let Some(cell) = row.cells.get_mut(1) {
            let blanks = widest.saturating_sub(cell.short.width());
            cell.short.push_str(&" ".repeat(blanks));
        }
    }
}
