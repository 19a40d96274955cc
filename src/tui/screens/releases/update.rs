//! Releases and environments: asked for, gone among, and every operation on them begun.

use super::model::{ReleasesModel, ReleasesPane, next};
use crate::domain::{Bound, EnvironmentName, ExceptionRecord, production_place, reached};
use crate::engine::Releases;
use crate::engine::{FinishRequest, HotfixRequest, PinRequest, PromoteRequest, ReviewRequest, UnpinRequest};
use crate::tui::dialogs::{ChoiceDialog, Choices, Dialog};
use crate::tui::screens::keys::Action;
use crate::tui::screens::page::model::PageOf;
use crate::tui::screens::page::update as page;
use crate::tui::screens::runs::update as runs;
use crate::tui::screens::screen::Screen;
use crate::tui::session::dialogs::open_form;
use crate::tui::session::{Effect, Message, Model, Notice, Request, plans};

/// Goes to the releases, and asks for them anew; what is known stays in sight meanwhile.
pub(in crate::tui) fn open(model: &mut Model, effects: &mut Vec<Effect>) {
    model.screen = Screen::Releases;
    if model.releases.is_none() {
        model.releases = Some(ReleasesModel {
            asking: false,
            ..ReleasesModel::asked(production_place(&model.board.graph))
        });
    }
    ask(model, effects);
    plans::standings(model, effects);
}

/// Asks for the releases, if anybody looked at them, and unless that is under way.
pub(in crate::tui) fn ask(model: &mut Model, effects: &mut Vec<Effect>) {
    if let Some(releases) = model.releases.as_mut().filter(|releases| !releases.asking) {
        releases.asking = true;
        effects.push(Effect::Releases(releases.all));
    }
}

/// The answer. One of less than what is wanted now is followed by the other.
pub(in crate::tui) fn on_releases(model: &mut Model, all: bool, result: Result<Releases, Message>) {
    let now = model.now;
    let Some(releases) = &mut model.releases else {
        return;
    };
    releases.asking = releases.all && !all;
    match result {
        Ok(known) => releases.learn(known, now),
        Err(message) => releases.trouble = Some(message),
    }
}

pub(in crate::tui) fn on_action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let Some(releases) = &mut model.releases else {
        return;
    };
    let height = releases.height.max(1);
    match action {
        Action::Up => step(model, false, 1),
        Action::Down => step(model, true, 1),
        Action::PageUp => step(model, false, height),
        Action::PageDown => step(model, true, height),
        Action::First => step(model, false, usize::MAX),
        Action::Last => step(model, true, usize::MAX),
        Action::Switch => {
            releases.pane = match releases.pane {
                ReleasesPane::List => ReleasesPane::Environments,
                ReleasesPane::Environments => ReleasesPane::List,
            }
        }
        Action::Enter => releases.details = true,
        Action::Back if releases.details => releases.details = false,
        Action::Back if releases.pane == ReleasesPane::Environments => releases.pane = ReleasesPane::List,
        Action::Back => model.screen = Screen::Board,
        Action::Watch => runs::watch(model, effects),
        Action::All => {
            releases.all = !releases.all;
            releases.pick();
            let older = releases.known.as_ref().is_none_or(|known| known.older > 0);
            if releases.all && (older || releases.asking) {
                releases.asking = true;
                effects.push(Effect::Releases(true));
            }
        }
        Action::Refresh => {
            ask(model, effects);
            effects.push(Effect::Refresh);
            tell(model, "refreshing from git and the registries");
        }
        Action::Copy => {
            if let Some(release) = releases.current() {
                let branch = release.branch.to_string();
                tell(model, &format!("copied {branch} to the clipboard"));
                effects.push(Effect::Copy(branch));
            }
        }
        Action::Open => {
            let release = releases.current();
            if let Some(page) = release.and_then(|release| model.board.page_of(&release.branch)) {
                tell(model, &format!("opening {page}"));
                effects.push(Effect::Open(page.into()));
            }
        }
        Action::Notes => {
            if let Some(release) = releases.current() {
                let of = PageOf::Notes(release.branch.to_string());
                page::open(model, of, effects);
            }
        }
        Action::Diff => diff(model, effects),
        Action::Locks => {
            model
                .dialogs
                .push(Dialog::Choice(Box::new(ChoiceDialog::of(Choices::Locks(None)))));
            effects.push(Effect::Locks);
        }
        Action::Cut | Action::Promote | Action::Finish | Action::Hotfix => {
            on_operation(model, action, effects)
        }
        Action::Pin | Action::Unpin | Action::Rollback | Action::Review => {
            on_environment(model, action, effects);
        }
        _ => {}
    }
}

fn tell(model: &mut Model, text: &str) {
    let text = text.to_owned();
    model.notice = Some(Notice { text, grave: false });
}

/// Moves the selection of the half that has the keyboard.
pub(in crate::tui) fn step(model: &mut Model, down: bool, rows: usize) {
    let environments = reached(&model.board.graph).count();
    let Some(releases) = &mut model.releases else {
        return;
    };
    let moved = |at: usize| {
        if down {
            at.saturating_add(rows)
        } else {
            at.saturating_sub(rows)
        }
    };
    match releases.pane {
        ReleasesPane::List => releases.select(moved(releases.selected)),
        ReleasesPane::Environments => {
            releases.environment = moved(releases.environment).min(environments.saturating_sub(1));
        }
    }
}

/// The selected environment.
fn environment(model: &Model) -> Option<EnvironmentName> {
    let place = model.releases.as_ref()?.environment;
    let environment = reached(&model.board.graph).nth(place)?;
    Some(environment.name.clone())
}

/// What the selected release would change in production.
fn diff(model: &mut Model, effects: &mut Vec<Effect>) {
    let graph = &model.board.graph;
    let production = reached(graph)
        .nth(production_place(graph))
        .map(|environment| environment.name.to_string());
    let release = model.releases.as_ref().and_then(ReleasesModel::current);
    if let (Some(production), Some(release)) = (production, release) {
        // The head as the remote has it: a branch of that name may be here as well, and behind.
        let of = PageOf::Diff {
            from: production,
            to: release.head.clone(),
            name: format!("{} at {}", release.name(), release.head.short()),
        };
        page::open(model, of, effects);
    }
}

/// What is done to the selected release, or begins one.
fn on_operation(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let release = model.releases.as_ref().and_then(ReleasesModel::current);
    let request = match action {
        Action::Cut => model
            .board
            .rows
            .first()
            .map(|row| Request::cut(&row.commit, model.board.numbering, None, None)),
        Action::Finish => release.map(|release| {
            let release = release.branch.to_string();
            let into = Vec::new();
            FinishRequest { release, into }.into()
        }),
        Action::Hotfix => environment(model).map(|environment| {
            let environment = Some(environment);
            let version = None;
            HotfixRequest { environment, version }.into()
        }),
        _ => release.and_then(|release| {
            let Bound::There { tag, .. } = &release.candidate else {
                return None;
            };
            let to = next(release, &model.board.graph)?.name.clone();
            let asked = PromoteRequest {
                candidate: tag.to_string(),
                to,
                from: None,
                reason: None,
                hotfix: false,
            };
            Some(Request::from(asked).about(format!("{} ({tag})", release.name())))
        }),
    };
    if let Some(request) = request {
        plans::plan(model, request, effects);
    }
}

/// What is done to the selected environment: each wants to know why before it is planned.
fn on_environment(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let Some(environment) = environment(model) else {
        return;
    };
    if action == Action::Rollback {
        let choices = Choices::Past(environment.clone(), None);
        model
            .dialogs
            .push(Dialog::Choice(Box::new(ChoiceDialog::of(choices))));
        effects.push(Effect::Past(environment));
        return;
    }
    let pin = model.standings.pin(&environment, model.now);
    let pin = pin.map(|pin| format!("{environment} is {}", pin.words()));
    let reason = String::new();
    let (request, told) = match action {
        Action::Pin => {
            let deployed = model
                .board
                .environments
                .iter()
                .find(|now| now.environment == environment);
            let deployed = deployed.and_then(|now| now.deployed.value()).map(|image| {
                let name = image.short.clone().unwrap_or_default();
                format!(
                    "{name} {} is deployed to {environment}; promotions to it will be refused",
                    image.digest.short()
                )
            });
            let request = PinRequest {
                environment,
                reason,
                until: None,
            };
            (Request::from(request), deployed.into_iter().chain(pin).collect())
        }
        Action::Unpin => {
            let request = UnpinRequest { environment, reason };
            (request.into(), pin.into_iter().collect())
        }
        _ => {
            let standing = model.standings.of(&environment).and_then(|cell| cell.value());
            let told = standing.map_or_else(Vec::new, |standing| {
                standing.reviews.iter().map(ExceptionRecord::words).collect()
            });
            let request = ReviewRequest {
                of: environment.to_string(),
                note: reason,
            };
            (request.into(), told)
        }
    };
    open_form(model, &request, told);
}
