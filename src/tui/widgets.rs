//! The small things that screens are put together from.

pub mod footer;
pub mod frame;
pub mod gate;
pub mod input;
pub mod line;
pub mod progress;
pub mod step;
