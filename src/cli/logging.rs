//! Where the program's own log goes: into the state folder, and with `--verbose` to standard error as well.

use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::state;

/// Sets the log up for this process. Without a state folder that can be written there is no file; that stops no command.
///
/// Only what windlass itself says is kept: the libraries below it log headers.
pub fn start(verbose: bool) {
    let only_ours = || EnvFilter::new("windlass=debug");
    let file = state::open_log(&state::folder_of_user()).ok().map(|file| {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Mutex::new(file))
            .with_filter(LevelFilter::INFO)
            .with_filter(only_ours())
    });
    let shown = verbose.then(|| {
        tracing_subscriber::fmt::layer()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .with_filter(only_ours())
    });
    // A second call in one process, as in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(file).with(shown).try_init();
}
