//! What an environment requires of approvals.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Clean, RoleName};

/// What an environment requires of approvals before something is promoted there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPolicy {
    /// How many people have to approve.
    pub required: u32,
    /// How many of them as what.
    pub roles: BTreeMap<RoleName, u32>,
    /// Whether who wrote the commit may not be one of them.
    pub exclude_author: bool,
    /// Whether who promotes may not be one of them.
    pub exclude_promoter: bool,
    /// For how long an approval counts at most.
    pub max_age: Option<SignedDuration>,
    /// Whose approvals count. Nobody has two entries but for two keys.
    pub trusted: Vec<TrustedApprover>,
}

/// Somebody whose approvals count, by one key. Who has several keys has an entry of the same name for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedApprover {
    /// The name, as people know it.
    pub name: Clean,
    /// The public key.
    pub key: PathBuf,
    /// As what they may approve, besides as somebody.
    pub roles: BTreeSet<RoleName>,
    /// Their addresses, as git knows them.
    pub emails: Vec<String>,
    /// Their names as users, on machines and on GitHub.
    pub users: Vec<String>,
    /// From when on the key counts.
    pub from: Option<Timestamp>,
    /// From when on it does not count any more.
    pub until: Option<Timestamp>,
}

impl TrustedApprover {
    /// Whether it is theirs, among those addresses or users. Neither is case-sensitive where people type it.
    pub(super) fn is_one_of(own: &[String], known: &[String]) -> bool {
        own.iter()
            .any(|own| known.iter().any(|known| known.eq_ignore_ascii_case(own)))
    }
}
