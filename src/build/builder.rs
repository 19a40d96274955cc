//! The programs that build images: `docker buildx` where its builder answers, `buildah`, or `podman`.
//!
//! None of them pushes anything. Each leaves one image of one platform in a file or a folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::BuildError;
use crate::domain::{Platform, clean_line};
use crate::program::{Audience, Call, Ended, Line};

/// How long a builder may take to say that it is there.
const ANSWER: Duration = Duration::from_secs(20);
/// What the archive of an image calls it.
const NAME: &str = "localhost/windlass:built";
/// What a builder may write to standard output where that is read, in bytes.
const SAID: u64 = 64 * 1024;

/// Which program builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuilderKind {
    /// `docker buildx`, with a builder that can export images.
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

    /// Whether it is installed, and can do what is asked of it.
    async fn ready(self, cancel: &CancellationToken) -> Result<(), BuildError> {
        let call = match self {
            Self::Buildx => Call::new("docker").args(["buildx", "version"]),
            Self::Buildah => Call::new("buildah").arg("--version"),
            Self::Podman => Call::new("podman").arg("--version"),
        };
        if answer(call, cancel).await.is_none() {
            return Err(BuildError::Missing(self.name()));
        }
        if self == Self::Buildx {
            return fit_buildx(cancel).await.map_err(|why| BuildError::Unfit {
                builder: self.name(),
                why,
            });
        }
        Ok(())
    }
}

/// What a program says, if it is there and well.
async fn answer(call: Call, cancel: &CancellationToken) -> Option<String> {
    let call = call.audience(Audience::Containers).limit(ANSWER).keep(SAID);
    let ended = call.run(&|_| (), cancel).await.ok()?;
    let said = String::from_utf8_lossy(&ended.output).into_owned();
    ended.status.success().then_some(said)
}

/// Whether the builder that docker buildx would take answers and can write images to a folder; or why not.
async fn fit_buildx(cancel: &CancellationToken) -> Result<(), String> {
    let inspect = Call::new("docker").args(["buildx", "inspect"]);
    let said = answer(inspect, cancel).await.unwrap_or_default();
    let info = Call::new("docker").args(["info", "--format", "{{json .DriverStatus}}"]);
    let store = match driver_of(&said)? {
        "docker" => answer(info, cancel).await.unwrap_or_default(),
        _ => return Ok(()),
    };
    // The exporters of the `docker` driver, see https://docs.docker.com/go/build-exporters/
    if store.contains("io.containerd.snapshotter") {
        Ok(())
    } else {
        Err(
            "its builder uses the `docker` driver, which cannot export images without the containerd image store"
                .to_owned(),
        )
    }
}

/// The driver of a builder, as `docker buildx inspect` tells of it. That the builder does not answer is no failure of
/// the program.
fn driver_of(inspected: &str) -> Result<&str, String> {
    let field = |name: &str| {
        let mut lines = inspected.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    if let Some(why) = field("Error") {
        return Err(format!("its builder does not respond: {}", clean_line(why)));
    }
    field("Driver")
        .filter(|driver| !driver.is_empty())
        .ok_or_else(|| "it does not report its builder".to_owned())
}

impl Builder {
    /// The builder that is asked for, or the first of `docker buildx`, `buildah` and `podman` that is ready to work.
    ///
    /// # Errors
    /// When there is none; where one is there and not fit, why.
    pub async fn find(asked: Option<BuilderKind>, cancel: &CancellationToken) -> Result<Self, BuildError> {
        if let Some(kind) = asked {
            return kind.ready(cancel).await.map(|()| Self(kind));
        }
        let mut unfit = None;
        for kind in [BuilderKind::Buildx, BuilderKind::Buildah, BuilderKind::Podman] {
            match kind.ready(cancel).await {
                Ok(()) => return Ok(Self(kind)),
                Err(error @ BuildError::Unfit { .. }) => unfit = unfit.or(Some(error)),
                Err(_) => {}
            }
        }
        Err(unfit.unwrap_or(BuildError::Missing(
            "none of docker (with the buildx plug-in), buildah and podman",
        )))
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
                let away = Call::new(program)
                    .audience(Audience::Containers)
                    .args(["rmi", "--force", image])
                    .limit(ANSWER)
                    .keep(SAID);
                // That an image stays behind on this machine is no reason to fail.
                if let Err(error) = away.run(&|_| (), cancel).await {
                    tracing::debug!(%error, "the built image remains in the storage of the builder");
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
        let ended = call.audience(Audience::Containers).run(&tell, cancel).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_that_does_not_answer_is_told_by_its_own_words() {
        let inspected = "Name:   default\nDriver: \nError:  failed to connect to the docker API\n\nNodes:\n";
        let why = driver_of(inspected).unwrap_err();
        assert_eq!(
            why,
            "its builder does not respond: failed to connect to the docker API"
        );
        assert!(driver_of("").is_err());
        let inspected = "Name:   wl\nDriver: remote\n\nNodes:\nName:   wl0\nStatus: running\n";
        assert_eq!(driver_of(inspected).unwrap(), "remote");
    }
}
