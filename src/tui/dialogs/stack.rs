//! The dialogs that stand over a screen, the newest on top.

use super::choice::ChoiceDialog;
use super::cut::CutDialog;
use super::form::FormDialog;
use super::help::HelpDialog;
use super::password::PasswordDialog;
use super::plan::PlanDialog;
use super::planning::Planning;
use super::quit::QuitDialog;
use super::reply::DialogSpec;
use super::review::ReviewDialog;
use crate::tui::session::notice::Message;

/// What stands over the screen.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// A plan is being made.
    Planning(Planning),
    /// A release to be cut.
    Cut(Box<CutDialog>),
    /// Fields to be filled in.
    Form(Box<FormDialog>),
    /// Something to be chosen.
    Choice(Box<ChoiceDialog>),
    /// A plan to be confirmed.
    Plan(Box<PlanDialog>),
    /// A password for the signing key.
    Password(PasswordDialog),
    /// A deployment on GitHub to be approved or rejected.
    Review(Box<ReviewDialog>),
    /// Something happened.
    Message(Message),
    /// Quitting would stop runs.
    Quit(QuitDialog),
    /// The keys of a screen.
    Help(HelpDialog),
}

impl Dialog {
    /// What it does.
    pub fn spec(&self) -> &dyn DialogSpec {
        match self {
            Self::Planning(dialog) => dialog,
            Self::Cut(dialog) => dialog.as_ref(),
            Self::Form(dialog) => dialog.as_ref(),
            Self::Choice(dialog) => dialog.as_ref(),
            Self::Plan(dialog) => dialog.as_ref(),
            Self::Password(dialog) => dialog,
            Self::Review(dialog) => dialog.as_ref(),
            Self::Message(dialog) => dialog,
            Self::Quit(dialog) => dialog,
            Self::Help(dialog) => dialog,
        }
    }

    /// The same, to be given a key.
    pub fn spec_mut(&mut self) -> &mut dyn DialogSpec {
        match self {
            Self::Planning(dialog) => dialog,
            Self::Cut(dialog) => dialog.as_mut(),
            Self::Form(dialog) => dialog.as_mut(),
            Self::Choice(dialog) => dialog.as_mut(),
            Self::Plan(dialog) => dialog.as_mut(),
            Self::Password(dialog) => dialog,
            Self::Review(dialog) => dialog.as_mut(),
            Self::Message(dialog) => dialog,
            Self::Quit(dialog) => dialog,
            Self::Help(dialog) => dialog,
        }
    }
}

/// The dialogs over a screen.
#[derive(Debug, Clone, Default)]
pub struct Dialogs(Vec<Dialog>);

impl Dialogs {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one on top.
    pub fn top(&self) -> Option<&Dialog> {
        self.0.last()
    }

    /// The same, to be given text.
    pub fn top_mut(&mut self) -> Option<&mut Dialog> {
        self.0.last_mut()
    }

    /// All of them, from the lowest on.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        self.0.iter_mut()
    }

    /// The newest of several to choose from.
    pub fn choice(&mut self) -> Option<&mut ChoiceDialog> {
        self.0.iter_mut().rev().find_map(|dialog| match dialog {
            Dialog::Choice(choice) => Some(choice.as_mut()),
            _ => None,
        })
    }

    /// Opens one on top of the others.
    pub fn push(&mut self, dialog: Dialog) {
        self.0.push(dialog);
    }

    /// Takes the one on top away.
    pub fn pop(&mut self) -> Option<Dialog> {
        self.0.pop()
    }

    /// Closes all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Closes those of a kind.
    pub fn close(&mut self, is_of_kind: impl Fn(&Dialog) -> bool) {
        self.0.retain(|dialog| !is_of_kind(dialog));
    }

    /// The newest that waits for a plan, and its place.
    pub fn waiting(&mut self) -> Option<(usize, &mut Dialog)> {
        let place = self.0.iter().rposition(|dialog| dialog.spec().is_waiting())?;
        self.0.get_mut(place).map(|dialog| (place, dialog))
    }

    /// Opens one right on top of the one at `place`, below those that stand on that.
    pub fn insert_above(&mut self, place: usize, dialog: Dialog) {
        self.0.insert((place + 1).min(self.0.len()), dialog);
    }

    /// Puts another dialog in the place of one.
    pub fn replace(&mut self, place: usize, dialog: Dialog) {
        if let Some(old) = self.0.get_mut(place) {
            *old = dialog;
        }
    }

    /// Takes the plans away that stand below `place`: what was asked otherwise there has a newer one.
    pub fn forget_plans_below(&mut self, place: usize) {
        let mut at = 0;
        self.0.retain(|dialog| {
            at += 1;
            at > place || !matches!(dialog, Dialog::Plan(_))
        });
    }
}
