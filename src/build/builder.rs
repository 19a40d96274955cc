//! The programs that build images: `docker buildx` where a daemon answers, `buildah`, or `podman`.
//!
//! None of them pushes anything. Each leaves one image of one platform in a file or a folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::BuildError;
use crate::domain::Platform;
use crate::program::{Call, Ended, Line};

/// How long a builder may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(20);
/// What the archive of an image calls it.
const NAME: &str = "localhost/windlass:built";
/// What a builder may write to standard output where that is read, in bytes.
const SAID: u64 = 64 * 1024;

/// Which program builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuilderKind {
    /// `docker buildx`, with a daemon.
    Buildx,
    /// `buildah`, without one.
    Buildah,
    /// `podman`, without one.
    Podman,
}

/// A program that builds images, found on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builder(BuilderKind);

/// What is to be built.
#[derive(Debug, Clone)]
pub struct Order {
    /// The folder that the Dockerfile may copy from.
    pub context: PathBuf,
    /// The Dockerfile.
    pub dockerfile: PathBuf,
    /// The platform; the machine's own if none is named.
    pub platform: Option<Platform>,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// Labels of the image.
    pub labels: Vec<(String, String)>,
    /// The time that the image and its files are to have, so that the same source gives the same image.
    pub created: Option<Timestamp>,
    /// Further arguments of the builder.
    pub more: Vec<String>,
}

/// What a builder leaves.
#[derive(Debug, Clone)]
pub enum Output {
    /// An OCI image layout in this folder, which is made.
    Layout(PathBuf),
    /// An archive as `docker save` writes it.
    Archive(PathBuf),
}

impl BuilderKind {
    /// Its name, as people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buildx => "docker buildx",
            Self::Buildah => "buildah",
            Self::Podman => "podman",
        }
    }

    /// Whether it is installed, and whatever it needs answers.
    async fn is_here(self, cancel: &CancellationToken) -> bool {
        let calls: &[&[&str]] = match self {
            // The second asks the daemon.
            Self::Buildx => &[&["docker", "buildx", "version"], &["docker", "version"]],
            Self::Buildah => &[&["buildah", "--version"]],
            Self::Podman => &[&["podman", "--version"]],
        };
        for call in calls {
            let call = Call::new(call[0]).args(&call[1..]).limit(ANSWER);
            let ended = call.run(&|_| (), cancel).await;
            if !ended.is_ok_and(|ended| ended.status.success()) {
                return false;
            }
        }
        true
    }
}

impl Builder {
    /// The builder that is asked for, or the first of `docker buildx`, `buildah` and `podman` that is ready to work.
    pub async fn find(asked: Option<BuilderKind>, cancel: &CancellationToken) -> Result<Self, BuildError> {
        if let Some(kind) = asked {
            return if kind.is_here(cancel).await {
                Ok(Self(kind))
            } else {
                Err(BuildError::Missing(kind.name()))
            };
        }
        for kind in [BuilderKind::Buildx, BuilderKind::Buildah, BuilderKind::Podman] {
            if kind.is_here(cancel).await {
                return Ok(Self(kind));
            }
        }
        Err(BuildError::Missing(
            "none of docker (with buildx and a daemon), buildah and podman",
        ))
    }

    /// Its name, as people call it.
    pub const fn name(self) -> &'static str {
        self.0.name()
    }

    /// Builds. What the builder says goes to `line`; nothing is pushed, and what it kept for itself is removed.
    pub async fn build(
        self,
        order: &Order,
        output: &Output,
        line: Line<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), BuildError> {
        match self.0 {
            BuilderKind::Buildx => {
                self.must(Self::buildx(order, output), line, cancel).await?;
            }
            BuilderKind::Buildah | BuilderKind::Podman => {
                let program = self.0.name();
                let folder = tempfile::tempdir().map_err(|error| unusable(&std::env::temp_dir(), &error))?;
                let name = folder.path().join("image");
                self.must(self.without_daemon(order, &name), line, cancel).await?;
                let image = std::fs::read_to_string(&name).map_err(|error| unusable(&name, &error))?;
                let image = image.trim();
                let left = self.must(self.save(image, output), line, cancel).await;
                let away = Call::new(program).args(["rmi", "--force", image]).keep(SAID);
                // That an image stays behind on this machine is no reason to fail.
                if let Err(error) = away.run(&|_| (), cancel).await {
                    tracing::debug!(%error, "the built image stays in the storage of the builder");
                }
                left?;
            }
        }
        Ok(())
    }

    fn buildx(order: &Order, output: &Output) -> Call {
        let mut to = OsString::from(match output {
            Output::Layout(_) => "type=oci,tar=false,rewrite-timestamp=true,dest=",
            Output::Archive(_) => "type=docker,dest=",
        });
        to.push(output.path());
        let call = Call::new("docker").args(["buildx", "build", "--provenance=false", "--sbom=false"]);
        let call = match order.created {
            // https://reproducible-builds.org/docs/source-date-epoch/
            Some(at) => call.variable("SOURCE_DATE_EPOCH", at.as_second().to_string()),
            None => call,
        };
        ordered(call, order)
            .arg("--output")
            .arg(to)
            .args(&order.more)
            .arg(&order.context)
    }

    fn without_daemon(self, order: &Order, name: &Path) -> Call {
        let call = Call::new(self.0.name()).arg("build").arg("--iidfile").arg(name);
        let call = match order.created {
            Some(at) => call.arg("--timestamp").arg(at.as_second().to_string()),
            None => call,
        };
        ordered(call, order).args(&order.more).arg(&order.context)
    }

    fn save(self, image: &str, output: &Output) -> Call {
        let path = output.path().as_os_str();
        let joined = |head: &str, tail: &str| {
            let mut whole = OsString::from(head);
            whole.push(path);
            whole.push(tail);
            whole
        };
        match (self.0, output) {
            (BuilderKind::Podman, Output::Layout(_)) => Call::new("podman")
                .args(["save", "--format", "oci-dir", "-o"])
                .arg(path)
                .arg(image),
            (BuilderKind::Podman, Output::Archive(_)) => Call::new("podman")
                .args(["save", "--format", "docker-archive", "-o"])
                .arg(path)
                .arg(image),
            (_, Output::Layout(_)) => Call::new("buildah").args(["push", image]).arg(joined("oci:", "")),
            (_, Output::Archive(_)) => Call::new("buildah")
                .args(["push", image])
                .arg(joined("docker-archive:", &format!(":{NAME}"))),
        }
    }

    /// Runs a call that has to succeed.
    async fn must(self, call: Call, line: Line<'_>, cancel: &CancellationToken) -> Result<Ended, BuildError> {
        let last = Mutex::new(String::new());
        let tell = |said: String| {
            if !said.trim().is_empty() {
                last.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone_from(&said);
            }
            line(said);
        };
        let ended = call.run(&tell, cancel).await?;
        if ended.status.success() {
            Ok(ended)
        } else {
            Err(BuildError::Failed {
                builder: self.name(),
                status: ended.in_words(),
                why: last.into_inner().unwrap_or_else(PoisonError::into_inner),
            })
        }
    }
}

impl Output {
    /// Where it goes.
    fn path(&self) -> &Path {
        match self {
            Self::Layout(path) | Self::Archive(path) => path,
        }
    }
}

/// What all builders are told in the same words.
fn ordered(mut call: Call, order: &Order) -> Call {
    if let Some(platform) = &order.platform {
        call = call.arg("--platform").arg(platform.to_string());
    }
    call = call.arg("--file").arg(&order.dockerfile);
    for (key, value) in &order.args {
        call = call.arg("--build-arg").arg(format!("{key}={value}"));
    }
    for (key, value) in &order.labels {
        call = call.arg("--label").arg(format!("{key}={value}"));
    }
    call
}

fn unusable(path: &Path, error: &std::io::Error) -> BuildError {
    BuildError::Layout {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
