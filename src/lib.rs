//! windlass lifts one container image, unchanged, from environment to environment.
//!
//! The modules, and which may use which (see ARCHITECTURE.md):
//!
//! ```text
//! domain ← program state http ← config git github registry scan sign deploy build ← project ← catalog ← board engine ← fleet ← report ← cli tui demo ← start
//! ```
//!
//! A module may use those to its left; of the middle ones only `scan` and `sign` use `registry`. `cli` and `tui` never
//! import each other. `ratatui` and `crossterm` live in `tui` only, `git2` in `git`, `octocrab` in `github`, `oci-client`
//! in `registry`, `sigstore` in `sign`. `tests/architecture.rs` reads the `use` lines and fails on a breach.

pub mod board;
pub mod build;
pub mod catalog;
pub mod cli;
pub mod config;
#[cfg(any(feature = "demo", test))]
pub mod demo;
pub mod deploy;
pub mod domain;
pub mod engine;
pub mod fleet;
pub mod git;
pub mod github;
pub mod http;
pub mod program;
pub mod project;
pub mod registry;
pub mod report;
pub mod scan;
pub mod sign;
mod start;
pub mod state;
pub mod tui;

pub use start::start;
