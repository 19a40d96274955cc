//! Pins, and their end.

use serde::{Deserialize, Serialize};

use super::words::{Words, until_words};
use crate::domain::{Clean, EnvironmentName, ImageReference, PinRecord, Term};

/// An environment held at the digest that is deployed there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The environment.
    pub environment: EnvironmentName,
    /// What it is held at, by digest.
    pub image: ImageReference,
    /// Why.
    pub reason: Clean,
    /// Until when, as it was given; until someone lifts the pin if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Term>,
}

/// An environment that is let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpin {
    /// The environment.
    pub environment: EnvironmentName,
    /// What it is held at, by digest.
    pub image: ImageReference,
    /// Why it is lifted.
    pub reason: Clean,
    /// The pin that is lifted.
    pub pin: Box<PinRecord>,
}

impl Words for Pin {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("pin {}", self.environment)
    }

    fn way(&self) -> String {
        format!("{}  {}", self.environment, self.image.repository)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("image", self.image.to_string()),
            ("reason", self.reason.to_string()),
            ("held", until_words(self.until.as_ref())),
        ]
    }
}

impl Words for Unpin {
    fn environment(&self) -> Option<&EnvironmentName> {
        Some(&self.environment)
    }

    fn title(&self) -> String {
        format!("unpin {}", self.environment)
    }

    fn way(&self) -> String {
        format!("{}  {}", self.environment, self.image.repository)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let pin = &self.pin;
        vec![
            ("image", self.image.to_string()),
            (
                "pinned",
                format!("by {}, {}", pin.by, pin.at.strftime("%Y-%m-%d %H:%M UTC")),
            ),
            ("because", pin.reason.to_string()),
            ("reason", self.reason.to_string()),
        ]
    }
}
