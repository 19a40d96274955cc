//! `windlass build`, with a registry that is real and programs that build and scan in their own way: what is pushed, and
//! what is refused. The real programs are in tests/interop.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Output;

use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Target};
use windlass::registry::{Reader, Registries, Settings};

struct World {
    folder: tempfile::TempDir,
    registry: EmbeddedRegistry,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl World {
    async fn new() -> Self {
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            registry,
        };
        world.git(&["init", "-q", "-b", "develop"]);
        world.git(&["remote", "add", "origin", "git@example.com:team/app.git"]);
        world.write("Dockerfile", "FROM scratch\nCOPY app /app\n");
        let text = format!(
            "[[service]]\nname = \"app\"\n\n\
             [[environment]]\nname = \"dev\"\nimage = \"{}/dev/{{service}}\"\n\
             deploy = {{ kind = \"command\", program = \"sh\", args = [\"-c\", \"echo $WINDLASS_DIGEST >>deployed\"] }}\n\n\
             [build]\nbuilder = \"buildah\"\nemulation = \"unneeded\"\n\n\
             [scanner]\ntrivy = \"{}\"\n",
            world.registry.host(),
            fixtures().join("scanner/works").display()
        );
        world.write("windlass.toml", &text);
        world.write(".gitignore", "/deployed\n/state\n");
        world.commit("first");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn git(&self, args: &[&str]) -> String {
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
    fn commit(&self, text: &str) -> String {
        self.write("app", text);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        format!("sha-{}", self.git(&["rev-parse", "--short=7", "HEAD"]))
    }

    async fn windlass(&self, args: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap();
        tokio::process::Command::new(env!("CARGO_BIN_EXE_windlass"))
            .args(args)
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", fixtures().join("builder").display()))
            .env("XDG_STATE_HOME", self.path("state"))
            .env_remove("WINDLASS_CONFIG")
            .env_remove("WINDLASS_READ_ONLY")
            .output()
            .await
            .unwrap()
    }

    async fn build(&self, more: &[&str]) -> Output {
        self.windlass(&[&["build", "--yes"], more].concat()).await
    }

    fn reader(&self) -> Reader {
        let repository = format!("{}/dev/app", self.registry.host()).parse().unwrap();
        Registries::new(Settings::default()).unwrap().reader(&repository)
    }

    async fn digest_of(&self, tag: &str) -> Option<Digest> {
        let found = self.reader().resolve(&Target::Tag(tag.parse().unwrap())).await;
        found.unwrap().map(|found| found.digest)
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn a_commit_becomes_one_index_with_its_tag_its_labels_and_its_proofs() {
    let world = World::new().await;
    let tag = world.git(&["rev-parse", "--short=7", "HEAD"]);
    let output = world.build(&[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));

    let digest = world.digest_of(&format!("sha-{tag}")).await.unwrap();
    assert_eq!(world.digest_of("latest").await.as_ref(), Some(&digest));
    let reader = world.reader();
    let image = reader.image(&digest).await.unwrap();
    let platforms: Vec<_> = image
        .platforms
        .iter()
        .map(|(platform, _)| platform.to_string())
        .collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(image.revision, Some(world.git(&["rev-parse", "HEAD"])));
    let mut kinds: Vec<_> = reader
        .referrers(&digest, None)
        .await
        .unwrap()
        .into_iter()
        .filter_map(|referrer| referrer.artifact_type)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "application/spdx+json",
            "application/vnd.aquasec.trivy.report+json",
            "application/vnd.cyclonedx+json"
        ]
    );
    assert_eq!(
        std::fs::read_to_string(world.path("deployed")).unwrap(),
        format!("{digest}\n")
    );
}

#[tokio::test]
async fn the_same_commit_again_finds_its_image_and_does_nothing() {
    let world = World::new().await;
    assert_eq!(world.build(&[]).await.status.code(), Some(0));
    let before = world.digest_of("latest").await;
    let again = world.build(&[]).await;
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(said(&again).contains("nothing is built"), "{}", said(&again));
    assert!(!said(&again).contains("STEP 1/1"), "{}", said(&again));
    assert_eq!(world.digest_of("latest").await, before);
    let deployed = std::fs::read_to_string(world.path("deployed")).unwrap();
    assert_eq!(deployed.lines().count(), 1);
}

#[tokio::test]
async fn a_tag_that_is_on_the_image_of_another_commit_is_a_conflict() {
    let world = World::new().await;
    assert_eq!(world.build(&[]).await.status.code(), Some(0));
    let first = world.digest_of("latest").await.unwrap();
    let tag = world.commit("second");
    let repository = format!("{}/dev/app", world.registry.host()).parse().unwrap();
    let access = windlass::domain::WriteAccess::unless_read_only(false).unwrap();
    let writer = Registries::new(Settings::default())
        .unwrap()
        .writer(&repository, access);
    let rule = windlass::registry::TagRule::Immutable;
    writer.tag(&first, &tag.parse().unwrap(), rule).await.unwrap();

    let output = world.build(&[]).await;
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(
        said(&output).contains("says it was built from"),
        "{}",
        said(&output)
    );
    assert_eq!(world.digest_of(&tag).await, Some(first));
}

#[tokio::test]
async fn changes_that_are_not_committed_never_get_the_tag_of_a_commit() {
    let world = World::new().await;
    let tag = format!("sha-{}", world.git(&["rev-parse", "--short=7", "HEAD"]));
    world.write("app", "changed");
    let refused = world.build(&[]).await;
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("app differs from"), "{}", said(&refused));

    let dirty = world.build(&["--dirty"]).await;
    assert_eq!(dirty.status.code(), Some(0), "{}", said(&dirty));
    assert_eq!(world.digest_of(&tag).await, None);
    assert_eq!(world.digest_of("latest").await, None);
    let tags = world.reader().tags().await.unwrap();
    assert!(
        tags.iter().all(|tag| tag.as_str().starts_with("dirty-")),
        "{tags:?}"
    );
    assert!(!world.path("deployed").exists());
}

#[tokio::test]
async fn a_build_that_breaks_is_told_in_the_words_of_the_builder_and_leaves_nothing() {
    let world = World::new().await;
    world.write("Dockerfile", "BREAK\n");
    world.commit("broken");
    let output = world.build(&[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("buildah ended with exit code 125: unknown instruction: BREAK"),
        "{}",
        said(&output)
    );
    assert_eq!(world.digest_of("latest").await, None);
}

#[tokio::test]
async fn a_platform_that_this_machine_cannot_run_is_refused_before_anything_is_built() {
    let world = World::new().await;
    let text = std::fs::read_to_string(world.path("windlass.toml")).unwrap();
    let text = text.replace(
        "emulation = \"unneeded\"",
        "emulation = \"required\"\nplatforms = [\"linux/mips64le\"]",
    );
    world.write("windlass.toml", &text);
    world.commit("for another machine");
    let output = world.build(&[]).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("cannot run programs of linux/mips64le"),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("STEP 1/1"), "{}", said(&output));
}
