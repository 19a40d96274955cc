//! Runs other programs, all of them by one [`Call`]: without a shell, in a session of their own without a terminal, with
//! named environment variables only, within a time limit, and with what they say told line by line.
//!
//! A program that is stopped is asked first (SIGTERM to its whole group) and ended after a while; one that nobody waits
//! for any more, because the future was dropped, is ended at once.

mod background;
mod call;
mod environment;
mod error;
mod group;
mod lines;
mod signals;

pub use background::in_background;
pub use call::{Call, Ended};
pub use environment::Audience;
pub use error::ProgramError;
pub use lines::Line;
pub use signals::{Handling, Signals, cancel_on_signal};
