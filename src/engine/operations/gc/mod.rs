//! The images of an environment that nobody needs any more: found, shown with what stays and why, and deleted.

mod facts;
mod leftovers;
mod plan;
mod steps;
mod survey;

pub use plan::GcRequest;
