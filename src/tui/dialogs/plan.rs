//! The plan, before anything is written: what is done, what it replaces, every gate, every step, and what it costs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::form;
use super::message::key;
use super::model::{Difference, PlanDialog};
use crate::domain::{Confirmation, Gate, Operation, Plan, bytes, count};
use crate::tui::app::theme::{State, Theme};
use crate::tui::session::Model;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::{gate, input, line};

pub(in crate::tui) fn paint(model: &Model, dialog: &PlanDialog, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let width = text_width(area);
    let plan = &dialog.plan;
    let allowed = plan.allowed();
    let mut body = subject(model, plan, width);
    body.extend(difference(dialog, width, theme));
    body.push(Line::default());
    if let Some(fields) = &dialog.form {
        body.extend(missing(dialog, width, theme));
        body.extend(form::fields(fields, width, theme));
        body.push(Line::default());
    }
    body.push(Line::from(Span::styled("Gates", theme.strong())));
    body.extend(gate::lines(&plan.gates, width, theme));
    if plan.gates.is_empty() {
        body.push(Line::from(theme.says(State::None, "no gate is configured here")));
    }
    body.push(Line::default());
    if allowed {
        body.extend(steps(plan, width, theme));
        body.push(Line::default());
    } else {
        let revisable = dialog.revised(&model.board.graph).is_some();
        let is_asked = |gate: &Gate| dialog.form.is_some() && gate.can_be_overridden_by_reason();
        body.extend(refusal(plan, is_asked, revisable, width, theme));
    }
    let otherwise = key("Tab", "change options", theme);
    let keys = match allowed {
        false if dialog.form.is_some() => [
            key("Enter", "plan with this reason", theme),
            key("Esc", "close", theme),
        ]
        .concat(),
        false if dialog.revised(&model.board.graph).is_some() => {
            [key("Enter", "close", theme), otherwise].concat()
        }
        false => key("Enter", "close", theme).to_vec(),
        true => {
            let mut keys = Vec::new();
            if dialog.confirmed() {
                keys.extend(key("Enter", &plan.operation.deed(), theme));
            }
            keys.extend(key("Esc", "cancel", theme));
            if dialog.revised(&model.board.graph).is_some() {
                keys.extend(otherwise);
            }
            keys
        }
    };
    let state = if allowed { State::Loading } else { State::Bad };
    let what = plan
        .commit
        .as_ref()
        .map(|commit| format!(" {}", commit.short()))
        .unwrap_or_default();
    let title = match &plan.operation {
        Operation::Promote(promote) => format!("Promote{what} to {}", promote.to),
        Operation::Sign(_) => format!("Sign{what}"),
        Operation::Unlock(unlock) => format!("Unlock {}", unlock.part),
        other => sentence(&other.title()),
    };
    Sheet {
        title: &title,
        state,
        body,
        foot: allowed.then(|| confirmation(dialog, theme)),
        keys,
        scroll: dialog.scroll,
    }
    .paint(area, theme, buffer);
}

/// What a reason is asked for.
fn missing(dialog: &PlanDialog, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let why = dialog.asks_reason().unwrap_or_default();
    // What to type on the command line is no use here.
    let why = why.split("; --").next().unwrap_or_default();
    let style = theme.state(State::Attention);
    let pieces = line::wrap(&format!("A reason is required: {why}"), width);
    pieces
        .into_iter()
        .map(|piece| Line::from(Span::styled(piece, style)))
        .collect()
}

/// What changes where it deploys, in a few lines.
fn difference(dialog: &PlanDialog, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let name = |name: &str| Span::styled(format!("{name:<10}"), theme.quiet());
    let room = width.saturating_sub(10);
    match &dialog.difference {
        Difference::None => Vec::new(),
        Difference::Loading => vec![Line::from(vec![
            name("changes"),
            theme.says(State::Loading, "comparing with what is deployed"),
        ])],
        Difference::Failed(why) => {
            let why = line::fit(&format!("unknown: {why}"), room.saturating_sub(2), theme);
            vec![Line::from(vec![
                name("changes"),
                theme.says(State::Unknown, &why),
            ])]
        }
        Difference::Known(lines) => {
            let pieces = lines.iter().flat_map(|text| line::wrap(text, room));
            let named = std::iter::once("changes").chain(std::iter::repeat(""));
            let lines = named.zip(pieces);
            lines
                .map(|(first, piece)| Line::from(vec![name(first), Span::raw(piece)]))
                .collect()
        }
    }
}

fn subject(model: &Model, plan: &Plan, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let name = |name: &str| Span::styled(format!("{name:<10}"), theme.quiet());
    let row = |what: &str, text: String| {
        Line::from(vec![
            name(what),
            Span::raw(line::fit(&text, width.saturating_sub(10), theme)),
        ])
    };
    let mut head = vec![
        name("what"),
        Span::styled(plan.service.to_string(), theme.strong()),
    ];
    if let Some(tag) = &plan.tag {
        head.push(Span::raw(format!("  {tag}")));
    }
    if let Some(digest) = &plan.digest {
        head.push(Span::styled(format!("  {}", digest.short()), theme.identity()));
    }
    let mut lines = vec![Line::from(head)];
    lines.extend(
        plan.operation
            .facts()
            .into_iter()
            .map(|(name, fact)| row(name, fact)),
    );
    if let Some(replaced) = plan.operation.replaces() {
        let old = replaced.map_or_else(
            || "nothing known".to_owned(),
            |old| {
                let deployed = model
                    .board
                    .environments
                    .iter()
                    .filter_map(|now| now.deployed.value());
                let name = deployed
                    .filter(|image| image.digest == *old)
                    .find_map(|image| image.short.clone());
                name.map_or_else(|| old.short(), |name| format!("{name}  {}", old.short()))
            },
        );
        lines.push(row("replaces", old));
    }
    lines.push(row("plan", plan.hash().to_string()));
    lines
}

/// With a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

pub(in crate::tui) fn steps(plan: &Plan, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(Span::styled("Steps", theme.strong()))];
    for (index, step) in plan.steps.iter().enumerate() {
        let mut pieces = line::wrap(&step.title, width.saturating_sub(12)).into_iter();
        lines.push(Line::from(vec![
            Span::styled(format!("{:>2} ", index + 1), theme.quiet()),
            Span::styled(format!("{:<9}", step.kind), theme.accent()),
            Span::raw(pieces.next().unwrap_or_default()),
        ]));
        lines.extend(pieces.map(|piece| Line::from(format!("{:12}{piece}", ""))));
    }
    if plan.costs.requests > 0 || plan.costs.bytes > 0 {
        let requests = usize::try_from(plan.costs.requests).unwrap_or(usize::MAX);
        let text = format!(
            "about {}, {} to copy",
            count(requests, "request"),
            bytes(plan.costs.bytes)
        );
        lines.push(Line::from(Span::styled(
            format!("   costs    {text}"),
            theme.quiet(),
        )));
    }
    lines
}

fn confirmation(dialog: &PlanDialog, theme: Theme) -> Line<'static> {
    let Confirmation::Typed(text) = &dialog.plan.confirmation else {
        return Line::from(Span::styled(
            "Nothing is changed before you press Enter.",
            theme.quiet(),
        ));
    };
    let mut field = vec![
        Span::raw("To continue, type  "),
        Span::styled(text.clone(), theme.key()),
        Span::raw("  "),
    ];
    field.push(Span::styled(theme.glyph("▸ ", "> "), theme.quiet()));
    field.extend(input::spans(&dialog.typed, theme.strong()));
    if dialog.confirmed() {
        field.push(line::gap());
        field.push(theme.says(State::Ok, "matches, press Enter"));
    } else if dialog.mistyped {
        field.push(line::gap());
        field.push(theme.says(State::Bad, "does not match"));
    }
    Line::from(field)
}

/// Why nothing can be done here, and where something can.
pub(in crate::tui) fn refusal(
    plan: &Plan,
    is_asked: impl Fn(&Gate) -> bool,
    revisable: bool,
    width: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let refused = plan.refusals().filter(|gate| !is_asked(gate));
    let names: Vec<_> = refused.map(|gate| gate.kind.name()).collect();
    let what = match names.len() {
        // All that is missing is asked for elsewhere.
        0 => return Vec::new(),
        1 => "Refused by this gate",
        _ => "Refused by these gates",
    };
    let way = if revisable {
        "Nothing was changed: fix the cause and plan again, or change options."
    } else {
        "Nothing was changed. This gate cannot be bypassed: fix the cause, then plan again."
    };
    let text = format!("{what}: {}. {way}", names.join(", "));
    let style = theme.state(State::Bad);
    line::wrap(&text, width)
        .into_iter()
        .map(|piece| Line::from(Span::styled(piece, style)))
        .collect()
}
