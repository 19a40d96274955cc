//! How GitHub is asked where a change is a pull request.

use std::path::PathBuf;

use crate::domain::{ApiAddress, GitHubApp, RepositoryName};

/// How GitHub is asked.
#[derive(Debug, Clone, Default)]
pub struct GitHubAccess {
    /// The address of its API; the public one unless said otherwise.
    pub api: Option<ApiAddress>,
    /// The repository; by the address of the remote unless said otherwise.
    pub repository: Option<RepositoryName>,
    /// The file that has the token; from the environment unless said otherwise.
    pub token_file: Option<PathBuf>,
    /// The GitHub App in place of a token.
    pub app: Option<GitHubApp>,
}
