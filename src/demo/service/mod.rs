//! What runs in the demo: for each environment a small program that serves the digest that it was started with, over HTTP on
//! loopback. It is started and stopped by the demo's deployer, and ends with the demo.

mod ask;
mod deploy;
mod error;
mod open;
mod place;
mod running;
mod serve;

pub use deploy::{Release, deploy};
pub use error::ServiceError;
pub use place::{Place, Serving};
pub use running::running;
pub use serve::serve;

pub(super) use open::Open;
