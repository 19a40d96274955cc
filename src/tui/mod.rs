//! The console: a board of candidates, dialogs for plans, and runs with their logs.
//!
//! Pure parts: [`model`] is what the console knows, [`update`] turns a message into a changed model and a list of
//! effects, [`screens`] paint a model. The edge: [`terminal`] owns the screen, and the runtime alone starts tasks.

pub mod keymap;
pub mod layout;
pub mod model;
pub mod screens;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod widgets;
