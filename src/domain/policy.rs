//! What an environment asks of scan reports.

use std::path::PathBuf;

use jiff::SignedDuration;

use super::{Limits, Platform};

/// What an environment asks of scan reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanPolicy {
    /// How many findings of each severity are still accepted; no limit where none is written.
    pub fail_on: Limits,
    /// Whether only findings that have a fix count.
    pub fixable_only: bool,
    /// How old the report may be; any age if none is written.
    pub max_age: Option<SignedDuration>,
    /// How old the scanner's database may be; any age if none is written.
    pub max_database_age: Option<SignedDuration>,
    /// The file of vulnerabilities that are known to be exploited, of which none is accepted whatever the limits.
    pub exploited: Option<PathBuf>,
    /// An operating system that gets no updates any more. Nobody looks for its vulnerabilities, so that none being found
    /// means little.
    pub end_of_life: Rule,
    /// An image in which the scanner recognised nothing.
    pub no_packages: Rule,
    /// Platforms of the image that need no report, and whose findings do not count.
    pub leave_out: Vec<LeftOut>,
    /// Whether the image is scanned anew at the moment of the promotion, whatever is attached.
    pub at_admission: bool,
    /// The public key that must have signed the attached scan; any report counts if none is written.
    pub signed_by: Option<PathBuf>,
}

/// Whether something is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rule {
    /// It is not.
    #[default]
    Refuse,
    /// It is.
    Allow,
}

/// A platform that a policy leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The platform.
    pub platform: Platform,
    /// Why.
    pub reason: String,
}
