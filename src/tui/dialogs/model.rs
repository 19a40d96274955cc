//! Dialogs: what stands over a screen until it is answered.

use secrecy::SecretString;

use super::fields::Form;
use crate::domain::{CommitSha, Confirmation, Environment, EnvironmentName, Gate, HeldLock, Plan};
use crate::engine::Earlier;
use crate::tui::session::{Message, Request};
use crate::tui::widgets::text_input::TextInput;

/// What a plan changes where it deploys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It deploys nothing, or nothing is known to be replaced.
    None,
    /// Being found out.
    Loading,
    /// In a few lines.
    Known(Vec<String>),
    /// It could not be found out, and why.
    Failed(String),
}

/// A plan, waiting for its confirmation.
#[derive(Debug, Clone)]
pub struct PlanDialog {
    /// The plan.
    pub plan: Plan,
    /// What it was made of, where it can be asked for otherwise.
    pub request: Option<Request>,
    /// The fields that it was made of, if there were any, with their answers.
    pub answers: Option<Form>,
    /// What is missing to be allowed: a reason, where a gate asks for one.
    pub form: Option<Form>,
    /// What changes where it deploys.
    pub difference: Difference,
    /// What is typed to confirm it.
    pub typed: TextInput,
    /// Whether Enter was pressed while the text was not the one asked for.
    pub mistyped: bool,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// The first line that is seen, where the plan is longer than the screen.
    pub scroll: usize,
}

impl PlanDialog {
    /// The dialog of a plan.
    pub fn of(plan: Plan, asks_password: bool) -> Self {
        Self {
            plan,
            request: None,
            answers: None,
            form: None,
            difference: Difference::None,
            typed: TextInput::default(),
            asks_password,
            mistyped: false,
            scroll: 0,
        }
    }

    /// What the first gate says that a reason can override, where one asks for it.
    pub fn asks_reason(&self) -> Option<&str> {
        let mut gates = self.plan.gates.iter();
        let gate = gates.find(|gate| gate.can_be_overridden_by_reason())?;
        Some(gate.verdict.reason())
    }

    /// The fields by which it can be asked for otherwise, if there are any.
    pub fn revised(&self, graph: &[Environment]) -> Option<Form> {
        let fresh = || Form::of(self.request.as_ref()?, graph, Some(&self.plan));
        self.answers.clone().or_else(fresh)
    }

    /// Whether what was typed confirms it.
    pub fn confirmed(&self) -> bool {
        match &self.plan.confirmation {
            Confirmation::Plain => true,
            Confirmation::Typed(text) => self.typed.text().trim() == text,
        }
    }
}

/// A release to be cut at a commit.
#[derive(Debug, Clone)]
pub struct CutDialog {
    /// The commit.
    pub commit: CommitSha,
    /// The commit in seven characters and its subject.
    pub title: String,
    /// The version, proposed first and then as it is edited.
    pub version: TextInput,
    /// Why a gate is overridden, where one asks for a reason.
    pub reason: TextInput,
    /// Whether keys go into the reason rather than the version.
    pub at_reason: bool,
    /// The plan for that version, once it is there; an error says why there is none.
    pub plan: Option<Result<Plan, Message>>,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// Whether the version was changed since the plan was made.
    pub edited: bool,
    /// The first line that is seen, where it is longer than the screen.
    pub scroll: usize,
}

impl CutDialog {
    /// Whether the reason is asked for: a gate of the plan can be overridden with one, or one was given.
    pub fn asks_reason(&self) -> bool {
        let is_asked = |plan: &Plan| plan.refusals().any(Gate::can_be_overridden_by_reason);
        !self.reason.text().is_empty() || matches!(&self.plan, Some(Ok(plan)) if is_asked(plan))
    }

    /// The field that keys go into.
    pub const fn field(&mut self) -> &mut TextInput {
        if self.at_reason {
            &mut self.reason
        } else {
            &mut self.version
        }
    }
}

/// Fields to be filled in before a plan is made.
#[derive(Debug, Clone)]
pub struct FormDialog {
    /// The fields.
    pub form: Form,
    /// What a person should know who fills them in.
    pub told: Vec<String>,
    /// Whether the plan is being made.
    pub waiting: bool,
    /// What was missing when Enter was pressed.
    pub incomplete: Option<String>,
    /// Why no plan could be made.
    pub error: Option<Message>,
}

impl FormDialog {
    /// Fields that nobody has filled in yet.
    pub const fn of(form: Form, told: Vec<String>) -> Self {
        Self {
            form,
            told,
            waiting: false,
            incomplete: None,
            error: None,
        }
    }
}

/// What an environment has deployed, and ran before, newest first.
#[derive(Debug, Clone)]
pub struct EnvironmentHistory {
    /// What is deployed now.
    pub deployed: Option<Earlier>,
    /// The others.
    pub earlier: Vec<Earlier>,
}

/// What one can choose from.
#[derive(Debug, Clone)]
pub enum Choices {
    /// What ran in an environment before, once it is known.
    Past(EnvironmentName, Option<Box<EnvironmentHistory>>),
    /// What is locked at the remote, once it is known.
    Locks(Option<Vec<HeldLock>>),
}

/// One of several is chosen, and then something is done with it.
#[derive(Debug, Clone)]
pub struct ChoiceDialog {
    /// The choices.
    pub choices: Choices,
    /// Why there are none.
    pub error: Option<Message>,
    /// The selected one.
    pub selected: usize,
}

impl ChoiceDialog {
    /// Choices that are still to be looked up.
    pub const fn of(choices: Choices) -> Self {
        Self {
            choices,
            error: None,
            selected: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.choices {
            Choices::Past(_, past) => past.as_ref().map_or(0, |ran| ran.earlier.len()),
            Choices::Locks(locks) => locks.as_ref().map_or(0, Vec::len),
        }
    }

    /// Whether there is nothing to choose from, or not yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What stands over the screen.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// A plan is being made; the text says of what.
    Planning(String),
    /// A release to be cut.
    Cut(Box<CutDialog>),
    /// Fields to be filled in.
    Form(Box<FormDialog>),
    /// Something to be chosen.
    Choice(Box<ChoiceDialog>),
    /// A plan to be confirmed.
    Plan(Box<PlanDialog>),
    /// A password for the signing key; it is never shown.
    Password {
        /// The plan that needs it.
        plan: Box<Plan>,
        /// What was typed so far.
        typed: SecretString,
    },
    /// Something happened.
    Message(Message),
    /// Quitting would stop the run.
    Quit,
}
