//! The fleet: every service in every environment. Enter opens the board of a service.

mod keys;
mod model;
mod update;
mod view;

pub use keys::markdown;
pub use model::{FleetModel, FleetRow, RunNote};
pub use update::{FleetEffect, FleetMsg, update};
pub use view::{paint, rows_height};
