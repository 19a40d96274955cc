//! Releases and hotfixes: each with its candidate, what is deployed of it, and what it owes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::model::{ReleasesModel, ReleasesPane};
use super::{details as release, environments, layout};
use crate::domain::{Bound, DebtState, Due, Release, age, count};
use crate::report::brief_state;
use crate::tui::app::theme::{State, Theme};
use crate::tui::screens::{ribbon, title};
use crate::tui::session::Model;
use crate::tui::widgets::line;

pub(in crate::tui) fn paint(model: &Model, buffer: &mut Buffer) {
    let Some(releases) = &model.releases else { return };
    let theme = model.theme;
    let parts = layout::cut(model);
    let what = if releases.all { "all releases" } else { "releases" };
    title::paint(model, what, freshness(model, releases), parts.title, buffer);
    ribbon::paint(model, parts.ribbon, buffer);
    line::rule(buffer, parts.rule, theme);
    if parts.rows.height > 0 {
        table(model, releases, parts.head, parts.rows, buffer);
    }
    if parts.details.height > 0 {
        release::paint(model, releases, parts.details, buffer);
    }
    if parts.environments.height > 0 {
        environments::paint(model, releases, parts.environments, buffer);
    }
    for y in parts.divider.y..parts.divider.bottom() {
        let (tee, bar) = (theme.glyph("┬", "+"), theme.glyph("│", "|"));
        let sign = if y == parts.divider.y { tee } else { bar };
        buffer.set_string(parts.divider.x, y, sign, theme.quiet());
    }
}

/// How old what is shown is; old facts are never shown as fresh ones.
fn freshness(model: &Model, releases: &ReleasesModel) -> Span<'static> {
    const OLD: i64 = 300;
    let theme = model.theme;
    if releases.asking {
        return theme.says(State::Loading, "querying git and the registries");
    }
    let since = releases.fresh_at.map(|at| model.seconds_since(at).max(0));
    let is_stale = releases.known.as_ref().is_some_and(|known| known.stale.is_some());
    match since {
        None => theme.says(State::Unknown, "unknown: r refreshes"),
        Some(_) if is_stale => theme.says(State::Stale, "stale: r refreshes"),
        Some(s) if s >= OLD || releases.trouble.is_some() => theme.says(
            State::Stale,
            &format!("stale, refreshed {} ago: r refreshes", age(s)),
        ),
        Some(s) if s < 60 => Span::styled(format!("refreshed {s}s ago"), theme.quiet()),
        Some(s) => Span::styled(format!("refreshed {}", line::ago(s)), theme.quiet()),
    }
}

/// The columns, in the order of the screen, each with its width; what is owed gets what the others leave.
fn columns(screen: u16) -> Vec<(&'static str, usize)> {
    let mut columns = vec![("STATE", 10), ("KIND", 7)];
    columns.push(("VERSION", if screen < 100 { 10 } else { 14 }));
    if screen >= 100 {
        columns.push(("HEAD", 7));
    }
    columns.push((
        "CANDIDATE",
        match screen {
            ..100 => 10,
            100..160 => 14,
            _ => 22,
        },
    ));
    columns.push(("DEPLOYED TO", if screen < 100 { 13 } else { 20 }));
    let used: usize = columns.iter().map(|(_, width)| width + 2).sum::<usize>() + 2;
    columns.push(("OUTSTANDING", usize::from(screen).saturating_sub(used)));
    columns
}

fn table(model: &Model, releases: &ReleasesModel, head: Rect, rows: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let columns = columns(rows.width);
    let place = |at: usize| {
        let before: usize = columns[..at].iter().map(|(_, width)| width + 2).sum();
        rows.x + 2 + u16::try_from(before).unwrap_or(u16::MAX / 2)
    };
    for (at, (name, width)) in columns.iter().enumerate().filter(|_| head.height > 0) {
        if place(at) < head.right() {
            buffer.set_stringn(place(at), head.y, name, *width, theme.quiet());
        }
    }
    let notes = notes(releases, usize::from(rows.width).saturating_sub(5), theme);
    let (note, rows) = split(rows, u16::try_from(notes.len()).unwrap_or(0));
    for (y, spans) in (note.y..note.bottom()).zip(notes) {
        line::left(buffer, Rect { y, height: 1, ..note }, spans);
    }
    if releases.shown.is_empty() {
        return empty(model, releases, rows, buffer);
    }
    for (offset, y) in (rows.y..rows.bottom()).enumerate() {
        let Some(release) = releases.at(releases.top + offset) else {
            return;
        };
        for (at, (name, width)) in columns.iter().enumerate() {
            let spans = cell(release, name, *width, theme);
            if place(at) < rows.right() {
                let width = u16::try_from(*width).unwrap_or(0).min(rows.right() - place(at));
                buffer.set_line(place(at), y, &Line::from(spans), width);
            }
        }
        if releases.top + offset == releases.selected {
            let has_keys = releases.pane == ReleasesPane::List;
            let style = if has_keys { theme.accent() } else { theme.quiet() };
            buffer.set_string(rows.x, y, theme.glyph("▌", ">"), style);
            if has_keys {
                buffer.set_style(Rect { y, height: 1, ..rows }, theme.selected());
            }
        }
    }
}

/// The last lines of the rows are for what is to be known of the list as a whole.
fn split(rows: Rect, notes: u16) -> (Rect, Rect) {
    let notes = notes.min(rows.height / 2);
    let note = Rect {
        y: rows.bottom() - notes,
        height: notes,
        ..rows
    };
    (
        note,
        Rect {
            height: rows.height - notes,
            ..rows
        },
    )
}

/// Why it may be out of date, and how many are not shown.
fn notes(releases: &ReleasesModel, width: usize, theme: Theme) -> Vec<Vec<Span<'static>>> {
    let mut notes = Vec::new();
    let Some(known) = &releases.known else {
        return notes;
    };
    if let Some(why) = &known.stale {
        let text = format!("stale: as last fetched, because {why}");
        let text = line::fit(&text, width, theme);
        notes.push(vec![Span::raw("  "), theme.says(State::Stale, &text)]);
    }
    if let Some(message) = &releases.trouble {
        let text = format!("stale: could not refresh: {}", message.what);
        let text = line::fit(&text, width, theme);
        notes.push(vec![Span::raw("  "), theme.says(State::Stale, &text)]);
    }
    let hidden = releases.hidden();
    if hidden > 0 {
        let text = format!("  {} not shown: a shows them", count(hidden, "finished release"));
        notes.push(vec![Span::styled(text, theme.quiet())]);
    }
    notes
}

/// What stands where no release stands: what is going on, or what to do next.
fn empty(model: &Model, releases: &ReleasesModel, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let width = usize::from(area.width).saturating_sub(6);
    let (state, text, more) = match (&releases.known, &releases.trouble) {
        (None, Some(message)) => (
            State::Bad,
            format!("{}: {}", message.title, message.what),
            message.hint.clone().unwrap_or_default(),
        ),
        (None, None) => (
            State::Loading,
            "loading branches, tags and images".to_owned(),
            String::new(),
        ),
        (Some(_), _) => (
            State::Ok,
            "no open releases or hotfixes".to_owned(),
            format!(
                "c cuts a release from the newest commit of {}; on the board, from any commit. H starts a hotfix.",
                model.board.branch
            ),
        ),
    };
    let mut lines = Vec::new();
    for (at, piece) in line::wrap(&text, width).into_iter().enumerate() {
        lines.push(match at {
            0 => theme.says(state, &piece),
            _ => Span::raw(format!("  {piece}")),
        });
    }
    if !more.is_empty() {
        let more = line::wrap(&more, width);
        lines.extend(
            more.into_iter()
                .map(|piece| Span::styled(format!("  {piece}"), theme.quiet())),
        );
    }
    for (y, span) in (area.y..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, vec![Span::raw("  "), span]);
    }
}

fn cell(release: &Release, column: &str, width: usize, theme: Theme) -> Vec<Span<'static>> {
    match column {
        "STATE" => {
            let status = brief_state(release);
            vec![theme.says(status.state, &status.words)]
        }
        "KIND" => vec![Span::raw(release.kind.word())],
        "VERSION" => vec![Span::styled(
            line::fit(&release.name(), width, theme),
            theme.strong(),
        )],
        "HEAD" => vec![Span::styled(release.head.short().to_owned(), theme.identity())],
        "CANDIDATE" => {
            let (state, word) = candidate(release, width);
            vec![theme.says(state, &line::fit(&word, width.saturating_sub(2), theme))]
        }
        "DEPLOYED TO" => runs(release, theme),
        _ => owes(release, width, theme),
    }
}

/// The candidate in a word or two; where there is no room for its tag, by its commit.
fn candidate(release: &Release, width: usize) -> (State, String) {
    match &release.candidate {
        Bound::There { tag, .. } if tag.as_str().len() + 2 <= width => (State::Ok, tag.to_string()),
        Bound::There { .. } => (State::Ok, release.head.short().to_owned()),
        Bound::NoImage { .. } => (State::None, "no image".to_owned()),
        Bound::Unknown { .. } => (State::Unknown, "unknown".to_owned()),
    }
}

/// The environments that run a commit of it; an older one than the head is told.
fn runs(release: &Release, theme: Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for runs in &release.deployed {
        let name = runs.environment.to_string();
        spans.push(Span::styled(name, theme.strong()));
        if !runs.is_head {
            spans.push(Span::styled(" older", theme.state(State::Attention)));
        }
        spans.push(Span::raw(" "));
    }
    if spans.is_empty() {
        spans.push(Span::styled(theme.glyph("–", "-"), theme.quiet()));
    }
    spans
}

/// What is owed now; or, where nothing is, what is to come.
fn owes(release: &Release, width: usize, theme: Theme) -> Vec<Span<'static>> {
    let open = short(release, DebtState::is_open);
    if !open.is_empty() {
        return vec![Span::raw(line::fit(&open, width, theme))];
    }
    if let Some(environment) = &release.waits_for {
        let next = format!("next: {environment}");
        return vec![Span::raw(line::fit(&next, width, theme))];
    }
    let later = short(release, |state| matches!(state, DebtState::NotYet(_)));
    let text = if later.is_empty() {
        theme.glyph("–", "-").to_owned()
    } else {
        line::fit(&format!("later: {later}"), width, theme)
    };
    vec![Span::styled(text, theme.quiet())]
}

/// Those debts in short: `into develop, release/v1.5.0; tag; review of prod`.
fn short(release: &Release, wanted: impl Fn(&DebtState) -> bool) -> String {
    let (mut into, mut others) = (Vec::new(), Vec::new());
    for debt in release.debts.iter().filter(|debt| wanted(&debt.state)) {
        match &debt.what {
            Due::Main(branch) | Due::Develop(branch) | Due::Release(branch) => into.push(branch.to_string()),
            Due::Tag(_) => others.push("tag".to_owned()),
            Due::Review(_) => others.push(debt.what.words()),
        }
    }
    if !into.is_empty() {
        others.insert(0, format!("into {}", into.join(", ")));
    }
    others.join("; ")
}
