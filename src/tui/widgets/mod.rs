//! The small things that screens are put together from.

pub mod footer;
pub mod frame;
pub mod gate;
pub mod input;
pub mod line;
pub mod progress;
pub mod room;
pub mod scroll;
pub mod search;
pub mod sight;
pub mod step;
pub mod text_input;
