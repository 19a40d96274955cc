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
pub(super) use plan::{builder, plan};
pub(super) use steps::{order, step};

/// What was built and is on this machine still.
pub(super) struct Built {
    /// The folder of the layouts, gone with the run.
    pub(super) work: TempDir,
    /// One image for each platform, in the order of the configuration.
    pub(super) images: Vec<LayoutImage>,
    /// The index of them all.
    pub(super) index: Descriptor,
    /// Its bytes.
    pub(super) bytes: Bytes,
}
