//! The console as a whole: the terminal, the loop, and a session for each service that someone opened.

pub mod effects;
mod input;
pub mod runtime;
pub mod sender;
pub mod sessions;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod update;
mod view;
pub mod wire;

pub use state::{App, AppEffect, AppMsg, Session, SessionId, Shown};
pub use update::update;
