//! The dialogs: what stands over a screen until it is answered, a file for each. They stand on each other: Esc closes the one on
//! top, and what it stands on is shown again.

pub mod around;
pub mod choice;
pub mod cut;
mod field_keys;
pub mod fields;
pub mod form;
pub mod help;
pub mod message;
mod parts;
pub mod password;
pub mod plan;
mod plan_parts;
pub mod planning;
pub mod quit;
pub mod reply;
pub mod review;
pub mod stack;

pub use around::Around;
pub use choice::{ChoiceDialog, Choices, EnvironmentHistory};
pub use cut::CutDialog;
pub use fields::{Field, Form, Value};
pub use form::FormDialog;
pub use help::HelpDialog;
pub use password::PasswordDialog;
pub use plan::{Difference, PlanDialog};
pub use planning::Planning;
pub use quit::QuitDialog;
pub use reply::{DialogSpec, Reply};
pub use review::ReviewDialog;
pub use stack::{Dialog, Dialogs};
