//! The develop build: each platform built once, pushed as one index, attested, tagged, deployed.

mod plan;
mod push;
mod release;
mod steps;

use tempfile::TempDir;

use crate::build::LayoutImage;
use crate::registry::Descriptor;
use bytes::Bytes;

pub use plan::builder_of;
pub(in crate::engine) use plan::{builder, plan};
pub(in crate::engine) use steps::{order, step};

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
