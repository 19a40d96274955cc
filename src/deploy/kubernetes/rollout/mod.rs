//! How far a rollout is: a pure function of what the API shows. `kubectl rollout status` counts replicas by the status of the
//! workload alone; here only pods of the new revision count, and what holds them up is read from the pods themselves.

mod counts;
mod deadline;
mod judge;
mod pods;
mod state;
mod trouble;
mod trouble_kind;

#[cfg(test)]
mod tests;

pub(super) use self::deadline::deadline_mark;
pub(super) use self::judge::judge;
pub(super) use self::pods::{is_controlled_by, is_ready};
pub(super) use self::state::{Goal, State, View, Warning};
#[cfg(test)]
pub(super) use self::trouble_kind::TroubleKind;
pub(super) use self::trouble_kind::{LogSource, Trouble};
