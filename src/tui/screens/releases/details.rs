//! The details of the selected release: its branch, its candidate, what is deployed of it, and every debt with its reason.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::model::{ReleasesModel, next};
use crate::domain::{Debt, Release, count};
use crate::report::{self, State, Status};
use crate::tui::app::theme::Theme;
use crate::tui::screens::board::details::{paint_lines, reason};
use crate::tui::session::Model;
use crate::tui::widgets::line;

pub(in crate::tui) fn paint(model: &Model, releases: &ReleasesModel, area: Rect, buffer: &mut Buffer) {
    let covers = releases.details;
    let body = if covers {
        area
    } else {
        line::rule(buffer, area, model.theme);
        Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        }
    };
    let Some(release) = releases.current() else {
        return;
    };
    let text = Rect {
        x: body.x + 2.min(body.width),
        width: body.width.saturating_sub(3),
        ..body
    };
    let lines = lines(model, release, usize::from(text.width));
    let fits = usize::from(text.height);
    paint_lines(&lines, text, buffer);
    if lines.len() > fits && fits > 0 {
        let more = lines.len() - fits + 1;
        let hint = if covers {
            String::new()
        } else {
            ", Enter shows all".to_owned()
        };
        let last = Rect {
            y: text.bottom() - 1,
            height: 1,
            ..text
        };
        buffer.set_stringn(
            last.x,
            last.y,
            " ".repeat(usize::from(last.width)),
            usize::from(last.width),
            model.theme.quiet(),
        );
        let words = format!("{more} more lines{hint}");
        line::left(buffer, last, vec![Span::styled(words, model.theme.quiet())]);
    }
}

fn lines(model: &Model, release: &Release, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let name = |name: &str| Span::styled(format!("{name:<11}"), theme.quiet());
    let room = width.saturating_sub(11);
    let brief = report::brief_state(release);
    let mut lines = vec![
        Line::from(vec![
            Span::styled(format!("{} {}  ", release.kind, release.name()), theme.strong()),
            theme.says(brief.state, &brief.words),
        ]),
        Line::from(vec![
            name("branch"),
            Span::raw(line::fit(release.branch.as_str(), room, theme)),
        ]),
    ];
    let subject = line::fit(release.subject.as_str(), room.saturating_sub(9), theme);
    lines.push(Line::from(vec![
        name("head"),
        Span::styled(release.head.short().to_owned(), theme.identity()),
        Span::raw(format!("  {subject}")),
    ]));
    let since = match (&release.origin, release.fixes) {
        (Some(origin), 0) => format!("at {}, no commits yet", origin.short()),
        (Some(origin), n) => format!(
            "at {}, {} on the branch since",
            origin.short(),
            count(n, "commit")
        ),
        (None, _) => "shares no commit with develop".to_owned(),
    };
    lines.push(Line::from(vec![
        name("started"),
        Span::raw(line::fit(&since, room, theme)),
    ]));
    if let Some(trouble) = &release.trouble {
        lines.extend(reason(name("name"), State::Bad, trouble, width, theme));
    }
    lines.extend(status("candidate", &report::candidate(release), width, theme));
    lines.extend(runs(release, width, theme));
    if let Some(next) = report::begun(release) {
        lines.extend(status("next", &next, width, theme));
    }
    if let Some(next) = next(release, &model.board.graph)
        && !model.read_only
    {
        lines.push(Line::from(vec![
            name("next"),
            Span::raw(format!("{}  ", next.name)),
            Span::styled("p", theme.key()),
            Span::raw(" promotes it"),
        ]));
    }
    lines.push(Line::default());
    for debt in &release.debts {
        lines.extend(owed(debt, width, theme));
    }
    lines
}

/// Which environments run the head, and which an older commit of the branch.
fn runs(release: &Release, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let name = |name: &str| Span::styled(format!("{name:<11}"), theme.quiet());
    if release.deployed.is_empty() {
        return vec![Line::from(vec![
            name("deployed"),
            theme.says(State::None, "not deployed anywhere"),
        ])];
    }
    let deployed = report::deployed(release);
    let lines = deployed.iter().enumerate().flat_map(|(at, there)| {
        let head = if at == 0 { "deployed" } else { "" };
        status(head, there, width, theme)
    });
    lines.collect()
}

/// A status behind its name.
fn status(name: &str, status: &Status, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let name = Span::styled(format!("{name:<11}"), theme.quiet());
    reason(name, status.state, &status.words, width, theme)
}

/// A debt: symbol, word, what it is, and its reason below or behind it.
fn owed(debt: &Debt, width: usize, theme: Theme) -> Vec<Line<'static>> {
    // Symbol, word and the gaps behind them and behind the name.
    const WORD: usize = 12;
    let Status { state, words } = report::task(debt);
    let names = (width / 3).min(34);
    let indent = WORD + names;
    let mut pieces = line::wrap(debt.state.why(), width.saturating_sub(indent)).into_iter();
    let what = line::fit(&debt.what.words(), names, theme);
    let mut lines = vec![Line::from(vec![
        Span::styled(
            format!("{} {words:<11} ", theme.symbol(state)),
            theme.state(state),
        ),
        Span::styled(format!("{what:names$}  "), theme.strong()),
        Span::raw(pieces.next().unwrap_or_default()),
    ])];
    lines.extend(pieces.map(|piece| Line::from(format!("{:indent$}{piece}", ""))));
    lines
}
