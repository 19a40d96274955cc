//! What can be planned and run: one folder or file for each operation, and the request for each.

pub(in crate::engine) mod build;
pub(in crate::engine) mod check;
pub(in crate::engine) mod command;
pub(in crate::engine) mod cut;
pub(in crate::engine) mod finish;
pub(in crate::engine) mod hotfix;
pub(in crate::engine) mod pin;
pub(in crate::engine) mod place;
pub(in crate::engine) mod promote;
pub(in crate::engine) mod rollback;
pub(in crate::engine) mod sign;
pub(in crate::engine) mod unlock;
