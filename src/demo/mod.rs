//! The embedded registry and the sample world.

pub mod faults;
pub mod registry;
