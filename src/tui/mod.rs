//! The console: a board of candidates, dialogs for plans, and runs with their logs.
//!
//! Pure parts: [`model`] is what the console knows, [`update`] turns a message into a changed model and a list of
//! effects, [`screens`] paint a model. The edge: [`terminal`] owns the screen, and the runtime alone starts tasks.

mod effects;
pub mod keymap;
pub mod layout;
pub mod model;
mod runtime;
pub mod screens;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod widgets;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::effects::Effects;
use self::model::Model;
use self::runtime::{End, Sources};
use self::terminal::Terminal;
use self::theme::Theme;
use crate::board::{Board, BoardUpdate, Source};
use crate::domain::{Exit, WriteAccess};
use crate::engine::Engine;
use crate::program::cancel_on_signal;
use crate::project::Service;

/// What a console is opened on.
pub struct Console {
    /// Plans and carries out.
    pub engine: Arc<Engine>,
    /// The service whose candidates are shown.
    pub service: Service,
    /// Permission to write; without it the console only looks.
    pub access: Option<WriteAccess>,
    /// Whether only ASCII may be shown.
    pub ascii: bool,
}

/// Takes the terminal and shows the console until someone leaves it. A run that is at work then is stopped cleanly, and
/// its end is awaited. The terminal is given back in every case.
pub async fn run(console: Console) -> color_eyre::Result<Exit> {
    let Console {
        engine,
        service,
        access,
        ascii,
    } = console;
    let mut terminal = Terminal::take()?;
    let size = crossterm::terminal::size()?;
    let theme = Theme::of_terminal(ascii);
    let mut model = Model::new(
        service.name().as_str(),
        theme,
        access.is_none(),
        size,
        Timestamp::now(),
    );
    let config = engine.config();
    config.git.develop.as_str().clone_into(&mut model.board.branch);
    model.board.graph = config.graph.all().to_vec();
    model.board.numbering = effects::numbering(&config.git.release_branch);
    let (messages, receiver) = unbounded_channel();
    let (board, updates) = open_board(&engine, &service, &mut model);
    let mut effects = Effects {
        engine,
        board,
        service: service.name().clone(),
        access,
        messages,
        run: None,
    };
    let ended = CancellationToken::new();
    let _handling = cancel_on_signal(&ended);
    let sources = Sources {
        board: updates,
        messages: receiver,
        ended,
    };
    let ended = runtime::run(&mut terminal, &mut model, &mut effects, sources).await;
    drop(terminal);
    effects.end().await;
    Ok(match ended? {
        End::Left => Exit::Done,
        End::Terminated => Exit::Interrupted,
    })
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
        model.board.complete = true;
        return (None, unbounded_channel().1);
    };
    let source = Source::new(service.clone(), Arc::clone(repository));
    model.board.running = source.unknown_environments();
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
