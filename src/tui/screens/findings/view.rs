//! The findings of a candidate. Only rows in sight are touched, so its cost is that of the screen, not of the report.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::layout;
use super::model::{Content, Findings, FindingsModel, standing};
use crate::domain::{Judged, Severity, Verdict, count};
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::line;

pub(in crate::tui) fn paint(model: &Model, buffer: &mut Buffer) {
    let Some(findings) = &model.findings else { return };
    let parts = layout::cut(model);
    title(model, findings, parts.title, buffer);
    match &findings.content {
        Content::Loading => {
            let waiting = model.theme.says(State::Loading, "loading the attached reports");
            line::left(buffer, parts.verdict, vec![Span::raw(" "), waiting]);
        }
        Content::Failed(message) => {
            let words = format!("{}: {}", message.title, message.what);
            let hint = message.hint.as_deref().unwrap_or_default();
            says(model.theme, State::Unknown, &words, hint, parts.verdict, buffer);
        }
        Content::Known(known) => {
            verdict(model, known, parts.verdict, buffer);
            table(model.theme, findings, parts.head, parts.rows, buffer);
            details(model.theme, findings, parts.details, buffer);
        }
    }
    line::rule(buffer, parts.rule, model.theme);
}

fn title(model: &Model, findings: &FindingsModel, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let left = vec![
        Span::raw(" "),
        Span::styled("findings", theme.accent().patch(theme.strong())),
        Span::raw("  "),
        Span::styled(findings.commit.short().to_owned(), theme.identity()),
        Span::raw("  "),
        Span::styled(model.service.clone(), theme.strong()),
    ];
    let used = line::width(&left);
    line::left(buffer, area, left);
    let Some(known) = findings.findings() else { return };
    let (shown, all) = (findings.shown.len(), known.judgement.findings.len());
    let dot = theme.glyph(" · ", " - ");
    let filter = findings.filter.as_ref().map(|filter| filter.input.text());
    let number = match filter.filter(|text| !text.is_empty()) {
        Some(text) => format!("{shown} of {} with “{text}”", count(all, "finding")),
        None => count(all, "finding"),
    };
    let number = match known.gaps.join(", ") {
        gaps if gaps.is_empty() => number,
        gaps if all == 0 => gaps,
        gaps => format!("{number}{dot}{gaps}"),
    };
    let number = if theme.ascii {
        number.replace(['“', '”'], "\"")
    } else {
        number
    };
    let text = format!("{number}{dot}by {} ", findings.sort.word());
    let room = usize::from(area.width).saturating_sub(used + 2);
    let text = line::fit(&text, room, theme);
    line::right(buffer, area, vec![Span::styled(text, theme.quiet())]);
}

/// A state with its sentence on the first line, and what to do or to know on the second.
fn says(theme: Theme, state: State, words: &str, more: &str, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width).saturating_sub(4);
    let mut pieces = line::wrap(words, width).into_iter();
    let first = pieces.next().unwrap_or_default();
    let mut lines = vec![Line::from(vec![Span::raw(" "), theme.says(state, &first)])];
    lines.extend(pieces.map(|piece| Line::from(format!("   {piece}"))));
    if !more.is_empty() {
        let more = line::fit(more, width, theme);
        lines.push(Line::from(Span::styled(format!("   {more}"), theme.quiet())));
    }
    for (y, text) in (area.y..area.bottom()).zip(&lines) {
        buffer.set_line(area.x, y, text, area.width);
    }
}

fn verdict(model: &Model, known: &Findings, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut ages = Vec::new();
    if let Some(made) = known.made {
        ages.push(format!("scanned {}", line::ago(model.seconds_since(made))));
    }
    if let Some(database) = known.database {
        ages.push(format!(
            "database of {}",
            line::ago(model.seconds_since(database))
        ));
    }
    ages.extend(known.judgement.notes.iter().cloned());
    let more = ages.join(theme.glyph(" · ", " - "));
    let Some(environment) = &known.environment else {
        let words = "no later environment has a scan policy, so there is no verdict";
        return says(theme, State::None, words, &more, area, buffer);
    };
    let verdict = &known.judgement.verdict;
    let state = match verdict {
        Verdict::Allowed(_) => State::Ok,
        Verdict::Refused(_) => State::Bad,
        Verdict::Unknown(_) => State::Unknown,
    };
    let words = format!("{} for {environment}: {}", verdict.word(), verdict.reason());
    says(theme, state, &words, &more, area, buffer);
}

/// The columns with their widths: what the gate makes of a finding gets what the others leave.
fn widths(screen: u16) -> [usize; 6] {
    let screen = usize::from(screen);
    let versions = if screen < 100 { 11 } else { 16 };
    let package = if screen < 100 { 14 } else { 28 };
    let fixed = [8, 16, package, versions, versions];
    let used: usize = fixed.iter().map(|width| width + 2).sum::<usize>() + 2;
    [8, 16, package, versions, versions, screen.saturating_sub(used)]
}

const HEADS: [&str; 6] = ["SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN", "STATUS"];

fn table(theme: Theme, findings: &FindingsModel, head: Rect, rows: Rect, buffer: &mut Buffer) {
    let widths = widths(rows.width);
    let place = |column: usize| {
        let before: usize = widths[..column].iter().map(|width| width + 2).sum();
        rows.x + 2 + u16::try_from(before).unwrap_or(0)
    };
    if head.height > 0 {
        for (column, name) in HEADS.iter().enumerate() {
            buffer.set_stringn(place(column), head.y, name, widths[column], theme.quiet());
        }
    }
    if findings.shown.is_empty() && rows.height > 0 {
        let gaps = findings
            .findings()
            .map(|known| known.gaps.join(", "))
            .unwrap_or_default();
        let what = if findings.filter.is_some() {
            "no finding matches; Esc clears the filter"
        } else if gaps.is_empty() {
            "no findings"
        } else {
            gaps.as_str()
        };
        buffer.set_stringn(rows.x + 2, rows.y, what, usize::from(rows.width), theme.quiet());
    }
    for (offset, y) in (rows.y..rows.bottom()).enumerate() {
        let Some(judged) = findings.at(findings.top + offset) else {
            return;
        };
        let selected = findings.top + offset == findings.selected;
        let finding = &judged.finding;
        let quiet = !judged.counts();
        let style = if quiet { theme.quiet() } else { Style::new() };
        let standing = standing(judged);
        let cells = [
            (finding.severity.word(), severity(theme, finding.severity, quiet)),
            (finding.id.as_str(), style),
            (finding.package.as_str(), style),
            (finding.installed.as_str(), style),
            (finding.fixed.as_deref().unwrap_or("–"), style),
            (standing.as_str(), style),
        ];
        for (column, (text, style)) in cells.into_iter().enumerate() {
            let text = line::fit(text, widths[column], theme);
            buffer.set_stringn(place(column), y, text, widths[column], style);
        }
        if selected {
            buffer.set_string(rows.x, y, theme.glyph("▌", ">"), theme.accent());
            buffer.set_style(Rect { y, height: 1, ..rows }, theme.selected());
        }
    }
}

fn severity(theme: Theme, severity: Severity, quiet: bool) -> Style {
    match severity {
        _ if quiet => theme.quiet(),
        Severity::Critical | Severity::High => theme.state(State::Bad),
        Severity::Medium => theme.state(State::Attention),
        Severity::Low | Severity::Unknown => Style::new(),
    }
}

/// All that is known of the selected finding.
fn details(theme: Theme, findings: &FindingsModel, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    line::rule(buffer, area, theme);
    let Some(judged) = findings.current() else { return };
    let lines = told(judged, usize::from(area.width).saturating_sub(2), theme);
    for (y, text) in (area.y + 1..area.bottom()).zip(&lines) {
        buffer.set_line(area.x + 1, y, text, area.width.saturating_sub(1));
    }
}

fn told(judged: &Judged, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let finding = &judged.finding;
    let row = |name: &str, text: &str| {
        let text = line::fit(text, width.saturating_sub(10), theme);
        Line::from(vec![
            Span::styled(format!("{name:<10}"), theme.quiet()),
            Span::raw(text),
        ])
    };
    let title = if finding.title.is_empty() {
        &finding.id
    } else {
        &finding.title
    };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{:<10}", ""), theme.quiet()),
        Span::styled(line::fit(title, width.saturating_sub(10), theme), theme.strong()),
    ])];
    lines.push(row(
        "advisory",
        finding.url.as_deref().unwrap_or("the scanner gives none"),
    ));
    let mut also = finding.aliases.clone();
    if judged.exploited {
        also.insert(0, "known to be exploited".to_owned());
    }
    if !judged.only_on.is_empty() {
        let platforms: Vec<_> = judged.only_on.iter().map(ToString::to_string).collect();
        also.push(format!("only on {}", platforms.join(", ")));
    }
    if let Some(purl) = &finding.purl {
        also.push(purl.clone());
    }
    if !also.is_empty() {
        lines.push(row("also", &also.join(", ")));
    }
    lines.push(row("standing", &standing(judged)));
    lines
}
