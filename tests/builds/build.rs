//! What `windlass build` pushes, and what it refuses.

use windlass::domain::WriteAccess;
use windlass::registry::{Registries, Settings, TagRule};

use super::{World, said};

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
            "application/vnd.cyclonedx+json",
            // By which run it was deployed.
            "application/vnd.windlass.deployment.v1+json"
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
    assert!(said(&again).contains("nothing to build"), "{}", said(&again));
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
    let access = WriteAccess::unless_read_only(false).unwrap();
    let writer = Registries::new(Settings::default())
        .unwrap()
        .writer(&repository, access);
    writer
        .tag(&first, &tag.parse().unwrap(), TagRule::Immutable)
        .await
        .unwrap();

    let output = world.build(&[]).await;
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(said(&output).contains("was built from"), "{}", said(&output));
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
async fn what_is_not_signed_as_its_environment_requires_is_not_deployed() {
    let world = World::new().await;
    let pair = windlass::sign::SigningKey::generate(&String::new().into()).unwrap();
    world.write("cosign.pub", &pair.public_pem);
    let text = std::fs::read_to_string(world.path("windlass.toml")).unwrap();
    let text = text.replacen(
        "name = \"dev\"",
        "name = \"dev\"\nverify = { key = \"cosign.pub\" }",
        1,
    );
    world.write("windlass.toml", &text);
    world.commit("verified");
    let output = world.build(&[]).await;
    assert_ne!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("signature"), "{}", said(&output));
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
        said(&output).contains("buildah failed with exit code 125: unknown instruction: BREAK"),
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
        said(&output).contains("cannot run linux/mips64le programs"),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("STEP 1/1"), "{}", said(&output));
}

impl World {
    /// Releases are built anew from here on.
    fn rebuilds(&self) {
        let text = std::fs::read_to_string(self.path("windlass.toml")).unwrap();
        let stage = format!(
            "\n[[environment]]\nname = \"stage\"\nfrom = \"dev\"\nimage = \"{}/stage/{{service}}\"\n",
            self.registry.host()
        );
        self.write(
            "windlass.toml",
            &format!("{text}{stage}\n[release]\nrebuild = true\n"),
        );
        self.commit("releases are built anew");
    }

    async fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.windlass(args).await;
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)))
    }
}

#[tokio::test]
async fn a_release_that_is_built_anew_stands_for_its_commit_on_the_board_and_in_promotions() {
    let world = World::new().await;
    world.rebuilds();
    let origin = world.git(&["rev-parse", "HEAD"]);
    assert_eq!(world.build(&[]).await.status.code(), Some(0));
    let of_develop = world.digest_of("latest").await;
    world.git(&[
        "checkout",
        "-q",
        "-b",
        &format!("release/v1.4.0-sha-{}", &origin[..7]),
    ]);
    let fix = world.commit("a fix of the release");
    let head = world.git(&["rev-parse", "HEAD"]);

    let built = world.build(&[]).await;
    assert_eq!(built.status.code(), Some(0), "{}", said(&built));
    let anew = world.digest_of(&format!("rebuilt-{fix}")).await.unwrap();
    assert_eq!(world.digest_of(&fix).await, None);
    assert_eq!(world.digest_of("latest").await, of_develop);
    assert_eq!(
        std::fs::read_to_string(world.path("deployed"))
            .unwrap()
            .lines()
            .count(),
        1
    );
    let labels = world.reader().image(&anew).await.unwrap().labels;
    assert_eq!(labels["dev.windlass.stands-for"], origin);
    assert_eq!(labels["org.opencontainers.image.version"], "1.4.0");

    world.git(&["checkout", "-q", "develop"]);
    let board = world.json(&["board", "--json"]).await;
    let image = &board["candidates"][0]["facts"]["image"]["value"];
    assert_eq!(image["digest"], anew.to_string(), "{image}");
    assert_eq!(image["rebuilt_from"], head, "{image}");
    assert_eq!(image["built_from"], serde_json::Value::Null, "{image}");
    let table = said(&world.windlass(&["board"]).await);
    assert!(table.contains("arch") && table.contains(" rebuilt"), "{table}");
    // Whether stage is halted is asked of the remote itself.
    let remote = world.path(".git/remote.git");
    world.git(&["remote", "set-url", "origin", remote.to_str().unwrap()]);
    let promoted = world
        .windlass(&["promote", &origin[..7], "--to", "stage", "--yes"])
        .await;
    assert_eq!(promoted.status.code(), Some(0), "{}", said(&promoted));
    assert!(
        said(&promoted).contains(&format!("rebuild of {}", &origin[..7])),
        "{}",
        said(&promoted)
    );
    let status = world.json(&["status", "--json"]).await;
    let deployed = &status["environments"][1]["deployed"]["value"];
    assert_eq!(deployed["digest"], anew.to_string());
    assert_eq!(deployed["release"], "v1.4.0");
    assert_eq!(deployed["rebuild_of"], origin[..7]);
}

#[tokio::test]
async fn a_job_without_a_branch_names_it_and_a_wrong_name_is_refused() {
    let world = World::new().await;
    world.rebuilds();
    let origin = world.git(&["rev-parse", "--short=7", "HEAD"]);
    let release = format!("release/v1.4.0-sha-{origin}");
    world.git(&["branch", &release]);
    let stray = "release/v1.5.0-sha-2b2e927";
    world.git(&["branch", stray]);
    world.git(&["checkout", "-q", "--detach"]);

    let refused = world.build(&["--branch", stray]).await;
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(
        said(&refused).contains("is named after 2b2e927"),
        "{}",
        said(&refused)
    );
    let built = world.build(&["--branch", &release]).await;
    assert_eq!(built.status.code(), Some(0), "{}", said(&built));
    assert!(world.digest_of(&format!("rebuilt-sha-{origin}")).await.is_some());
    assert_eq!(world.digest_of(&format!("sha-{origin}")).await, None);
    world.commit("one more");
    let behind = world.build(&["--branch", &release]).await;
    assert_eq!(behind.status.code(), Some(3), "{}", said(&behind));
    assert!(said(&behind).contains("is checked out"), "{}", said(&behind));
}
