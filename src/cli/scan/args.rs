//! The arguments of `scan`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `scan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass scan registry.example.com/dev/app:sha-2b2e927 --attach\n  \
         windlass scan registry.example.com/dev/app:sha-2b2e927 --report trivy.json --attach\n  \
         windlass scan registry.example.com/dev/app:sha-2b2e927 --attach --key cosign.key\n  \
         windlass scan 2b2e927 --policy prod\n  \
         windlass scan --env prod --attached\n\
         The password of --key is read from COSIGN_PASSWORD, or asked for. A commit or an environment is checked \
         against its scan policy, and the command exits with 3 if it is refused. An image given by name is \
         checked only with --policy.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub struct ScanArgs {
    /// The image: host/path:tag, host/path@digest, a commit, an image tag, a digest or a release branch
    #[arg(required_unless_present = "env", conflicts_with = "env")]
    pub image: Option<String>,
    /// The image deployed to this environment
    #[arg(long, value_name = "ENVIRONMENT")]
    pub env: Option<String>,
    /// Apply the scan policy of this environment [default: for a commit, its next environment; for an environment, its own]
    #[arg(long, value_name = "ENVIRONMENT")]
    pub policy: Option<String>,
    /// Attach the reports to the digest for the scan gate of promotions
    #[arg(long)]
    pub attach: bool,
    /// With --attach: print what would be attached to what, without scanning
    #[arg(long, requires = "attach")]
    pub dry_run: bool,
    /// Also sign each report with this key, as a cosign vulnerability attestation
    #[arg(long, value_name = "FILE", requires = "attach")]
    pub key: Option<PathBuf>,
    /// Use this Trivy, Grype (JSON) or SARIF report instead of scanning; only Trivy reports can be attached
    #[arg(long, value_name = "FILE", conflicts_with = "attached")]
    pub report: Option<PathBuf>,
    /// Use the attached reports instead of scanning
    #[arg(long, conflicts_with = "attach")]
    pub attached: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Print the findings as SARIF 2.1.0, accepted ones marked as suppressed
    #[arg(long, conflicts_with = "json")]
    pub sarif: bool,
}
