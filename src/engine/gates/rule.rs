//! What a gate is: its kind, when it is asked, and what asks it.

use futures_util::future::BoxFuture;

use super::moment::Moment;
use super::question::{BranchQuestion, CandidateQuestion, PromotionQuestion, Settings};
use crate::domain::{Gate, GateKind, GateRecord};
use crate::scan::FreshScan;

/// One line of the table.
pub(in crate::engine) struct GateRule {
    /// Which rule it is.
    pub(super) kind: GateKind,
    /// Whether it is asked at that moment under those settings.
    pub(super) applies: fn(&Settings<'_>, Moment) -> bool,
    /// What asks it.
    pub(super) evaluate: Evaluate,
}

/// What asks a rule, by what the rule is about. What cannot be found out is an unknown verdict, which refuses; a gate that
/// has nothing to say of this very subject is none.
pub(super) enum Evaluate {
    /// About a candidate, between two environments.
    Candidate(for<'q> fn(&'q CandidateQuestion<'q>) -> BoxFuture<'q, Option<Answer>>),
    /// About a promotion, on its path.
    Promotion(for<'q> fn(&'q PromotionQuestion<'q>) -> BoxFuture<'q, Option<Answer>>),
    /// About a branch that is about to be made.
    Branch(for<'q> fn(&'q BranchQuestion<'q>) -> BoxFuture<'q, Option<Answer>>),
}

/// What a rule said, and what its verdict rests on.
pub(super) struct Answer {
    pub(super) gate: Gate,
    /// What the verdict of the scan gate rests on, where there was evidence.
    pub(super) record: Option<GateRecord>,
    /// The scan that was made for it, if one was.
    pub(super) fresh: Option<FreshScan>,
}

impl From<Gate> for Answer {
    fn from(gate: Gate) -> Self {
        Self {
            gate,
            record: None,
            fresh: None,
        }
    }
}
