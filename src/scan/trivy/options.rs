//! How Trivy is called, as the configuration says it.

use std::path::PathBuf;
use std::time::Duration;

/// How Trivy is called.
#[derive(Debug, Clone)]
pub struct TrivyOptions {
    /// The program: a path, or a name in `PATH`.
    pub program: PathBuf,
    /// Further arguments of `trivy image`.
    pub args: Vec<String>,
    /// The address of a server that does the scanning.
    pub server: Option<String>,
    /// The file with the token of that server.
    pub token_file: Option<PathBuf>,
    /// The repository of the vulnerability database.
    pub database: Option<String>,
    /// The repository of the database of Java packages.
    pub java_database: Option<String>,
    /// How long one scan may take.
    pub timeout: Duration,
    /// How many scans run at once.
    pub at_once: usize,
}

impl Default for TrivyOptions {
    fn default() -> Self {
        Self {
            program: "trivy".into(),
            args: Vec::new(),
            server: None,
            token_file: None,
            database: None,
            java_database: None,
            timeout: Duration::from_mins(10),
            at_once: 2,
        }
    }
}
