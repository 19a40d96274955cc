//! The develop build: each platform built once, pushed as one index, attested, tagged, deployed.

mod order;
mod plan;
mod push;
mod release;
mod steps;

use tempfile::TempDir;

use crate::build::LayoutImage;
use crate::registry::Descriptor;
use bytes::Bytes;

pub(in crate::engine) use order::order;
pub(in crate::engine) use plan::builder;
pub use plan::{BuildRequest, builder_of};

/// What was built and is on this machine still.
pub(in crate::engine) struct Built {
    /// The folder of the layouts, gone with the run.
    pub(in crate::engine) work: TempDir,
    /// One image for each platform, in the order of the configuration.
    pub(in crate::engine) images: Vec<LayoutImage>,
    /// The index of them all.
    pub(in crate::engine) index: Descriptor,
    /// Its bytes.
    pub(in crate::engine) bytes: Bytes,
}
