//! What a gate answers.

use crate::domain::{Gate, GateRecord, RecordedApproval};
use crate::scan::FreshScan;

/// What a rule said, and what its verdict rests on.
pub(super) struct Answer {
    pub(super) gate: Gate,
    /// What the verdict of the scan gate rests on, where there was evidence.
    pub(super) record: Option<GateRecord>,
    /// The scan that was made for it, if one was.
    pub(super) fresh: Option<FreshScan>,
    /// The approvals that counted.
    pub(super) approvals: Vec<RecordedApproval>,
}

impl From<Gate> for Answer {
    fn from(gate: Gate) -> Self {
        Self {
            gate,
            record: None,
            fresh: None,
            approvals: Vec::new(),
        }
    }
}
