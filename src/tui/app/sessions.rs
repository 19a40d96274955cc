//! What the sessions and the fleet ask for, done: services are opened, looked at, and each session has its own tasks.

use std::sync::Arc;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use url::Url;

use super::effects::{Effects, numbering, of_board};
use super::sender::SessionSender;
use super::state::{App, AppEffect, AppMsg};
use super::theme::Theme;
use crate::board::{Board, BoardUpdate, Source};
use crate::config::CheckRule;
use crate::domain::WriteAccess;
use crate::engine::Engine;
use crate::fleet::{FleetService, ServiceStatus};
use crate::github::GitHub;
use crate::project::Service;
use crate::tui::screens::board::HistoryState;
use crate::tui::screens::fleet::FleetMsg;
use crate::tui::session::Model;

/// Services of the fleet that are looked at at once; the budget of each registry host holds besides.
const LOOKED_AT_AT_ONCE: usize = 16;

/// Does what the console asks for.
pub(in crate::tui) struct Sessions {
    services: Vec<FleetService>,
    access: Option<WriteAccess>,
    theme: Theme,
    messages: UnboundedSender<AppMsg>,
    /// In the order of the sessions.
    effects: Vec<Effects>,
    /// The task that looks at the fleet.
    looking: Option<JoinHandle<()>>,
}

impl Sessions {
    /// No session yet; `services` are those of the fleet.
    pub(in crate::tui) const fn new(
        services: Vec<FleetService>,
        access: Option<WriteAccess>,
        theme: Theme,
        messages: UnboundedSender<AppMsg>,
    ) -> Self {
        Self {
            services,
            access,
            theme,
            messages,
            effects: Vec::new(),
            looking: None,
        }
    }

    /// Does one thing.
    pub(in crate::tui) fn carry_out(&mut self, app: &mut App, effect: AppEffect) {
        match effect {
            AppEffect::Session(id, effect) => {
                if let Some(effects) = self.effects.get_mut(id.place()) {
                    effects.carry_out(effect);
                }
            }
            AppEffect::Open(at) => {
                if let Some(found) = self.services.get(at).cloned() {
                    self.open(app, found.engine, &found.service);
                }
            }
            AppEffect::LookAtFleet => self.look_at_fleet(),
            AppEffect::Draw | AppEffect::Suspend | AppEffect::Quit => {}
        }
    }

    /// Opens the board of a service and shows it.
    pub(in crate::tui) fn open(&mut self, app: &mut App, engine: Arc<Engine>, service: &Service) {
        // Nothing is written on the word of settings that nobody trusts.
        let access = self.access.filter(|_| engine.config().is_trusted());
        let name = service.name();
        let mut model = Model::new(
            name.as_str(),
            self.theme,
            access.is_none(),
            app.size(),
            Timestamp::now(),
        );
        let config = engine.config();
        config.git.develop.as_str().clone_into(&mut model.board.branch);
        model.runs.remote.is_runner = engine.runs_on_github();
        let github = engine.github().ok().flatten();
        model.board.checks.is_shown = asks_for_checks(&engine) && github.is_some_and(GitHub::has_token);
        model.board.graph = config.graph.all().to_vec();
        model.board.numbering = numbering(&config.git.release_branch);
        let (board, updates) = open_board(&engine, service, &mut model);
        let id = app.open(service.id(), model);
        let messages = SessionSender::new(id, self.messages.clone());
        tokio::spawn(forward(updates, messages.clone()));
        self.effects
            .push(Effects::new(engine, board, service.clone(), access, messages));
    }

    /// Looks at every service of the fleet, telling what becomes known as it does.
    fn look_at_fleet(&mut self) {
        if let Some(looking) = self.looking.take() {
            looking.abort();
        }
        let (services, messages) = (self.services.clone(), self.messages.clone());
        let answered = messages.clone();
        let asking: Vec<_> = services
            .into_iter()
            .enumerate()
            .map(|(at, service)| look_at(at, service, messages.clone()))
            .collect();
        self.looking = Some(tokio::spawn(async move {
            futures_util::stream::iter(asking)
                .buffer_unordered(LOOKED_AT_AT_ONCE)
                .collect::<()>()
                .await;
            let _ = answered.send(AppMsg::Fleet(FleetMsg::Answered(Timestamp::now())));
        }));
    }

    /// Stops every run that is active, and waits for its clean end.
    pub(in crate::tui) async fn end(self) {
        futures_util::future::join_all(self.effects.into_iter().map(Effects::end)).await;
    }
}

/// Whether GitHub may be asked about checks.
fn asks_for_checks(engine: &Engine) -> bool {
    engine.config().github.checks == CheckRule::Required
}

/// Tells the fleet what becomes known of the service at place `at`.
async fn look_at(at: usize, service: FleetService, messages: UnboundedSender<AppMsg>) {
    let tell = |status: &ServiceStatus| {
        let _ = messages.send(AppMsg::Fleet(FleetMsg::Status(at, Box::new(status.clone()))));
    };
    service.status(&tell).await;
}

async fn forward(mut updates: UnboundedReceiver<BoardUpdate>, messages: SessionSender) {
    while let Some(update) = updates.recv().await {
        if !messages.send(of_board(update)) {
            return;
        }
    }
}

/// The board, where there is a repository to read the history of; without one, the model says so.
fn open_board(
    engine: &Engine,
    service: &Service,
    model: &mut Model,
) -> (Option<Board>, UnboundedReceiver<BoardUpdate>) {
    model.board.page = page(engine);
    let Some(repository) = engine.repository() else {
        model.board.trouble = Some("there is no git repository here".to_owned());
        model.board.history = HistoryState::Complete;
        return (None, unbounded_channel().1);
    };
    let source = Source::new(service.clone(), Arc::clone(repository));
    model.board.environments = source.unknown_environments();
    let (board, updates) = Board::open(source);
    (Some(board), updates)
}

/// The page of the repository, where it is one of GitHub: the public one, or one whose API is configured.
fn page(engine: &Engine) -> Option<Url> {
    let config = engine.config();
    let page = engine.repository()?.source_of(&config.git.remote).ok()??;
    let page = Url::parse(&page).ok()?;
    let is_github = page.host_str() == Some("github.com") || config.github.api.is_some();
    is_github.then_some(page)
}
