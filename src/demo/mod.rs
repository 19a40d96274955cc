//! The embedded registry, the stand-in of GitHub, and the sample world.

pub mod faults;
pub mod forge;
mod locked;
pub mod registry;
pub mod service;
mod world;

pub use world::{Pipeline, World, WorldError, WorldOptions};
