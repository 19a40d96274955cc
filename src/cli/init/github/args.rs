//! The arguments of `init` for GitHub.

use clap::Args;

use crate::domain::EnvironmentName;

/// What `init` takes for GitHub.
#[derive(Debug, Default, Args)]
pub struct GitHubArgs {
    /// Write the workflows of GitHub Actions for the existing windlass.toml
    #[arg(long)]
    pub github: bool,
    /// With --github: also promote each new release branch to this environment
    #[arg(long, value_name = "ENVIRONMENT", requires = "github")]
    pub on_release: Option<EnvironmentName>,
    /// With --github: also promote what is merged into main to this environment
    #[arg(long, value_name = "ENVIRONMENT", requires = "github")]
    pub on_main: Option<EnvironmentName>,
    /// With --github: show what would change, without writing it
    #[arg(long, requires = "github")]
    pub dry_run: bool,
}
