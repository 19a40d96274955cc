//! One service in the console: what is known of it, what it hears, and what becomes of that.

pub mod approvals;
pub mod dialogs;
pub mod leaving;
pub mod message;
pub mod model;
pub mod notice;
pub mod plans;
pub mod request;
pub mod standing;
pub mod update;
pub mod view;

pub use message::{Effect, Msg, PlanReady};
pub use model::Model;
pub use notice::{Message, Notice};
pub use request::Request;
pub use standing::{EnvironmentStatuses, Standing};
pub use update::{measure, update};
pub use view::Console;
