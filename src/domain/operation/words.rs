//! Operations in words, as plans, runs and records show them.

use crate::domain::{Digest, EnvironmentName, Term};

/// The words of one operation, each as the method of [`Operation`](super::Operation) that has its name says.
pub(super) trait Words {
    fn title(&self) -> String;

    fn deed(&self) -> String {
        self.title()
    }

    fn way(&self) -> String;

    fn facts(&self) -> Vec<(&'static str, String)>;

    /// The environment that it is done to, if it is one alone.
    fn environment(&self) -> Option<&EnvironmentName> {
        None
    }

    /// Whether it deploys.
    fn deploys(&self) -> bool {
        false
    }

    /// What is deployed where it deploys, if that is known.
    fn replaced(&self) -> Option<&Digest> {
        None
    }
}

pub(super) fn until_words(until: Option<&Term>) -> String {
    match until {
        None => "until it is lifted".to_owned(),
        Some(Term::Day(day)) => format!("through {day} (UTC)"),
        Some(term @ Term::Lasting { .. }) => format!("for {term}"),
    }
}
