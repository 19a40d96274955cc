//! What the forge has, and what it needs.

use std::path::PathBuf;

/// The repository that the forge has.
pub const REPOSITORY: &str = "example/payment-svc";
/// The branch whose workflows run.
pub const BRANCH: &str = "develop";

/// What the forge needs to run jobs.
#[derive(Debug, Clone)]
pub struct ForgeSettings {
    /// Windlass itself, which a job runs.
    pub program: PathBuf,
    /// The folder that a job runs in, with the windlass.toml of the world.
    pub checkout: PathBuf,
    /// Where a job keeps what it knows.
    pub home: PathBuf,
    /// The commit whose workflows run.
    pub head: String,
    /// The token that is let in.
    pub token: String,
}
