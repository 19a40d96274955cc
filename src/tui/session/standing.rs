//! How the environments stand, apart from what is deployed there.

use jiff::Timestamp;

use crate::board::Cell;
use crate::domain::{EnvironmentName, ExceptionRecord, PinRecord};

/// How an environment stands, apart from what is deployed there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The pin that holds it.
    pub pin: Option<PinRecord>,
    /// Why nothing is promoted there: somebody has halted it.
    pub halted: Option<String>,
    /// The exceptions that still owe a review, oldest first.
    pub reviews: Vec<ExceptionRecord>,
}

/// The environments that promotions reach, each with how it stands.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentStatuses {
    /// In the order of the graph; empty until somebody asked.
    pub all: Vec<(EnvironmentName, Cell<Standing>)>,
    /// Whether they are being asked.
    pub asking: bool,
}

impl EnvironmentStatuses {
    /// How `environment` stands, if it was asked.
    pub fn of(&self, environment: &EnvironmentName) -> Option<&Cell<Standing>> {
        let mut all = self.all.iter();
        all.find(|(name, _)| name == environment)
            .map(|(_, standing)| standing)
    }

    /// Why `environment` is halted, as far as that is known.
    pub fn halted(&self, environment: &EnvironmentName) -> Option<&str> {
        self.of(environment)?.value()?.halted.as_deref()
    }

    /// The pin that holds `environment` at `now`, as far as that is known.
    pub fn pin(&self, environment: &EnvironmentName, now: Timestamp) -> Option<&PinRecord> {
        let pin = self.of(environment)?.value()?.pin.as_ref()?;
        pin.holds(now).then_some(pin)
    }
}
