//! Approvals: what somebody signs before a candidate is promoted, what an environment requires of them, and which of them count.

mod judge;
mod policy;
mod statement;
#[cfg(test)]
mod tests;

pub use judge::{Approvals, Approver, Asked, CountedApproval, SignedApproval, UncountedApproval};
pub use policy::{ApprovalPolicy, TrustedApprover};
pub use statement::{Approval, ApprovalSubject};
