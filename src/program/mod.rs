//! Runs other programs: without a shell, in a process group of their own, with what they say told line by line.
//!
//! A program that is stopped is asked first (SIGTERM to its whole group) and ended after a while; one that nobody waits
//! for any more, because the future was dropped, is ended at once. Nothing it started outlives it.

mod call;
mod error;
mod group;
mod lines;

pub use call::{Call, Ended};
pub use error::ProgramError;
pub use lines::{Line, follow};
