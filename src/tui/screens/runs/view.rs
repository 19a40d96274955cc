//! The list of runs, each with how far it is, and what the selected one waits for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::layout;
use super::row::{PastRun, RunRow};
use crate::domain::{Exit, age, first};
use crate::engine::RemoteRun;
use crate::github::{Conclusion, PendingDeployment, Progress};
use crate::tui::app::theme::{State, Theme};
use crate::tui::screens::run::model::{RunModel, RunSubject, StepState};
use crate::tui::screens::run::view::{duration, name, of_exit, state};
use crate::tui::screens::title;
use crate::tui::session::Model;
use crate::tui::widgets::line;

/// Columns of the state and the time of a run.
const STATE: usize = 22;
/// Columns of its name: a number on GitHub has eleven digits.
const NAME: usize = 11;
/// Columns of how long ago it began.
const AGE: usize = 4;

pub(super) fn paint(model: &Model, buffer: &mut Buffer) {
    let theme = model.theme;
    let parts = layout::cut(model);
    let all = model.runs.rows();
    let selected = model.runs.selected(&all);
    title::paint(model, "runs", freshness(model), parts.title, buffer);
    line::rule(buffer, parts.rule, theme);
    let head = format!(
        "  {:<STATE$}  {:<AGE$}  {:<NAME$}  {}",
        "STATE", "AGE", "RUN", "OPERATION"
    );
    line::left(buffer, parts.head, vec![Span::styled(head, theme.quiet())]);
    let rows = parts.rows;
    if all.is_empty() {
        let text = "no runs yet: promote or cut something";
        return line::left(buffer, rows, vec![Span::raw("  "), theme.says(State::None, text)]);
    }
    let in_sight = all.iter().enumerate().skip(model.runs.top);
    for (y, (at, run)) in (rows.y..rows.bottom()).zip(in_sight) {
        let row = Rect { y, height: 1, ..rows };
        let is_selected = at == selected;
        let mark = if is_selected {
            theme.glyph("▌ ", "> ")
        } else {
            "  "
        };
        let mut spans = vec![Span::styled(mark, theme.accent())];
        spans.extend(describe(model, run));
        line::left(buffer, row, spans);
        if is_selected {
            buffer.set_style(row, theme.selected());
        }
    }
    if let Some(remote) = all.get(selected).and_then(|row| row.remote) {
        details(model, remote, parts.details, buffer);
    }
}

/// How old what GitHub says is, and how many requests it still takes.
fn freshness(model: &Model) -> Span<'static> {
    let theme = model.theme;
    let remote = &model.runs.remote;
    if remote.is_elsewhere {
        return Span::styled("this machine only: not on GitHub", theme.quiet());
    }
    let Some(at) = remote.at else {
        return match &remote.trouble {
            Some(message) => theme.says(State::Unknown, &message.what),
            None => theme.says(State::Loading, "querying GitHub"),
        };
    };
    let dot = theme.glyph("·", "-");
    let left = remote.remaining.map_or_else(String::new, |remaining| {
        format!(" {dot} {remaining} requests left this hour")
    });
    let age = line::ago(model.seconds_since(at));
    match &remote.trouble {
        Some(_) => theme.says(
            State::Stale,
            &format!("GitHub {age}, not reachable since: r refreshes"),
        ),
        None => Span::styled(format!("GitHub {age}{left}"), theme.quiet()),
    }
}

/// Its state, its age, its name, what it does, and the step at work, how it ended, or what it waits for.
fn describe(model: &Model, row: &RunRow<'_>) -> Vec<Span<'static>> {
    let theme = model.theme;
    let Cells {
        said,
        name,
        title,
        more,
    } = match (row.here, row.past, row.remote) {
        (Some(here), _, remote) => of_here(model, here, remote),
        (None, Some(past), remote) => of_past(past, remote, theme),
        (None, None, Some(remote)) => of_remote(remote, theme),
        (None, None, None) => Cells::default(),
    };
    let said = Span::styled(line::fit(&said.content, STATE, theme), said.style);
    let gap = " ".repeat((STATE + 2).saturating_sub(said.width()));
    let ago = if row.started > model.now {
        "now".to_owned()
    } else {
        age(model.seconds_since(row.started))
    };
    vec![
        said,
        Span::raw(gap),
        Span::styled(format!("{ago:<AGE$}  {name:<NAME$}  "), theme.quiet()),
        Span::styled(title, theme.strong()),
        line::gap(),
        Span::styled(more, theme.state(State::None)),
    ]
}

#[derive(Default)]
struct Cells {
    said: Span<'static>,
    name: String,
    title: String,
    more: String,
}

fn of_here(model: &Model, run: &RunModel, remote: Option<&RemoteRun>) -> Cells {
    let theme = model.theme;
    let (sign, word, until) = state(run, model.now);
    let took = duration(until.as_millisecond() - run.started.as_millisecond());
    let pending = remote.filter(|remote| run.ended.is_none() && !remote.pending.is_empty());
    let at_work = run.steps.iter().rev().find_map(|step| match step.state {
        StepState::Running(_) => Some(format!("{}: {}", step.kind, step.what)),
        _ => None,
    });
    let ended = run.ended.as_ref().map(|ended| ended.summary.clone());
    Cells {
        said: match pending {
            Some(_) => theme.says(State::Attention, "waiting"),
            None => theme.says(sign, &format!("{word} {took}")),
        },
        name: name(run),
        title: run.subject.title.clone(),
        more: pending.map(waits_for).or(ended).or(at_work).unwrap_or_default(),
    }
}

fn of_past(past: &PastRun, remote: Option<&RemoteRun>, theme: Theme) -> Cells {
    let said = match (past.ended, remote) {
        (None | Some((Exit::StillRunning, _)), Some(remote)) => of_progress(remote, theme),
        (None, None) => theme.says(State::Unknown, "running or killed"),
        (Some((exit, at)), _) => {
            let (sign, word) = of_exit(exit);
            let took = duration(at.as_millisecond() - past.started.as_millisecond());
            theme.says(sign, &format!("{word} {took}"))
        }
    };
    let digest = past.digest.as_ref().map(|digest| format!("{}  ", digest.short()));
    let by = format!("{}by {}", digest.unwrap_or_default(), past.actor);
    Cells {
        said,
        name: past.id.short().to_owned(),
        title: past.title.clone(),
        more: match remote {
            Some(remote) => format!("{by}  run {} on GitHub", remote.run.id),
            None => by,
        },
    }
}

fn of_remote(remote: &RemoteRun, theme: Theme) -> Cells {
    let RunSubject { title, digest, .. } = remote.into();
    let parts = [
        (!remote.pending.is_empty()).then(|| waits_for(remote)),
        digest.map(|digest| digest.short()),
        remote.environment.as_ref().map(|name| format!("to {name}")),
        remote.run.actor.as_ref().map(|actor| format!("by {actor}")),
    ];
    Cells {
        said: of_progress(remote, theme),
        name: remote.run.id.to_string(),
        title,
        more: parts.into_iter().flatten().collect::<Vec<_>>().join("  "),
    }
}

/// How far a run on GitHub is, as GitHub says it.
fn of_progress(remote: &RemoteRun, theme: Theme) -> Span<'static> {
    let progress = remote.run.progress;
    let state = match progress {
        Progress::Queued | Progress::Running => State::Loading,
        Progress::Waiting | Progress::Ended(Conclusion::Cancelled) => State::Attention,
        Progress::Ended(Conclusion::Success) => State::Ok,
        Progress::Ended(Conclusion::Skipped | Conclusion::Other | Conclusion::Unknown) => State::Unknown,
        Progress::Ended(Conclusion::Failure | Conclusion::TimedOut) => State::Bad,
    };
    let attempt = match remote.run.attempt {
        0 | 1 => String::new(),
        attempt => format!(" ({attempt})"),
    };
    theme.says(state, &format!("{}{attempt}", progress.word()))
}

fn waits_for(remote: &RemoteRun) -> String {
    let names = remote.pending.iter().map(|pending| &pending.environment);
    format!("waits for {}", first(names, 3))
}

/// What the selected run on GitHub is about, and what it waits for.
fn details(model: &Model, remote: &RemoteRun, area: Rect, buffer: &mut Buffer) {
    if area.height == 0 {
        return;
    }
    let theme = model.theme;
    line::rule(buffer, area, theme);
    let mut lines = vec![vec![
        Span::styled(format!(" run {}  ", remote.run.id), theme.strong()),
        Span::raw(remote.run.title.clone()),
    ]];
    lines.push(vec![Span::styled(format!(" {}", remote.run.url), theme.quiet())]);
    for pending in &remote.pending {
        lines.push(vec![Span::raw(" "), of_pending(pending, model)]);
    }
    for (y, spans) in (area.y + 1..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, spans);
    }
}

/// Who may approve it, until when its timer runs, and whether the person at this console may.
pub(in crate::tui) fn of_pending(pending: &PendingDeployment, model: &Model) -> Span<'static> {
    let environment = &pending.environment;
    let by = match pending.reviewers_in_words() {
        none if none.is_empty() => "no reviewers named".to_owned(),
        names => format!("reviewers: {names}"),
    };
    let timer = pending.waits_until.filter(|until| *until > model.now);
    let timer = timer.map_or_else(String::new, |until| {
        format!("; timer until {}", until.strftime("%H:%M:%S UTC"))
    });
    let may = if pending.may_approve {
        "a approves or rejects it"
    } else {
        "you may not approve it"
    };
    model.theme.says(
        State::Attention,
        &format!("waits for {environment}: {by}{timer}; {may}"),
    )
}
