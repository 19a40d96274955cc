//! Images made on this machine: the programs that build them, what they leave, and what other programs say of it.

mod builder;
mod emulation;
mod error;
mod layout;
mod lint;
mod structure_files;
mod structure_test;

pub use builder::{Builder, BuilderKind, Order, Output};
pub use emulation::{Emulator, emulator};
pub use error::BuildError;
pub use layout::{LayoutBlob, LayoutImage};
pub use lint::{LintFinding, LintLevel, lint_findings};
pub use structure_files::DeclaredTests;
pub use structure_test::{StructureTest, TestOutcome, structure_tests};
