//! The console: a fleet of services, a board of candidates for each, dialogs for plans, and runs with their logs.
//!
//! Pure parts: [`app`] is the fleet and the open sessions, `session` is what the console knows of one service, its `update` turns
//! a message into a changed model and a list of effects, [`screens`] paint a model. The edge: `app/terminal.rs` owns the screen,
//! and the runtime alone starts tasks.

pub mod app;
pub mod dialogs;
pub mod screens;
pub mod session;
pub mod widgets;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use self::app::runtime::{self, End, Sources};
use self::app::sessions::Sessions;
use self::app::terminal::Terminal;
use self::app::theme::Theme;
use self::app::{App, AppEffect};
use self::screens::fleet::FleetModel;
use crate::domain::{Exit, WriteAccess};
use crate::engine::Engine;
use crate::fleet::Fleet;
use crate::program::cancel_on_signal;
use crate::project::Service;

/// What a console is opened on.
pub struct Console {
    /// The services to choose from, and what the fleet is called; none where there is only one service.
    pub fleet: Option<(String, Fleet)>,
    /// The service whose board is shown first; none to show the fleet.
    pub service: Option<(Arc<Engine>, Service)>,
    /// Permission to write; without it the console only looks. A project whose settings nobody trusts is read-only besides.
    pub access: Option<WriteAccess>,
    /// Whether only ASCII may be shown.
    pub ascii: bool,
}

/// Takes the terminal and shows the console until someone leaves it. A run that is at work then is stopped cleanly, and
/// its end is awaited. The terminal is given back in every case.
pub async fn run(console: Console) -> color_eyre::Result<Exit> {
    let Console {
        fleet,
        service,
        access,
        ascii,
    } = console;
    let mut terminal = Terminal::take()?;
    let size = crossterm::terminal::size()?;
    let theme = Theme::of_terminal(ascii);
    let services = fleet
        .as_ref()
        .map(|(_, fleet)| fleet.services())
        .unwrap_or_default();
    let model = fleet.map(|(name, fleet)| {
        let known = services
            .iter()
            .map(|service| (service.id(), service.unknown_status()));
        let mut model = FleetModel::new(name, known.collect());
        model.troubles = fleet.troubles();
        model
    });
    let mut app = App::new(theme, size, Timestamp::now(), model);
    let (messages, receiver) = unbounded_channel();
    let mut sessions = Sessions::new(services, access, theme, messages);
    match service {
        Some((engine, service)) => sessions.open(&mut app, engine, &service),
        None => sessions.carry_out(&mut app, AppEffect::LookAtFleet),
    }
    let ended = CancellationToken::new();
    let _handling = cancel_on_signal(&ended);
    let sources = Sources {
        messages: receiver,
        ended,
    };
    let ended = runtime::run(&mut terminal, &mut app, &mut sessions, sources).await;
    drop(terminal);
    sessions.end().await;
    Ok(match ended? {
        End::Left => Exit::Done,
        End::Terminated => Exit::Interrupted,
    })
}
