//! Pins: holding an environment at what is deployed there, letting it go again, and what pins say to promotions.

mod hold;
mod plan;
mod reads;
mod steps;

pub(in crate::engine) use hold::{Attribution, hold};
pub use plan::{PinRequest, UnpinRequest};
pub(in crate::engine) use reads::{pins_of, reached, term};
