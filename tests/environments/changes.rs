//! What `copy`, `registry rm` and `scan --attach` change of images in environments: they leave with the image by which run.

use serde_json::Value;

use super::admission::scanner;
use super::*;
use crate::call::{program, text};
use windlass::demo::faults::{Effect, Fault};
use windlass::domain::ChangeRecord;

/// A world with a scanner, and what is built there of develop.
struct Ground {
    world: World,
    engine: Arc<Engine>,
    digest: Digest,
}

impl Ground {
    async fn new() -> Self {
        let (world, _) = world().await;
        let trivy = scanner(&world, "2026-11-27T00:00:00Z");
        let section = format!("[scanner]\ntrivy = \"{}\"\n\n[[service]]", trivy.display());
        let engine = changed(&world, "[[service]]", &section);
        let digest = digest_of(&engine, "dev", "develop").await;
        Self {
            world,
            engine,
            digest,
        }
    }

    fn repository(&self, environment: &str) -> String {
        reader(&self.engine, environment).repository().to_string()
    }

    /// What a command says on its error output, which ends with `code`.
    async fn run(&self, command: &str, code: i32) -> String {
        let output = self.output(command).await;
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{command}: {told}");
        told
    }

    async fn output(&self, command: &str) -> std::process::Output {
        let folder = self.world.repository();
        let args: Vec<_> = command.split_whitespace().collect();
        let mut program = program(&folder, &folder.join("state"), &args);
        program.output().await.unwrap()
    }

    async fn changes(&self) -> Vec<ChangeRecord> {
        let service = payment(&self.engine);
        self.engine.changes(&service, &self.digest).await.unwrap()
    }

    /// The newest run, and who ran it, as `windlass runs` has them.
    async fn newest_run(&self) -> (String, String) {
        let listed: Value = serde_json::from_slice(&self.output("runs --json").await.stdout).unwrap();
        let text = |key: &str| listed["runs"][0][key].as_str().unwrap().to_owned();
        (text("run"), text("actor"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_an_environment_is_left_with_the_image_by_run_and_shown_with_it() {
    let ground = Ground::new().await;
    let dev = ground.repository("dev");
    let from = format!("{dev}@{}", ground.digest);
    let mut expected = Vec::new();
    for (operation, command, change) in [
        (
            "copy",
            format!("copy {from} {dev}:extra"),
            format!("copied from {from} as extra"),
        ),
        (
            "remove",
            format!("registry rm {dev}:extra --yes"),
            "deleted the tag extra".to_owned(),
        ),
        (
            "attachscan",
            "scan develop --attach".to_owned(),
            "attached 2 scan reports".to_owned(),
        ),
    ] {
        let output = ground.output(&command).await;
        assert!(!text(&output.stderr).contains("not recorded"), "{output:?}");
        let (run, by) = ground.newest_run().await;
        let changes = ground.changes().await;
        let record = changes.iter().find(|known| known.run.as_str() == run);
        let record = record.unwrap_or_else(|| panic!("{command}: {output:?}"));
        let found = (
            record.operation.as_str(),
            record.change.as_str(),
            record.environment.as_str(),
            record.by.as_str(),
        );
        assert_eq!(found, (operation, &*change, "dev", &*by));
        expected.push(record.words());
    }
    assert_eq!(ground.changes().await.len(), expected.len());
    let shown = text(&ground.output("show develop").await.stdout);
    for words in expected {
        assert!(shown.contains(&words), "{words} in {shown}");
    }
    let kinds = ground.output(&format!("registry referrers {from}")).await;
    assert!(text(&kinds.stdout).contains("application/vnd.windlass.change.v1+json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_in_an_environment_leaves_no_record() {
    let ground = Ground::new().await;
    let (dev, prod) = (ground.repository("dev"), ground.repository("prod"));
    let copies = format!("{}/copies/payment-svc", ground.world.shared_host());
    let from = format!("{dev}@{}", ground.digest);
    ground.run(&format!("copy {from} {dev}:extra --dry-run"), 0).await;
    ground.run(&format!("copy {from} {prod}:extra"), 3).await;
    ground.run(&format!("copy {dev}:missing {dev}:extra"), 7).await;
    ground.run(&format!("copy {from} {copies}:one"), 0).await;
    ground.run(&format!("registry rm {copies}:one --yes"), 0).await;
    let tag = ground
        .engine
        .tag_of(&ground.engine.resolve("develop").await.unwrap().sha)
        .unwrap();
    ground.run(&format!("copy {dev}:{tag} {dev}:{tag}"), 0).await;
    assert_eq!(ground.changes().await, []);
    let attached = ground
        .output(&format!("registry referrers {copies}@{}", ground.digest))
        .await;
    assert!(!text(&attached.stdout).contains("windlass.change"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_refuses_the_record_of_a_change_is_a_warning_and_in_the_journal() {
    const PUT_MANIFEST: &str = "/manifests/sha256";
    let ground = Ground::new().await;
    let (dev, shared) = (ground.repository("dev"), ground.world.shared());
    let copy = format!("copy --no-referrers {dev}@{} {dev}", ground.digest);
    shared.forget_requests();
    ground.run(&format!("{copy}:one"), 0).await;
    let requests = shared.requests();
    let puts = requests
        .iter()
        .filter(|request| request.method == "PUT" && request.path.contains(PUT_MANIFEST))
        .count();
    // The record comes last.
    let of_copy = u64::try_from(puts).unwrap() - 1;
    let why = format!(
        "by which run {} was changed in dev is not recorded with it: ",
        ground.digest.short()
    );
    for (command, before) in [
        (format!("{copy}:two"), of_copy),
        (format!("registry rm {dev}:two --yes"), 0),
    ] {
        let refused = Effect::Answer {
            status: 400,
            retry_after: None,
        };
        let record = Fault::new(refused).on_method("PUT").on_path(PUT_MANIFEST);
        shared.inject(record.after(before));
        let told = ground.run(&command, 0).await;
        assert!(told.contains(&format!("! {why}")), "{told}");
        let (run, _) = ground.newest_run().await;
        let journal = text(&ground.output(&format!("runs {run}")).await.stdout);
        assert!(journal.contains(&why), "{journal}");
    }
}
