//! The embedded registry and the sample world.

pub mod faults;
mod locked;
pub mod registry;
pub mod service;
mod world;

pub use world::{Pipeline, World, WorldError, WorldOptions};
