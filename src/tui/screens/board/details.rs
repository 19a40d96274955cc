//! The details of the selected candidate: what it is, and why it may or may not go on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::model::{Gates, Row};
use super::table;
use crate::board::{Cell, Image, Place};
use crate::domain::bytes;
use crate::github::CommitState;
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::{gate, line};

pub(in crate::tui) fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let covers = model.board.details;
    let body = if covers {
        area
    } else {
        line::rule(buffer, area, theme);
        Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        }
    };
    let Some(row) = model.board.current() else {
        return;
    };
    if area.width < crate::tui::widgets::room::WIDE {
        let width = usize::from(body.width).saturating_sub(2);
        let mut lines = facts(model, row, width);
        lines.push(Line::default());
        lines.extend(why_not(model, row, width));
        return paint_lines(
            &lines,
            Rect {
                x: body.x + 1,
                width: body.width.saturating_sub(2),
                ..body
            },
            buffer,
        );
    }
    let left = body.width * 11 / 20;
    let divider = theme.glyph("│", "|");
    for y in body.y..body.bottom() {
        buffer.set_string(body.x + left, y, divider, theme.quiet());
    }
    if !covers {
        buffer.set_string(body.x + left, area.y, theme.glyph("┬", "+"), theme.quiet());
    }
    let text = Rect {
        x: body.x + 2,
        width: left.saturating_sub(3),
        ..body
    };
    paint_lines(&facts(model, row, usize::from(text.width)), text, buffer);
    let text = Rect {
        x: body.x + left + 2,
        width: body.width.saturating_sub(left + 3),
        ..body
    };
    paint_lines(&why_not(model, row, usize::from(text.width)), text, buffer);
}

pub(in crate::tui) fn paint_lines(lines: &[Line], area: Rect, buffer: &mut Buffer) {
    for (y, text) in (area.y..area.bottom()).zip(lines) {
        buffer.set_line(area.x, y, text, area.width);
    }
}

fn facts(model: &Model, row: &Row, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let name = |name: &'static str| Span::styled(format!("{name:<11}"), theme.quiet());
    let title = line::fit(row.subject.as_str(), width.saturating_sub(11), theme);
    let ago = line::ago(model.seconds_since(row.time));
    let dot = theme.glyph(" · ", " - ");
    let by = format!(
        "{}{dot}{}{dot}{ago}",
        row.author,
        row.time.strftime("%Y-%m-%d %H:%M UTC")
    );
    let mut lines = vec![
        Line::from(vec![
            Span::styled(row.commit.short().to_owned(), theme.identity()),
            Span::raw("    "),
            Span::styled(title, theme.strong()),
        ]),
        Line::from(vec![
            name("author"),
            Span::raw(line::fit(&by, width.saturating_sub(11), theme)),
        ]),
    ];
    if model.board.checks.is_shown {
        lines.extend(check_lines(model, row, &name, width));
    }
    match &row.facts.image {
        Cell::Loading => lines.push(Line::from(vec![
            name("image"),
            theme.says(State::Loading, "loading"),
        ])),
        Cell::None(why) => lines.extend(reason(name("image"), State::None, why, width, theme)),
        Cell::Failed(why) => lines.extend(reason(name("image"), State::Unknown, why, width, theme)),
        Cell::Ready(image) | Cell::Stale(image) => lines.extend(image_lines(image, name, width, theme)),
    }
    lines.extend(scan_lines(model, row, name("scan"), width));
    lines.extend(place_lines(model, row, name("where")));
    lines
}

/// The checks by name, or their sum as long as the names are not known, and the pull request.
fn check_lines(
    model: &Model,
    row: &Row,
    name: &impl Fn(&'static str) -> Span<'static>,
    width: usize,
) -> Vec<Line<'static>> {
    let checks = &model.board.checks;
    let (state, sum) = checks.words(&row.commit);
    let words = match checks.details.get(&row.commit) {
        Some(Ok(details)) => details.to_string(),
        Some(Err(why)) => format!("{sum}; {why}"),
        None => match &checks.trouble {
            Some(why) if state == State::Unknown => why.clone(),
            _ => sum,
        },
    };
    let mut lines = reason(name("checks"), state, &words, width, model.theme);
    if let Some(Some(CommitState { pull: Some(pull), .. })) = checks.known.get(&row.commit) {
        let by = pull
            .author
            .as_ref()
            .map_or_else(String::new, |author| format!(" by {author}"));
        lines.push(Line::from(vec![
            name("request"),
            Span::raw(format!("pull request #{}{by}", pull.number)),
        ]));
    }
    lines
}

/// A name, and why there is nothing more to say under it.
pub(in crate::tui) fn reason(
    name: Span<'static>,
    state: State,
    why: &str,
    width: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut pieces = line::wrap(why, width.saturating_sub(13)).into_iter();
    let first = pieces.next().unwrap_or_default();
    let mut lines = vec![Line::from(vec![name, theme.says(state, &first)])];
    lines.extend(pieces.map(|piece| Line::from(format!("{:13}{piece}", ""))));
    lines
}

fn image_lines(
    image: &Image,
    name: impl Fn(&'static str) -> Span<'static>,
    width: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let dot = theme.glyph(" · ", " - ");
    let digest = if width >= 90 {
        image.digest.to_string()
    } else {
        image.digest.short()
    };
    let mut lines = vec![Line::from(vec![
        name("image"),
        Span::styled(digest, theme.identity()),
        Span::raw(format!("{dot}{}{dot}{}", image.tag, bytes(image.size))),
    ])];
    let platforms = image
        .platforms
        .iter()
        .map(|(platform, size)| format!("{platform} {}", bytes(*size)));
    let platforms = platforms.collect::<Vec<_>>().join(dot);
    let text = line::fit(&platforms, width.saturating_sub(11), theme);
    lines.push(Line::from(vec![name("platforms"), Span::raw(text)]));
    if let Some(from) = &image.rebuilt {
        let what = format!(
            "rebuilt from {} of its release branch; rebuild of this commit",
            from.short()
        );
        lines.extend(reason(name(""), State::Ok, &what, width, theme));
    }
    if let Some(moved) = &image.moved {
        let what = format!("the tag was moved: its image was built from {}", moved.short());
        lines.extend(reason(name(""), State::Attention, &what, width, theme));
    }
    lines
}

fn scan_lines(model: &Model, row: &Row, name: Span<'static>, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    match &row.facts.scan {
        Cell::Loading => vec![Line::from(vec![name, theme.says(State::Loading, "loading")])],
        Cell::None(why) => reason(name, State::None, why, width, theme),
        Cell::Failed(why) => reason(name, State::Unknown, why, width, theme),
        Cell::Ready(scan) | Cell::Stale(scan) => {
            let (state, word) = table::scanned(scan);
            let mut spans = vec![name, theme.says(state, &word)];
            if let Some(made) = scan.made {
                spans.push(Span::raw(format!(
                    ", scanned {}",
                    line::ago(model.seconds_since(made))
                )));
            }
            if matches!(row.facts.scan, Cell::Stale(_)) {
                spans.push(line::gap());
                spans.push(theme.says(State::Stale, "too old"));
            }
            let mut lines = vec![Line::from(spans)];
            let gaps = line::wrap(&scan.gaps.join(", "), width.saturating_sub(13));
            lines.extend(
                gaps.into_iter()
                    .filter(|gap| !gap.is_empty())
                    .map(|gap| Line::from(format!("{:13}{gap}", ""))),
            );
            lines
        }
    }
}

fn place_lines(model: &Model, row: &Row, name: Span<'static>) -> Vec<Line<'static>> {
    let theme = model.theme;
    let mut spans = vec![name];
    for place in &row.facts.places {
        spans.push(Span::styled(format!("{} ", place.environment), theme.strong()));
        let (state, word) = place_state(place);
        spans.push(theme.says(state, word));
        spans.push(line::gap());
    }
    vec![Line::from(spans)]
}

const fn place_state(place: &Place) -> (State, &'static str) {
    match (&place.there, &place.signed) {
        (Cell::Loading, _) => (State::Loading, "loading"),
        (Cell::None(_) | Cell::Ready(false) | Cell::Stale(false), _) => (State::None, "missing"),
        (Cell::Failed(_), _) => (State::Unknown, "unknown"),
        (_, Cell::Ready(true) | Cell::Stale(true)) => (State::Ok, "present, signed"),
        (_, Cell::Ready(false) | Cell::Stale(false)) => (State::Attention, "present, not signed"),
        (_, Cell::Loading | Cell::None(_) | Cell::Failed(_)) => (State::Ok, "present"),
    }
}

/// The gates before the next environment, each with its reason, and the key to press.
fn why_not(model: &Model, row: &Row, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let Some(next) = model.board.next(row) else {
        let text = match &row.facts.image {
            Cell::Loading => "looking up where it is".to_owned(),
            Cell::None(_) => "it cannot be promoted: it has no image".to_owned(),
            Cell::Failed(_) => "cannot tell where it can be promoted to".to_owned(),
            Cell::Ready(_) | Cell::Stale(_) => model.board.why_no_next(row),
        };
        return vec![Line::from(Span::styled(text, theme.quiet()))];
    };
    let gates = model.board.gates_of(row);
    let allowed =
        matches!(gates, Some(Gates::Known(gates)) if gates.iter().all(|gate| gate.verdict.allows()));
    let title = if allowed {
        format!("Ready for {}", next.name)
    } else {
        format!("Why not {}?", next.name)
    };
    let mut title = vec![Span::styled(title, theme.strong())];
    if allowed && !model.read_only {
        title.push(line::gap());
        title.push(Span::styled("p", theme.key()));
        title.push(Span::raw(" promotes it"));
    }
    let mut lines = vec![Line::from(title)];
    match gates {
        None | Some(Gates::Loading) => lines.push(Line::from(theme.says(State::Loading, "evaluating gates"))),
        Some(Gates::Failed(why)) => lines.extend(reason(Span::raw(""), State::Unknown, why, width, theme)),
        Some(Gates::Known(gates)) => lines.extend(gate::lines(gates, width, theme)),
    }
    lines
}
