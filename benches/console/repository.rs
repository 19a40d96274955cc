//! A repository of 100,000 commits, whose registries do not answer.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use windlass::config::{Config, Trust};
use windlass::git;

pub const COMMITS: usize = 100_000;

/// The registries are loopback ports of services that nobody runs any more.
const CONFIGURATION: &str = r#"
[[service]]
name = "payment-svc"

[[environment]]
name = "dev"
image = "127.0.0.1:1/dev/{service}"

[[environment]]
name = "stage"
from = "dev"
image = "127.0.0.1:1/stage/{service}"

[[environment]]
name = "prod"
from = "stage"
image = "127.0.0.1:2/{service}"
protected = true

[registry."127.0.0.1:1"]
plain_http = true

[registry."127.0.0.1:2"]
plain_http = true
"#;

/// The repository, made once and kept with all that is built.
pub fn repository() -> color_eyre::Result<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (folder, making) = (target.join("start"), target.join("start-in-the-making"));
    if !folder.join(".git").exists() {
        // Whatever was interrupted begins anew.
        for half in [&making, &target.join("start-origin.git")] {
            if half.exists() {
                std::fs::remove_dir_all(half)?;
            }
        }
        let origin = target.join("start-origin.git");
        git::import(&making, &origin, "develop", history().as_bytes())?;
        std::fs::rename(&making, &folder)?;
    }
    std::fs::write(folder.join("windlass.toml"), CONFIGURATION)?;
    Ok(folder)
}

pub fn subject(nth: usize) -> String {
    format!("feat(api): change number {nth:06}")
}

/// A straight line of commits, one for every ten minutes, as a stream of `git fast-import`.
fn history() -> String {
    const AUTHORS: [&str; 4] = ["ada", "grace", "edsger", "barbara"];
    let mut stream = String::with_capacity(COMMITS * 256);
    for nth in 1..=COMMITS {
        let author = AUTHORS[nth % AUTHORS.len()];
        let time = 1_700_000_000 + nth * 600;
        let message = format!("{}\n\nRefs: PAY-{nth}\n", subject(nth));
        // Writing to a string does not fail.
        let _ = write!(
            stream,
            "commit refs/heads/develop\nmark :{nth}\nauthor {author} <{author}@example.com> {time} +0000\n\
             committer {author} <{author}@example.com> {time} +0000\ndata {}\n{message}\n",
            message.len()
        );
    }
    stream
}

/// The hash that trusts the settings of the repository's windlass.toml as they are.
pub fn trusted(repository: &Path) -> String {
    let config = Config::open(&repository.join("windlass.toml"), None, &Trust::default());
    config.map_or_else(|_| String::new(), |config| config.withheld.hash().to_string())
}
