//! The fleet, painted: a table of services and environments, the selected service in full, and what is wrong.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr as _;

use super::{FleetModel, FleetRow, RunNote, keys};
use crate::board::{Cell, EnvironmentNow};
use crate::domain::{EnvironmentName, age, count};
use crate::fleet;
use crate::tui::app::theme::{State, Theme};
use crate::tui::widgets::{footer, input, line, room};

/// Lines of the selected service, with the line above them; none on a small screen.
pub fn details_height(fleet: &FleetModel, height: u16) -> u16 {
    let environments = fleet
        .current()
        .map_or(0, |at| fleet.rows[at].status.environments.len());
    let wanted = u16::try_from(environments + 3).unwrap_or(u16::MAX);
    if height < 18 { 0 } else { wanted.min(height / 3) }
}

/// Lines for what is wrong with whole projects.
fn troubles_height(fleet: &FleetModel, height: u16) -> u16 {
    let lines = fleet
        .troubles
        .iter()
        .map(|(_, hint)| 1 + usize::from(hint.is_some()));
    u16::try_from(lines.sum::<usize>())
        .unwrap_or(u16::MAX)
        .min(height / 4)
}

/// How many rows of services fit.
pub fn rows_height(fleet: &FleetModel, height: u16) -> usize {
    let others = 4 + details_height(fleet, height) + troubles_height(fleet, height);
    usize::from(height.saturating_sub(others))
}

/// Paints the whole screen.
pub fn paint(
    fleet: &FleetModel,
    theme: Theme,
    now: Timestamp,
    active: usize,
    area: Rect,
    buffer: &mut Buffer,
) {
    if room::is_too_small((area.width, area.height)) {
        return room::paint_too_small(area, buffer);
    }
    let row = |y: u16| Rect {
        y: area.y + y.min(area.height),
        height: u16::from(y < area.height),
        ..area
    };
    title(fleet, theme, now, active, row(0), buffer);
    line::rule(buffer, row(1), theme);
    let (details, troubles) = (
        details_height(fleet, area.height),
        troubles_height(fleet, area.height),
    );
    let rows = u16::try_from(rows_height(fleet, area.height)).unwrap_or(u16::MAX);
    table(
        fleet,
        theme,
        now,
        Rect {
            y: area.y + 2,
            height: rows + 1,
            ..area
        },
        buffer,
    );
    let below = Rect {
        y: area.y + 3 + rows,
        height: details,
        ..area
    };
    if details > 0 {
        selected(fleet, theme, now, below, buffer);
    }
    let wrong = Rect {
        y: below.y + details,
        height: troubles,
        ..area
    };
    trouble(fleet, theme, wrong, buffer);
    foot(fleet, theme, row(area.height.saturating_sub(1)), buffer);
}

fn title(fleet: &FleetModel, theme: Theme, now: Timestamp, active: usize, area: Rect, buffer: &mut Buffer) {
    let dot = || Span::styled(theme.glyph(" · ", " - "), theme.quiet());
    let left = vec![
        Span::raw(" "),
        Span::styled("windlass", theme.accent().patch(theme.strong())),
        dot(),
        Span::styled("fleet", theme.strong()),
        dot(),
        Span::raw(fleet.name.clone()),
    ];
    let used = line::width(&left);
    line::left(buffer, area, left);
    let mut right = Vec::new();
    if active > 0 {
        right.push(theme.says(State::Loading, &count(active, "active run")));
        right.push(line::gap());
    }
    right.push(match (fleet.asking, fleet.fresh_at) {
        (true, _) | (false, None) => theme.says(State::Loading, "querying git and the registries"),
        (false, Some(at)) => {
            let seconds = now.as_second() - at.as_second();
            let ago = if seconds < 60 {
                format!("{}s", seconds.max(0))
            } else {
                age(seconds)
            };
            Span::styled(
                format!("{}, {ago} ago", count(fleet.rows.len(), "service")),
                theme.quiet(),
            )
        }
    });
    right.push(Span::raw(" "));
    if line::width(&right) + used + 2 <= usize::from(area.width) {
        line::right(buffer, area, right);
    }
}

/// The names and widths of the columns: what is needed, or less where the screen is too narrow.
fn widths(fleet: &FleetModel, columns: &[EnvironmentName], now: Timestamp, room: usize) -> Vec<usize> {
    const GAP: usize = 2;
    const LEAST: usize = 8;
    let widest = |words: &dyn Fn(&FleetRow) -> String, head: usize| {
        let cells = fleet.rows.iter().map(|row| words(row).width());
        cells.max().unwrap_or(0).max(head)
    };
    let mut widths = vec![widest(&|row| fleet.name_of(row), "SERVICE".len())];
    for name in columns {
        widths.push(widest(&|row| environment(row, name, now), name.as_str().len()));
    }
    widths.push(widest(&outstanding, "OUTSTANDING".len()));
    let gaps = GAP * widths.len() + 1;
    while widths.iter().sum::<usize>() + gaps > room
        && let Some(most) = widths.iter_mut().max()
        && *most > LEAST
    {
        *most -= 1;
    }
    widths
}

fn environment(row: &FleetRow, name: &EnvironmentName, now: Timestamp) -> String {
    let there = row.status.in_environment(name);
    there.map_or_else(String::new, |there| fleet::deployed(there, now))
}

/// What is outstanding, or the run that is active.
fn outstanding(row: &FleetRow) -> String {
    match &row.run {
        Some(RunNote::Active(title)) => format!("▸ {title}"),
        _ => fleet::outstanding(&row.status.outstanding),
    }
}

fn table(fleet: &FleetModel, theme: Theme, now: Timestamp, area: Rect, buffer: &mut Buffer) {
    let columns = fleet::columns(fleet.rows.iter().map(|row| &row.status));
    let widths = widths(fleet, &columns, now, usize::from(area.width));
    let heads = std::iter::once("SERVICE".to_owned())
        .chain(columns.iter().map(|name| name.as_str().to_uppercase()))
        .chain(["OUTSTANDING".to_owned()]);
    let cells = heads
        .zip(&widths)
        .map(|(head, width)| (head, *width, theme.quiet()));
    line::left(
        buffer,
        Rect {
            height: 1.min(area.height),
            ..area
        },
        row_spans(cells, theme, false),
    );
    let shown = fleet.shown();
    if shown.is_empty() {
        let text = if fleet.rows.is_empty() {
            "no service could be opened"
        } else {
            "no service matches the filter"
        };
        let place = Rect {
            y: area.y + 1,
            height: u16::from(area.height > 1),
            ..area
        };
        return line::left(
            buffer,
            place,
            vec![Span::raw("  "), theme.says(State::None, text)],
        );
    }
    let in_sight = shown.iter().enumerate().skip(fleet.top);
    for (y, (at, place)) in (area.y + 1..area.bottom()).zip(in_sight) {
        let row = &fleet.rows[*place];
        let is_selected = at == fleet.selected;
        let cells = std::iter::once((fleet.name_of(row), widths[0], theme.strong()))
            .chain(columns.iter().zip(&widths[1..]).map(|(name, width)| {
                let style = row
                    .status
                    .in_environment(name)
                    .map_or_else(Style::new, |there| style(there, theme));
                (environment(row, name, now), *width, style)
            }))
            .chain([(
                outstanding(row),
                widths[widths.len() - 1],
                style_of_outstanding(row, theme),
            )]);
        line::left(
            buffer,
            Rect { y, height: 1, ..area },
            row_spans(cells, theme, is_selected),
        );
        if is_selected {
            buffer.set_style(Rect { y, height: 1, ..area }, theme.selected());
        }
    }
}

fn row_spans(
    cells: impl Iterator<Item = (String, usize, Style)>,
    theme: Theme,
    is_selected: bool,
) -> Vec<Span<'static>> {
    let mark = if is_selected { theme.glyph("▌", ">") } else { " " };
    let mut spans = vec![Span::styled(mark, theme.accent())];
    for (text, width, style) in cells {
        let text = line::fit(&text, width, theme);
        let padding = " ".repeat((width + 2).saturating_sub(text.width()));
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(padding));
    }
    spans
}

fn style(environment: &EnvironmentNow, theme: Theme) -> Style {
    if environment.has_loud_drift() {
        return theme.state(State::Bad);
    }
    if environment.is_unhealthy() {
        return theme.state(State::Attention);
    }
    match &environment.deployed {
        Cell::Loading | Cell::None(_) => theme.quiet(),
        Cell::Failed(_) => theme.state(State::Unknown),
        Cell::Stale(_) => theme.state(State::Stale),
        Cell::Ready(deployed) if deployed.signed == Cell::Ready(false) => theme.state(State::Attention),
        Cell::Ready(deployed) if deployed.release.is_some() => Style::new(),
        Cell::Ready(_) => theme.identity(),
    }
}

fn style_of_outstanding(row: &FleetRow, theme: Theme) -> Style {
    if let Some(RunNote::Active(_)) = row.run {
        return theme.state(State::Loading);
    }
    match &row.status.outstanding {
        Cell::Loading | Cell::None(_) => theme.quiet(),
        Cell::Failed(_) => theme.state(State::Unknown),
        Cell::Ready(known) | Cell::Stale(known) if known.work > 0 => theme.state(State::Attention),
        Cell::Ready(_) | Cell::Stale(_) => theme.state(State::Ok),
    }
}

/// The selected service: each environment with its digest, then why something is unknown.
fn selected(fleet: &FleetModel, theme: Theme, now: Timestamp, area: Rect, buffer: &mut Buffer) {
    line::rule(buffer, area, theme);
    let Some(row) = fleet.current().map(|at| &fleet.rows[at]) else {
        return;
    };
    let mut lines = vec![vec![
        Span::raw(" "),
        Span::styled(fleet.name_of(row), theme.strong()),
        Span::raw("  "),
        run(row, theme),
    ]];
    let unknown = row.status.unknown();
    for there in &row.status.environments {
        let mut spans = vec![
            Span::raw(format!("   {:<10} ", there.environment)),
            Span::styled(fleet::deployed(there, now), style(there, theme)),
        ];
        if let Some(deployed) = there.deployed.value() {
            spans.push(Span::styled(
                format!("  {}", deployed.digest.short()),
                theme.identity(),
            ));
            if let Some(by) = &deployed.by {
                spans.push(Span::styled(format!("  {}", by.words()), theme.quiet()));
            }
            if deployed.signed == Cell::Ready(true) {
                spans.push(Span::raw("  "));
                spans.push(theme.says(State::Ok, "signed"));
            }
        }
        if let Some((_, why)) = unknown
            .iter()
            .find(|(what, _)| *what == there.environment.as_str())
        {
            spans.push(Span::raw(format!("  {why}")));
        }
        lines.push(spans);
        lines.extend(there.drift.iter().map(|drift| {
            let words = format!("drift: {}", drift.words());
            vec![Span::raw("     "), theme.says(State::Bad, &words)]
        }));
    }
    if let Some(why) = row.status.outstanding.failure() {
        lines.push(vec![
            Span::raw("   "),
            theme.says(State::Unknown, &format!("outstanding work: {why}")),
        ]);
    }
    for (y, spans) in (area.y + 1..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, spans);
    }
}

fn run(row: &FleetRow, theme: Theme) -> Span<'static> {
    match &row.run {
        None => Span::raw(""),
        Some(RunNote::Active(title)) => theme.says(State::Loading, title),
        Some(RunNote::Done(title)) => theme.says(State::Ok, title),
        Some(RunNote::Failed(title)) => theme.says(State::Bad, title),
    }
}

fn trouble(fleet: &FleetModel, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let lines = fleet.troubles.iter().flat_map(|(what, hint)| {
        let what = Span::styled(format!(" {what}"), theme.state(State::Bad));
        let hint = hint
            .iter()
            .map(|hint| Span::styled(format!("   Next step: {hint}"), theme.quiet()));
        std::iter::once(what).chain(hint)
    });
    for (y, span) in (area.y..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, vec![span]);
    }
}

fn foot(fleet: &FleetModel, theme: Theme, area: Rect, buffer: &mut Buffer) {
    if let Some(filter) = fleet.filter.as_ref().filter(|filter| filter.typing) {
        let mut spans = vec![Span::styled(" /", theme.key())];
        spans.extend(input::spans(&filter.input, theme.strong()));
        return line::left(buffer, area, spans);
    }
    if let Some(notice) = &fleet.notice {
        let state = if notice.grave { State::Attention } else { State::Ok };
        return line::left(
            buffer,
            area,
            vec![Span::raw(" "), theme.says(state, &notice.text)],
        );
    }
    let mut shown: Vec<_> = keys::bindings().filter(|binding| binding.rank > 0).collect();
    shown.sort_by_key(|binding| binding.rank);
    let entries = shown
        .into_iter()
        .filter_map(|binding| Some((binding.keys.first()?.name(), binding.label, true)));
    line::left(buffer, area, footer::bar(entries, usize::from(area.width), theme));
}
