//! A document as a page shows it: what changes in one line, then each part of it.

use unicode_width::UnicodeWidthStr as _;

use super::model::{Ink, PageLine};
use crate::report::{Block, Document, RemarkKind, Section, State, Table, change_tables};

/// A cell that is wider does not make the others of its column as wide.
const MAX_ALIGNED: usize = 16;

/// The lines of a document.
pub fn of_document(document: &Document) -> Vec<PageLine> {
    let mut page = Page(Vec::new());
    page.table(&document.subjects, 0);
    page.gap();
    page.line(Ink::Head, 0, &document.headline.join(" · "));
    for remark in &document.remarks {
        let state = match remark.kind {
            RemarkKind::Unknown => State::Unknown,
            RemarkKind::Note => State::Attention,
        };
        page.line(Ink::Attention, 2, &format!("{} {}", state.symbol(), remark.words));
    }
    for section in &document.sections {
        page.section(section);
    }
    page.0
}

struct Page(Vec<PageLine>);

impl Page {
    fn line(&mut self, ink: Ink, indent: usize, text: &str) {
        self.0.push(PageLine::new(ink, indent, text.trim_end()));
    }

    fn gap(&mut self) {
        self.line(Ink::Plain, 0, "");
    }

    fn section(&mut self, section: &Section) {
        if !section.title.is_empty() {
            self.gap();
            self.line(Ink::Head, 2, &format!("{}  {}", section.title, section.summary));
        }
        for block in &section.blocks {
            match block {
                Block::Table(table) => self.table(table, 2),
                Block::Changes(log) => {
                    for table in change_tables(log) {
                        self.line(
                            Ink::Quiet,
                            2,
                            &format!("  {}", table.heading.as_deref().unwrap_or_default()),
                        );
                        self.table(&table, 4);
                    }
                }
                Block::Aside(words) => self.line(Ink::Quiet, 2, &format!("  {words}")),
            }
        }
    }

    fn table(&mut self, table: &Table, indent: usize) {
        let rows: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.state, cells(table, row)))
            .collect();
        let columns = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
        let width = |at: usize| {
            let widths = rows
                .iter()
                .filter_map(|(_, cells)| cells.get(at))
                .map(|cell| cell.width());
            widths.filter(|width| *width <= MAX_ALIGNED).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (state, cells) in &rows {
            let mut text = " ".repeat(indent);
            let mut hanging = indent;
            for (at, (cell, width)) in cells
                .iter()
                .zip(&widths)
                .filter(|(cell, width)| **width > 0 || !cell.is_empty())
                .enumerate()
            {
                let blanks = width.saturating_sub(cell.width()) + 2;
                text.push_str(cell);
                text.push_str(&" ".repeat(blanks));
                if at == 0 {
                    hanging = text.width();
                }
            }
            let ink = match state {
                Some(State::Ok) => Ink::Good,
                Some(State::Bad) => Ink::Bad,
                _ => Ink::Plain,
            };
            self.line(ink, hanging.min(indent + MAX_ALIGNED), &text);
        }
        if table.more > 0 {
            let blanks = " ".repeat(indent);
            self.line(Ink::Quiet, indent, &format!("{blanks}… and {} more", table.more));
        }
    }
}

/// The cells of a row with its mark; what was and what is are one.
fn cells(table: &Table, row: &crate::report::Row) -> Vec<String> {
    let mut cells: Vec<_> = row.cells.iter().map(|cell| cell.short.clone()).collect();
    if let Some(at) = table.change {
        let now = cells.remove(at + 1);
        let was = &mut cells[at];
        if !was.is_empty() && !now.is_empty() {
            was.push_str(" → ");
        }
        was.push_str(&now);
    }
    cells.insert(0, row.mark_words());
    cells
}
