//! The embedded registry and the sample world.
