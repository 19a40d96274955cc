//! The tools and how each of them copies an image, whole, over plain HTTP.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use color_eyre::eyre::{OptionExt as _, bail, ensure};

use crate::Result;

/// A tool that copies one image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// Without referrers, as the others copy unless they are told.
    Windlass,
    /// As it copies unless it is told.
    WindlassReferrers,
    /// go-containerregistry's.
    Crane,
    /// regclient's.
    Regctl,
    /// The ORAS project's.
    Oras,
    /// Debian's package.
    Skopeo,
}

/// The columns of a table.
pub const ALL: [Tool; 6] = [
    Tool::Windlass,
    Tool::WindlassReferrers,
    Tool::Crane,
    Tool::Regctl,
    Tool::Oras,
    Tool::Skopeo,
];
/// Those whose throughput is compared: referrers make no difference to it.
pub const BULK: [Tool; 5] = [
    Tool::Windlass,
    Tool::Crane,
    Tool::Regctl,
    Tool::Oras,
    Tool::Skopeo,
];

/// The tools with their columns, beginning with another one each turn: what runs first finds the disk quieter.
pub fn in_turn(tools: &[Tool], turn: usize) -> impl Iterator<Item = (usize, Tool)> {
    (0..tools.len())
        .map(move |at| (at + turn) % tools.len())
        .map(|at| (at, tools[at]))
}

/// Where the tools are, and a home in which nothing of the person who runs this takes part.
pub struct Tools {
    folder: PathBuf,
    windlass: PathBuf,
    home: PathBuf,
}

impl Tools {
    /// Builds what is missing.
    pub fn build(windlass: PathBuf, home: &Path) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/tools/build");
        let built = Command::new(script)
            .args(["crane", "regctl", "regsync", "oras", "registry"])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(built.status.success(), "the tools could not be built");
        let folder = PathBuf::from(String::from_utf8(built.stdout)?.trim_end());
        let tools = Self {
            folder,
            windlass,
            home: home.to_owned(),
        };
        for tool in BULK {
            tools.version(tool)?;
        }
        Ok(tools)
    }

    /// The program of that name, in a home of its own.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", &self.home)
            .env("TMPDIR", std::env::temp_dir())
            .current_dir(&self.home);
        command
    }

    /// Copies the image at `source` to the tag `target`.
    pub fn copy(&self, tool: Tool, source: &str, target: &str) -> Command {
        let hosts = [source, target].map(|name| name.split('/').next().unwrap_or(name));
        let mut command = self.command(match tool {
            Tool::Windlass | Tool::WindlassReferrers => self.windlass.clone(),
            Tool::Crane => "crane".into(),
            Tool::Regctl => "regctl".into(),
            Tool::Oras => "oras".into(),
            Tool::Skopeo => "/usr/bin/skopeo".into(),
        });
        match tool {
            Tool::Windlass => command.args(["copy", "--no-referrers", source, target]),
            Tool::WindlassReferrers | Tool::Crane => command.args(["copy", source, target]),
            Tool::Regctl => command
                .args(
                    hosts
                        .iter()
                        .flat_map(|host| ["--host".to_owned(), format!("reg={host},tls=disabled")]),
                )
                .args(["image", "copy", source, target]),
            Tool::Oras => command.args(["copy", "--from-plain-http", "--to-plain-http", source, target]),
            // As root it would not look into its home for what it remembers.
            Tool::Skopeo => command
                .env("_CONTAINERS_ROOTLESS_UID", "1")
                .args(["--insecure-policy", "copy", "--all", "--preserve-digests"])
                .args(["--src-tls-verify=false", "--dest-tls-verify=false"])
                .args([format!("docker://{source}"), format!("docker://{target}")]),
        };
        command
    }

    /// Copies the images that `list` names, line by line.
    pub fn windlass_list(&self, list: &Path) -> Command {
        let mut command = self.command(&self.windlass);
        command.args(["copy", "--no-referrers", "--list"]).arg(list);
        command
    }

    /// Lets skopeo forget where it has seen which layer, or it would mount what it shall send.
    pub fn forget(&self) -> Result<()> {
        match fs::remove_dir_all(self.home.join(".local/share/containers")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The name of a column: the tool with its version.
    pub fn column(&self, tool: Tool) -> Result<String> {
        Ok(match tool {
            Tool::Windlass => "windlass".to_owned(),
            Tool::WindlassReferrers => "windlass with referrers".to_owned(),
            _ => format!("{} {}", format!("{tool:?}").to_lowercase(), self.version(tool)?),
        })
    }

    fn version(&self, tool: Tool) -> Result<String> {
        Ok(match tool {
            Tool::Windlass | Tool::WindlassReferrers => self.said(&self.windlass, &["--version"])?,
            Tool::Crane => self.module("crane")?,
            Tool::Regctl => self.module("regctl")?,
            Tool::Oras => self.module("oras")?,
            Tool::Skopeo => {
                let said = self.said("/usr/bin/skopeo", &["--version"])?;
                said.trim_start_matches("skopeo version ").to_owned()
            }
        })
    }

    /// The version of the module that a program of Go was made from.
    pub fn module(&self, program: &str) -> Result<String> {
        let said = Command::new("go")
            .args(["version", "-m"])
            .arg(self.folder.join(program))
            .output()?;
        let said = String::from_utf8(said.stdout)?;
        let line = said
            .lines()
            .find_map(|line| line.trim_start().strip_prefix("mod\t"))
            .ok_or_eyre("no module")?;
        Ok(line
            .split('\t')
            .nth(1)
            .unwrap_or_default()
            .trim_start_matches('v')
            .to_owned())
    }

    fn said(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Result<String> {
        let program = program.as_ref();
        let Ok(output) = self.command(program).args(arguments).output() else {
            bail!("{} is missing", program.display());
        };
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
