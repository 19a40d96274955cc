//! What is said in the same words everywhere: neutral documents of headings, tables and notes, and the words for releases.
//! The command line, the console and Markdown each give them their own form.

mod comparison;
mod document;
mod markdown;
mod release;
mod state;
mod workflow_run;

pub use comparison::{Limits, of_comparison};
pub use document::{Block, Cell, Document, Remark, RemarkKind, Row, Section, Table, change_tables};
pub use release::{begun, brief_state, candidate, deployed, release_state, task};
pub use state::{State, Status};
pub use workflow_run::workflow_run;
