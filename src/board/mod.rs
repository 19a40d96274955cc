//! The read side: joins git and registries into rows. Nothing here can write.

mod cell;
mod details;
mod environments;
mod live;
mod row;
mod running;
mod source;

pub use cell::Cell;
pub use details::{Details, ReportDetails};
pub use live::{Board, BoardUpdate};
pub use row::{DeployedImage, EnvironmentNow, Facts, Image, Place, Scan};
pub use source::Source;
