//! The table of candidates. Only rows in sight are touched, so its cost is that of the screen, not of the history.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::model::{BoardModel, Gates, HistoryState, Row};
use crate::board::{Cell, Image, Scan};
use crate::domain::{Counts, Verdict, age, bytes};
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::line;
use crate::tui::widgets::search::Search;

/// The columns, in the order of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Commit,
    Age,
    Author,
    Subject,
    Checks,
    Image,
    Size,
    Scan,
    Where,
}

impl Column {
    const ALL: [Self; 9] = [
        Self::Commit,
        Self::Age,
        Self::Author,
        Self::Subject,
        Self::Checks,
        Self::Image,
        Self::Size,
        Self::Scan,
        Self::Where,
    ];

    /// The order in which they leave when it gets narrow; those that are not named stay.
    const LEAVING: [Self; 5] = [Self::Size, Self::Author, Self::Checks, Self::Image, Self::Age];

    const fn title(self) -> &'static str {
        match self {
            Self::Commit => "COMMIT",
            Self::Age => "AGE",
            Self::Author => "AUTHOR",
            Self::Subject => "SUBJECT",
            Self::Checks => "CHECKS",
            Self::Image => "IMAGE",
            Self::Size => "SIZE",
            Self::Scan => "SCAN",
            Self::Where => "WHERE",
        }
    }

    /// Columns that it takes; the subject gets what the others leave.
    const fn width(self, screen: u16) -> usize {
        match self {
            Self::Commit | Self::Size => 7,
            Self::Age => 4,
            Self::Author => 12,
            Self::Subject => 28,
            Self::Image | Self::Checks => 9,
            Self::Scan => 15,
            Self::Where if screen < 100 => 22,
            Self::Where if screen < 160 => 26,
            Self::Where => 44,
        }
    }
}

/// The columns that fit, each with its width.
fn columns(screen: u16, has_checks: bool) -> Vec<(Column, usize)> {
    let mut shown = Column::ALL.to_vec();
    shown.retain(|column| has_checks || *column != Column::Checks);
    let width = |shown: &[Column]| shown.iter().map(|c| c.width(screen) + 2).sum::<usize>() + 2;
    for leaving in Column::LEAVING {
        if width(&shown) <= usize::from(screen) {
            break;
        }
        shown.retain(|column| *column != leaving);
    }
    let spare = usize::from(screen).saturating_sub(width(&shown));
    let missing = width(&shown).saturating_sub(usize::from(screen));
    shown
        .into_iter()
        .map(|column| match column {
            Column::Subject => (column, (column.width(screen) + spare).saturating_sub(missing)),
            _ => (column, column.width(screen)),
        })
        .collect()
}

pub(in crate::tui) fn paint(model: &Model, head: Rect, rows: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let board = &model.board;
    let columns = columns(rows.width, board.checks.is_shown);
    let mut x = rows.x + 2;
    for (column, width) in &columns {
        buffer.set_stringn(x, head.y, column.title(), *width, theme.quiet());
        x += u16::try_from(width + 2).unwrap_or(0);
    }
    if board.rows.is_empty() {
        return empty(model, rows, buffer);
    }
    for (offset, (y, row)) in (rows.y..rows.bottom()).zip(board.in_sight()).enumerate() {
        let selected = board.top + offset == board.selected;
        let area = Rect { y, height: 1, ..rows };
        paint_row(model, row, selected, &columns, area, buffer);
        if selected {
            buffer.set_string(rows.x, y, theme.glyph("▌", ">"), theme.accent());
            buffer.set_style(strong(&columns, area, theme), theme.selected());
        }
    }
}

/// The part of the selected row that is set off. Where colours do, that is what it is: to write what is known of it in
/// another weight would double what a terminal is sent for each step through the list.
fn strong(columns: &[(Column, usize)], row: Rect, theme: Theme) -> Rect {
    if !theme.colour {
        return row;
    }
    let facts = columns.iter().take_while(|(column, _)| {
        !matches!(
            column,
            Column::Checks | Column::Image | Column::Size | Column::Scan | Column::Where
        )
    });
    let width = facts.map(|(_, width)| width + 2).sum::<usize>() + 2;
    Rect {
        width: u16::try_from(width).unwrap_or(u16::MAX).min(row.width),
        ..row
    }
}

/// What stands where no row stands: a stranger learns what is going on.
fn empty(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let board = &model.board;
    let (state, text) = match (&board.trouble, board.history) {
        (Some(why), _) => (State::Bad, format!("the history could not be read: {why}")),
        (None, HistoryState::Complete) => (State::None, format!("there are no commits on {}", board.branch)),
        (None, _) => (State::Loading, format!("reading the history of {}", board.branch)),
    };
    let text = line::fit(&text, usize::from(area.width).saturating_sub(4), theme);
    line::left(buffer, area, vec![Span::raw("  "), theme.says(state, &text)]);
}

fn paint_row(
    model: &Model,
    row: &Row,
    selected: bool,
    columns: &[(Column, usize)],
    area: Rect,
    buffer: &mut Buffer,
) {
    let theme = model.theme;
    let mut x = area.x + 2;
    for (column, width) in columns {
        let text = match column {
            Column::Commit => Line::from(Span::styled(row.commit.short(), theme.identity())),
            Column::Age => {
                let age = age(model.seconds_since(row.time));
                Line::from(Span::styled(
                    age,
                    if selected { Style::new() } else { theme.quiet() },
                ))
            }
            Column::Author => Line::from(line::fit(row.author.as_str(), *width, theme)),
            Column::Subject => Line::from(subject(&model.board, row, *width, theme)),
            Column::Checks => {
                let (state, words) = model.board.checks.words(&row.commit);
                Line::from(theme.says(state, &words))
            }
            Column::Image => Line::from(image(&row.facts.image, theme)),
            Column::Size => Line::from(size(&row.facts.image, theme)),
            Column::Scan if is_moved(row) && !columns.iter().any(|(column, _)| *column == Column::Image) => {
                Line::from(theme.says(State::Attention, "moved tag"))
            }
            Column::Scan => Line::from(scan(model, &row.facts.scan, &row.facts.image)),
            Column::Where => Line::from(places(&model.board, row, *width, theme)),
        };
        let width = u16::try_from(*width).unwrap_or(u16::MAX);
        buffer.set_line(x, area.y, &text, width.min(area.right().saturating_sub(x)));
        x = x.saturating_add(width + 2);
    }
}

/// The subject, with what a search has found in it in reverse video.
fn subject(board: &BoardModel, row: &Row, width: usize, theme: Theme) -> Vec<Span<'static>> {
    let text = line::fit(row.subject.as_str(), width, theme);
    let needle = board.search.as_ref().map(Search::needle).unwrap_or_default();
    line::mark(&text, &needle, Style::new(), theme)
}

fn image(image: &Cell<Image>, theme: Theme) -> Span<'static> {
    match image {
        Cell::Loading => theme.says(State::Loading, "loading"),
        Cell::None(_) => theme.says(State::None, "none"),
        Cell::Failed(_) => theme.says(State::Unknown, "failed"),
        Cell::Ready(image) if image.moved.is_some() => theme.says(State::Attention, "moved"),
        Cell::Ready(image) if image.rebuilt.is_some() => theme.says(State::Ok, "rebuilt"),
        Cell::Ready(image) => theme.says(State::Ok, &format!("{} arch", image.platforms.len())),
        Cell::Stale(image) => theme.says(State::Stale, &format!("{} arch", image.platforms.len())),
    }
}

fn size(image: &Cell<Image>, theme: Theme) -> Span<'static> {
    match image.value() {
        Some(image) => Span::raw(format!("{:>7}", bytes(image.size))),
        None => Span::styled(String::new(), theme.quiet()),
    }
}

fn scan(model: &Model, scan: &Cell<Scan>, image: &Cell<Image>) -> Vec<Span<'static>> {
    let theme = model.theme;
    if let Cell::None(_) = image {
        return vec![theme.says(State::None, "no image")];
    }
    match scan {
        Cell::Loading => vec![theme.says(State::Loading, "loading")],
        Cell::None(_) => vec![theme.says(State::None, "not scanned")],
        Cell::Failed(_) => vec![theme.says(State::Unknown, "failed")],
        Cell::Ready(known) | Cell::Stale(known) => {
            let (state, word) = scanned(known);
            let old = matches!(scan, Cell::Stale(_));
            let age = known
                .made
                .map(|made| age(model.seconds_since(made)))
                .unwrap_or_default();
            let (style, mark) = if old {
                (theme.state(State::Stale), " ~")
            } else {
                (theme.quiet(), " ")
            };
            vec![
                theme.says(state, &word),
                Span::styled(format!("{mark}{age}"), style),
            ]
        }
    }
}

/// The gravest findings in two words.
/// What scans found, where that is all there is to know; that something was not examined weighs more than a few findings.
pub(in crate::tui) fn scanned(scan: &Scan) -> (State, String) {
    match scan.counts.worst() {
        Some((crate::domain::Severity::Critical, _)) => found(&scan.counts),
        _ if scan.is_complete() => found(&scan.counts),
        _ => (State::Unknown, "incomplete".to_owned()),
    }
}

fn found(counts: &Counts) -> (State, String) {
    match counts {
        Counts {
            critical: n @ 1.., ..
        } => (State::Bad, format!("{n} critical")),
        Counts { high: n @ 1.., .. } => (State::Attention, format!("{n} high")),
        Counts { medium: n @ 1.., .. } => (State::Ok, format!("{n} medium")),
        Counts { low: n @ 1.., .. } => (State::Ok, format!("{n} low")),
        Counts { unknown: n @ 1.., .. } => (State::Attention, format!("{n} unrated")),
        _ => (State::Ok, "clean".to_owned()),
    }
}

/// Where it is, in bold where it runs, and where it can go.
fn places(board: &BoardModel, row: &Row, width: usize, theme: Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for (index, place) in row.facts.places.iter().enumerate() {
        let runs = board
            .deployed_in(row)
            .any(|environment| *environment == place.environment);
        let style = match &place.there {
            _ if runs => theme.ink(Color::Green).patch(theme.strong()),
            // Every image is where it was built into; that goes without saying.
            Cell::Ready(true) if index > 0 => Style::new(),
            _ => continue,
        };
        spans.push(Span::styled(format!("{} ", place.environment), style));
    }
    if let Some(next) = board.next(row) {
        let arrow = theme.glyph("▸", ">");
        let gates = board.gates_of(row);
        let (state, word) = match gates {
            None => (State::None, None),
            Some(Gates::Loading) => (State::Loading, Some("asking".to_owned())),
            Some(Gates::Failed(_)) => (State::Unknown, Some("unknown".to_owned())),
            Some(Gates::Known(gates)) => verdict(gates),
        };
        spans.push(Span::styled(
            format!("{arrow} {} ", next.name),
            if gates.is_none() {
                theme.quiet()
            } else {
                Style::new()
            },
        ));
        if let Some(word) = word {
            let room = width.saturating_sub(line::width(&spans) + 2);
            spans.push(theme.says(state, &line::fit(&word, room, theme)));
        }
    }
    spans
}

/// Whether the tag of `row` points at the image of another commit.
fn is_moved(row: &Row) -> bool {
    row.facts.image.value().is_some_and(|image| image.moved.is_some())
}

/// The gates in a word: `ready`, the one that refuses, or how many do.
fn verdict(gates: &[crate::domain::Gate]) -> (State, Option<String>) {
    let stopping: Vec<_> = gates.iter().filter(|gate| !gate.verdict.allows()).collect();
    match stopping.as_slice() {
        [] => (State::Ok, Some("ready".to_owned())),
        [gate] if matches!(gate.verdict, Verdict::Unknown(_)) => {
            (State::Unknown, Some(gate.kind.to_string()))
        }
        [gate] => (State::Bad, Some(gate.kind.to_string())),
        more => (State::Bad, Some(format!("{} gates", more.len()))),
    }
}
