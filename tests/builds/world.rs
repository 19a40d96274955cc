//! A repository whose image can be built, scanned and tested by programs that only say that they do.

use std::path::{Path, PathBuf};
use std::process::Output;

use tokio::process::Command;

use windlass::demo::registry::{EmbeddedRegistry, Options};

use crate::call;

/// A repository with one service and one environment, whose registry is real.
pub struct World {
    pub folder: tempfile::TempDir,
    pub registry: EmbeddedRegistry,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl World {
    pub async fn new() -> Self {
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            registry,
        };
        world.git(&["init", "-q", "-b", "develop"]);
        world.git(&["remote", "add", "origin", "git@example.com:team/app.git"]);
        // What is pushed, as locks are, stays here.
        world.git(&["init", "-q", "--bare", ".git/remote.git"]);
        let here = world.path(".git/remote.git");
        world.git(&["remote", "set-url", "--push", "origin", here.to_str().unwrap()]);
        world.write("Dockerfile", "FROM scratch\nCOPY app /app\n");
        let text = format!(
            "[[service]]\nname = \"app\"\nstructure_test = [\"structure.yaml\"]\n\n\
             [[environment]]\nname = \"dev\"\nimage = \"{}/dev/{{service}}\"\n\
             deploy = {{ kind = \"command\", program = \"sh\", args = [\"-c\", \"echo $WINDLASS_DIGEST >>deployed\"] }}\n\n\
             [build]\nbuilder = \"buildah\"\nemulation = \"unneeded\"\n\n\
             [check]\nhadolint = \"{}\"\ncontainer_structure_test = \"{}\"\n\n\
             [scanner]\ntrivy = \"{}\"\n",
            world.registry.host(),
            fixtures().join("check/hadolint").display(),
            fixtures().join("check/container-structure-test").display(),
            fixtures().join("scanner/works").display()
        );
        world.write("windlass.toml", &text);
        world.write(
            "structure.yaml",
            "schemaVersion: 2.0.0\nfileExistenceTests: [{name: app is there, path: /app}]\n",
        );
        world.write(".gitignore", "/deployed\n/state\n/hangs.pid\n");
        world.commit("first");
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub fn git(&self, args: &[&str]) -> String {
        let settings = ["user.name=A", "user.email=a@example.com", "commit.gpgsign=false"];
        let settings = settings.iter().flat_map(|setting| ["-c", setting]);
        let done = std::process::Command::new("git")
            .args(settings)
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// Commits everything; the tag of its image.
    pub fn commit(&self, text: &str) -> String {
        self.write("app", text);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        format!("sha-{}", self.git(&["rev-parse", "--short=7", "HEAD"]))
    }

    pub async fn windlass(&self, args: &[&str]) -> Output {
        self.command(args).output().await.unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = call::program(self.folder.path(), &self.path("state"), args);
        command
            .env("PATH", format!("{}:{path}", fixtures().join("builder").display()))
            .env_remove("GITHUB_ACTIONS");
        command
    }
}
