//! Images made on this machine: the programs that build them, and what they leave.

mod builder;
mod emulation;
mod error;
mod layout;

pub use builder::{Builder, BuilderKind, Order, Output};
pub use emulation::{Emulator, emulator};
pub use error::BuildError;
pub use layout::{LayoutBlob, LayoutImage};
