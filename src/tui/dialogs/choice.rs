//! One of several, with what is known of the selected one below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::message::{key, told};
use super::model::{ChoiceDialog, Choices, EnvironmentHistory};
use crate::domain::{HeldLock, LockNote, LockStanding, age, version_name};
use crate::engine::Earlier;
use crate::tui::app::theme::State;
use crate::tui::session::Model;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::{gate, line};

pub(in crate::tui) fn paint(model: &Model, dialog: &ChoiceDialog, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let width = text_width(area);
    let (title, waiting) = match &dialog.choices {
        Choices::Past(environment, _) => (
            format!("Roll {environment} back"),
            format!("looking up the earlier deployments of {environment}"),
        ),
        Choices::Locks(_) => ("Locks".to_owned(), "querying the remote".to_owned()),
    };
    let mut body = Vec::new();
    if let Some(message) = &dialog.error {
        body.extend(told(message, width, theme));
    } else {
        body.extend(match &dialog.choices {
            Choices::Past(_, Some(ran)) => past(model, ran, dialog.selected, width),
            Choices::Locks(Some(locks)) => all_locks(model, locks, dialog.selected, width),
            _ => vec![Line::from(theme.says(State::Loading, &waiting))],
        });
    }
    let mut keys = Vec::new();
    if !dialog.is_empty() {
        let what = match &dialog.choices {
            Choices::Past(..) => "roll back to it",
            Choices::Locks(_) => "break it",
        };
        keys.extend(key("Enter", what, theme));
        keys.extend(key("Up Down", "choose", theme));
    }
    keys.extend(key("Esc", "cancel", theme));
    let state = if dialog.error.is_some() {
        State::Bad
    } else {
        State::Loading
    };
    Sheet {
        title: &title,
        state,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}

/// A row, marked if it is the selected one.
fn marked(model: &Model, mut spans: Vec<Span<'static>>, selected: bool) -> Line<'static> {
    let theme = model.theme;
    let mark = if selected { theme.glyph("▌ ", "> ") } else { "  " };
    spans.insert(0, Span::styled(mark, theme.accent()));
    let line = Line::from(spans);
    if selected {
        line.patch_style(theme.selected())
    } else {
        line
    }
}

/// What is deployed, what ran before, and whether the selected one could run again.
fn past(model: &Model, ran: &EnvironmentHistory, selected: usize, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let mut lines = Vec::new();
    if let Some(deployed) = &ran.deployed {
        let mut spans = vec![Span::styled(format!("  {:<12}", "deployed now"), theme.quiet())];
        spans.extend(names(model, deployed));
        lines.push(Line::from(spans));
    }
    if ran.earlier.is_empty() {
        lines.push(Line::from(theme.says(State::None, "no earlier deployments")));
    }
    for (at, one) in ran.earlier.iter().enumerate() {
        let (state, word) = readiness(one);
        let ready = theme.says(state, word);
        let gap = " ".repeat(12_usize.saturating_sub(ready.width()));
        let mut spans = vec![ready, Span::raw(gap)];
        spans.extend(names(model, one));
        lines.push(marked(model, spans, at == selected));
    }
    let Some(one) = ran.earlier.get(selected) else {
        return lines;
    };
    lines.push(Line::default());
    let built = one.built.map_or_else(
        || "at an unknown time".to_owned(),
        |at| line::ago(model.seconds_since(at)),
    );
    let deployed = one.deployed.strftime("%Y-%m-%d %H:%M UTC");
    let text = format!(
        "{}, built {built}, last deployed on {deployed}",
        one.digest.short()
    );
    lines.push(Line::from(Span::styled(
        line::fit(&text, width, theme),
        theme.strong(),
    )));
    if let Some(at) = one.rolled_back {
        let text = format!("it was itself rolled back {}", line::ago(model.seconds_since(at)));
        lines.push(Line::from(theme.says(State::Attention, &text)));
    }
    lines.extend(gate::lines(&one.gates, width, theme));
    lines
}

/// In a word, whether it could run again.
fn readiness(one: &Earlier) -> (State, &'static str) {
    if one.is_ready() {
        return (State::Ok, "ready");
    }
    let refused = |gate: &crate::domain::Gate| matches!(gate.verdict, crate::domain::Verdict::Refused(_));
    if one.gates.iter().any(refused) {
        (State::Bad, "not ready")
    } else {
        (State::Unknown, "unknown")
    }
}

/// Version, commit, age, and whether it was rolled back from.
fn names(model: &Model, one: &Earlier) -> Vec<Span<'static>> {
    let theme = model.theme;
    let version = one.version.as_ref().map(|version| version_name(version));
    let commit = one.commit.as_ref().map(|commit| commit.short().to_owned());
    let age = age(model.seconds_since(one.deployed));
    let mut spans = vec![
        Span::styled(
            format!("{:<10}  ", version.unwrap_or_else(|| "?".to_owned())),
            theme.strong(),
        ),
        Span::styled(
            format!("{:<7}  ", commit.unwrap_or_else(|| "?".to_owned())),
            theme.identity(),
        ),
        Span::raw(format!("{:<18}  ", one.digest.short())),
        Span::styled(format!("{age:>4}"), theme.quiet()),
    ];
    if one.rolled_back.is_some() {
        spans.push(line::gap());
        spans.push(theme.says(State::Attention, "rolled back"));
    }
    spans
}

fn all_locks(model: &Model, locks: &[HeldLock], selected: usize, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    if locks.is_empty() {
        return vec![Line::from(
            theme.says(State::Ok, "there are no locks on the remote"),
        )];
    }
    let mut lines = Vec::new();
    for (at, lock) in locks.iter().enumerate() {
        let (state, word) = match (lock.standing(model.now), &lock.note) {
            (LockStanding::Held, Some(_)) => (State::Ok, "held"),
            (LockStanding::Held, None) => (State::Unknown, "held"),
            (LockStanding::Stale { .. }, _) => (State::Stale, "stale"),
        };
        let holder = format!("{}  {}", lock.subject, lock.holder());
        let spans = vec![
            theme.says(state, &format!("{word:<6}")),
            line::gap(),
            Span::raw(line::fit(&holder, width.saturating_sub(12), theme)),
        ];
        lines.push(marked(model, spans, at == selected));
    }
    if let Some(lock) = locks.get(selected) {
        lines.push(Line::default());
        let words = line::wrap(&lock.words(model.now), width);
        lines.extend(words.into_iter().map(Line::from));
        if let Some(purpose) = lock.note.as_ref().map(LockNote::purpose) {
            let text = line::fit(&format!("to {purpose}"), width, theme);
            lines.push(Line::from(Span::styled(text, theme.quiet())));
        }
    }
    lines
}
