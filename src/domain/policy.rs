//! What an environment asks of scan reports.

use std::path::PathBuf;

use jiff::SignedDuration;

use super::{FindingKind, Limits, Platform};

/// What an environment asks of scan reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScanPolicy {
    /// How many findings of each severity are still accepted; no limit where none is written.
    pub fail_on: Limits,
    /// The same for secrets; as for vulnerabilities if none is written.
    pub fail_on_secrets: Option<Limits>,
    /// The same for misconfigurations.
    pub fail_on_misconfigurations: Limits,
    /// The same for licences.
    pub fail_on_licences: Limits,
    /// Whether only vulnerabilities that have a fix count.
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
    /// An image of which the scanner examined no package.
    pub no_packages: Rule,
    /// A report of a scanner that was told to leave something out.
    pub filtered: Rule,
    /// Platforms of the image that need no report, and whose findings do not count.
    pub leave_out: Vec<LeftOut>,
    /// Whether the image is scanned anew at the moment of the promotion, whatever is attached.
    pub at_admission: bool,
    /// The public key that must have signed the attached scan; any report counts if none is written.
    pub signed_by: Option<PathBuf>,
}

impl ScanPolicy {
    /// The limits for findings of `kind`.
    pub fn limits(&self, kind: FindingKind) -> &Limits {
        match kind {
            FindingKind::Vulnerability => &self.fail_on,
            FindingKind::Secret => self.fail_on_secrets.as_ref().unwrap_or(&self.fail_on),
            FindingKind::Misconfiguration => &self.fail_on_misconfigurations,
            FindingKind::Licence => &self.fail_on_licences,
        }
    }
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
