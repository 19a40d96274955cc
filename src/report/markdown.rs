//! A document as Markdown, for a change ticket. Whatever was committed, labelled or listed elsewhere is shown as text and
//! obeyed nowhere.

use std::fmt::Write as _;

use super::document::{Block, Cell, Document, RemarkKind, Section, Table};
use crate::domain::{TicketUrl, markdown_escape};

impl Document {
    /// The document as Markdown, in which tickets are links.
    pub fn markdown(&self, tickets: Option<&TicketUrl>) -> String {
        let mut out = format!("## {}\n", markdown_escape(&self.title));
        table(&mut out, &self.subjects);
        let headline = self.headline.join(" · ");
        let _ = writeln!(out, "\n**{}**", markdown_escape(&headline));
        for part in &self.sections {
            section(&mut out, part, tickets);
        }
        for (kind, title) in [(RemarkKind::Unknown, "Unknown"), (RemarkKind::Note, "Notes")] {
            let remarks: Vec<_> = self.remarks.iter().filter(|one| one.kind == kind).collect();
            if !remarks.is_empty() {
                let _ = writeln!(out, "\n### {title}\n");
            }
            for remark in remarks {
                let _ = writeln!(out, "- {}", markdown_escape(&remark.words));
            }
        }
        out
    }
}

fn section(out: &mut String, section: &Section, tickets: Option<&TicketUrl>) {
    if !section.title.is_empty() {
        let _ = writeln!(out, "\n### {}\n", section.title);
        let _ = writeln!(out, "{}.", markdown_escape(&section.summary));
    }
    for block in &section.blocks {
        match block {
            Block::Table(rows) => table(out, rows),
            Block::Changes(log) => {
                let _ = write!(out, "\n{}", log.markdown(4, tickets));
            }
            Block::Aside(words) => {
                let _ = writeln!(out, "\n{}.", markdown_escape(words));
            }
        }
    }
}

fn table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    let is_marked = table.rows.iter().any(|row| row.mark != ("", ""));
    // A column with nothing in it takes no room.
    let columns: Vec<usize> = (0..table.columns.len())
        .filter(|at| {
            table
                .rows
                .iter()
                .any(|row| row.cells.get(*at).is_some_and(|cell| !cell.full().is_empty()))
        })
        .collect();
    let mark = if is_marked { "| " } else { "" };
    let heads: Vec<_> = columns.iter().map(|at| table.columns[*at]).collect();
    let _ = writeln!(out, "\n{mark}| {} |", heads.join(" | "));
    let rules = vec!["---"; heads.len() + usize::from(is_marked)];
    let _ = writeln!(out, "|{}|", rules.join("|"));
    for row in &table.rows {
        let mark = match row.mark {
            _ if !is_marked => String::new(),
            (symbol, "") => format!("| {} ", markdown_escape(symbol)),
            (_, word) => format!("| {word} "),
        };
        let cells = columns
            .iter()
            .map(|at| row.cells.get(*at).map_or_else(String::new, text));
        let cells: Vec<_> = cells.collect();
        let _ = writeln!(out, "{mark}| {} |", cells.join(" | "));
    }
    if table.more > 0 {
        let _ = writeln!(out, "\n… and {} more", table.more);
    }
}

/// A cell as text, or as code, which needs no escapes where it is the name of an image.
fn text(cell: &Cell) -> String {
    if cell.is_code {
        format!("`{}`", cell.full())
    } else {
        markdown_escape(cell.full())
    }
}
