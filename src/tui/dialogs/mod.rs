//! The dialogs: what stands over a screen until it is answered.

pub mod choice;
pub mod choice_update;
pub mod cut;
pub mod fields;
pub mod form;
pub mod form_update;
pub mod help;
pub mod message;
pub mod model;
pub mod plan;
pub mod update;

pub use fields::{Field, Form, Value};
pub use model::{
    ChoiceDialog, Choices, CutDialog, Dialog, Difference, EnvironmentHistory, FormDialog, PlanDialog,
};
