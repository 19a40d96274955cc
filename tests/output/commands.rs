//! Every command that has `--json`, called as people and scripts call it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use windlass::demo::World;
use windlass::domain::{Approval, AttemptRecord, LockNote, LockSubject, Target};
use windlass::sign::attestations;

use crate::call::program;
use crate::sample::{access, world_at};
use crate::schemas::Checked;
use crate::workshop;

/// The sample world and what its commands print.
struct Sample<'a> {
    world: World,
    checked: &'a mut Checked,
}

impl Sample<'_> {
    /// Runs `command`, in which no word has a space, with `--json`; the documents that it prints.
    async fn printed(&mut self, schema: &'static str, command: &str) -> Vec<Value> {
        let folder = self.world.repository();
        let args: Vec<_> = command.split_whitespace().chain(["--json"]).collect();
        let mut program = program(&folder, &folder.join("state"), &args);
        let output = program.output().await.unwrap();
        self.checked.printed(schema, &args, &output)
    }

    async fn document(&mut self, schema: &'static str, command: &str) -> Value {
        self.printed(schema, command).await.remove(0)
    }

    /// The image that is deployed to an environment, by digest.
    async fn deployed(&mut self, environment: &str) -> String {
        let status = self.document("status", "status").await;
        let environments = status["environments"].as_array().unwrap();
        let there = environments
            .iter()
            .find(|there| there["environment"] == environment);
        let digest = there.unwrap()["deployed"]["value"]["digest"].as_str().unwrap();
        format!("{}@{digest}", self.repository(environment))
    }

    fn repository(&self, environment: &str) -> String {
        let engine = self.world.engine().unwrap();
        let environment = engine.environment(&environment.parse().unwrap()).unwrap();
        let service = engine.service(&"payment-svc".parse().unwrap()).unwrap();
        let repository = service.environment(environment).repository();
        repository.unwrap().to_string()
    }

    /// What is looked at before anything has changed.
    async fn look(&mut self) {
        self.document("doctor", "doctor").await;
        self.document("trust", "trust --dry-run").await;
        let fleet = self.world.folder().join("fleet.toml");
        std::fs::write(
            &fleet,
            "[[project]]\npath = \"payment-svc\"\n\n[[project]]\npath = \"missing\"\n",
        )
        .unwrap();
        self.document("fleet", &format!("fleet --fleet {}", fleet.display()))
            .await;
        self.document("board", "board --limit 6").await;
        for candidate in ["develop", "develop~2", "develop~15"] {
            self.document("show", &format!("show {candidate}")).await;
        }
        self.document("diff", "diff prod develop").await;
        self.document("diff", "diff develop develop~1").await;
        self.document("rollback-list", "rollback prod --list").await;
        self.document("releases", "releases --all").await;
        self.watch().await;
        let image = self.deployed("prod").await;
        self.document("verify", &format!("verify {image}")).await;
        self.document("scan", "scan --env prod --attached").await;
        self.document("scan", &format!("scan {image} --attached")).await;
    }

    /// What runs, of an environment whose platform gives no answer.
    async fn watch(&mut self) {
        let path = self.world.repository().join("windlass.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let observed = text.replace(
            "program = \"/bin/sh\"",
            "program = \"/bin/sh\", running = [\"false\"]",
        );
        std::fs::write(&path, observed).unwrap();
        self.document("watch", "watch --once").await;
        let status = self.document("status", "status --check").await;
        assert_eq!(status["environments"][2]["running"]["state"], "failed");
        std::fs::write(&path, text).unwrap();
    }

    async fn registries(&mut self) {
        let (host, dev) = (self.world.shared_host(), self.repository("dev"));
        let image = self.deployed("stage").await;
        self.document("registry-ls", &format!("registry ls {host}")).await;
        self.document("registry-tags", &format!("registry tags {dev}"))
            .await;
        self.document("registry-tags", &format!("registry tags {dev} --digests"))
            .await;
        self.document("registry-referrers", &format!("registry referrers {image}"))
            .await;
        let copy = format!("copy {image} {host}/copies/app:v1");
        self.document("copy", &format!("{copy} --dry-run")).await;
        self.document("copy", &copy).await;
    }

    async fn releases(&mut self) {
        self.document("plan", "cut develop --dry-run").await;
        self.printed("event", "cut develop --yes").await;
        let releases = self.document("releases", "releases").await;
        let branch = releases["releases"][0]["branch"].as_str().unwrap().to_owned();
        self.document("plan", &format!("finish {branch} --dry-run")).await;
        self.document("plan", "hotfix prod --dry-run").await;
    }

    /// What would go from dev, and what it is like when it goes.
    async fn garbage(&mut self) {
        let path = self.world.repository().join("windlass.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let retain = "name = \"dev\"\nretain = { builds = 3 }\n";
        std::fs::write(&path, text.replace("name = \"dev\"\n", retain)).unwrap();
        let found = self.document("gc", "gc --dry-run").await;
        let images = found["plans"][0]["plan"]["operation"]["images"].as_array();
        assert!(
            images.unwrap().len() > 10,
            "{}",
            found["plans"][0]["plan"]["gates"]
        );
        self.printed("event", "gc --env dev --yes").await;
        std::fs::write(&path, text).unwrap();
    }

    async fn environments(&mut self) {
        self.document("plan", "promote develop --to stage --dry-run")
            .await;
        self.printed("event", "promote develop --to stage --yes").await;
        self.records().await;
        let image = self.deployed("prod").await;
        self.document("plan", &format!("sign {image} --dry-run")).await;
        self.document("plan", "pin stage --reason load --until 7d --dry-run")
            .await;
        self.printed("event", "pin stage --reason load --until 7d --yes")
            .await;
        self.document("pins", "pins").await;
        self.document("plan", "promote develop~15 --to stage --dry-run")
            .await;
        self.document("plan", "unpin stage --reason over --dry-run").await;
        self.printed("event", "unpin stage --reason over --yes").await;
        // The reports are older than this, so that an emergency needs an exception.
        let file = self.world.repository().join("windlass.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("max_age = \"24h\"", "max_age = \"1h\"")).unwrap();
        self.document("plan", "rollback stage --reason broken --dry-run")
            .await;
        self.printed("event", "rollback stage --reason broken --accept-findings --yes")
            .await;
        self.document("plan", "review stage --note fine --dry-run").await;
        let runs = self.document("runs", "runs").await;
        for run in runs["runs"].as_array().unwrap() {
            let run = run["run"].as_str().unwrap();
            self.printed("event", &format!("runs {run}")).await;
        }
    }

    /// The record that a promotion leaves.
    async fn records(&mut self) {
        let plan = self.document("plan", "promote develop --to prod --dry-run").await;
        let hash = plan["hash"].as_str().unwrap().to_owned();
        self.printed("event", &format!("promote develop --to prod --plan {hash}"))
            .await;
        let image = self.deployed("prod").await;
        self.document("verify", &format!("verify --chain {image}")).await;
        self.document("history", "history --env prod").await;
        self.document("audit", "audit verify").await;
        self.document("history", "history --env prod --at 2099-01-01T00:00Z")
            .await;
        let engine = self.world.engine().unwrap();
        let service = engine.service(&"payment-svc".parse().unwrap()).unwrap();
        let (_, digest) = image.split_once('@').unwrap();
        let prod = "prod".parse().unwrap();
        let chain = engine
            .chain(&service, &digest.parse().unwrap(), &prod)
            .await
            .unwrap();
        let record = serde_json::to_value(&chain.links[0].record).unwrap();
        self.checked
            .document("promotion-record", &record, "the record of a promotion");
    }

    async fn locks(&mut self) {
        let subject = LockSubject::Environment("payment-svc".parse().unwrap(), "stage".parse().unwrap());
        let now = Timestamp::now();
        let hour = SignedDuration::from_hours(1);
        let note = LockNote::new("omar", "elsewhere", "1f9a2b3c", "promote to stage", now, hour);
        {
            let engine = self.world.engine().unwrap();
            let repository = engine.repository().unwrap();
            let object = repository.write_lock(&subject, &note, access()).unwrap();
            let remote = repository.remote("origin").unwrap();
            remote.take_lock(&subject, &object, None, access()).await.unwrap();
        }
        self.document("locks", "locks").await;
        self.document("plan", "unlock stage --reason lost --dry-run")
            .await;
    }

    async fn approvals(&mut self) {
        let keys = self.world.folder().join("keys");
        std::fs::copy(keys.join("cosign.pub"), self.world.repository().join("ana.pub")).unwrap();
        let file = self.world.repository().join("windlass.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let gate =
            "protected = true\ngate.approvals = { trusted = [{ name = \"Ana Ruiz\", key = \"ana.pub\" }] }\n";
        let approve = format!(
            "\n[approve]\nkey = \"{0}/cosign.key\"\npassword_file = \"{0}/password\"\n",
            keys.display()
        );
        std::fs::write(&file, text.replace("protected = true\n", gate) + &approve).unwrap();
        self.document("approvals", "approvals develop~3 --to prod").await;
        // Refused, and so recorded with the image.
        self.printed("event", "promote develop~3 --to prod --yes").await;
        let approve = "approve develop~3 --to prod --reason tested --expires 24h";
        self.document("plan", &format!("{approve} --dry-run")).await;
        self.printed("event", &format!("{approve} --yes")).await;
        let status = self.document("approvals", "approvals develop~3 --to prod").await;
        assert_eq!(status["approvals"][0]["by"], "Ana Ruiz");
        self.attested("approval", Approval::TYPE).await;
        self.attested("attempt", AttemptRecord::TYPE).await;
        self.document("plan", "promote develop~3 --to prod --dry-run")
            .await;
        std::fs::write(&file, text).unwrap();
    }

    /// What of a kind is attached to the candidate that is deployed to stage.
    async fn attested(&mut self, schema: &'static str, predicate_type: &str) {
        let engine = self.world.engine().unwrap();
        let repository = self.repository("stage").parse().unwrap();
        let reader = engine.registries().reader(&repository);
        let candidate = engine.resolve("develop~3").await.unwrap().sha;
        let tag = Target::Tag(engine.tag_of(&candidate).unwrap());
        let digest = reader.resolve(&tag).await.unwrap().unwrap().digest;
        let found = attestations(&reader, &digest, predicate_type, None)
            .await
            .unwrap();
        let predicate = serde_json::from_str(found[0].predicate.get()).unwrap();
        self.checked.document(schema, &predicate, predicate_type);
    }

    async fn halts(&mut self) {
        self.document("halts", "halts").await;
        self.document("plan", "halt prod --reason INC-42 --dry-run").await;
        self.printed("event", "halt prod --reason INC-42 --yes").await;
        self.document("halts", "halts").await;
        self.document("plan", "resume prod --reason fixed --dry-run")
            .await;
        self.document("preflight", "preflight develop~3 --to prod").await;
    }
}

/// All that reads and writes releases and environments.
pub async fn in_the_sample_world(checked: &mut Checked) {
    let world = world_at(Timestamp::now()).await;
    let mut sample = Sample { world, checked };
    sample.look().await;
    sample.registries().await;
    sample.environments().await;
    sample.releases().await;
    sample.locks().await;
    sample.approvals().await;
    sample.halts().await;
    sample.garbage().await;
}

/// What builds: in a repository whose programs only say that they build, scan and test.
pub async fn in_a_workshop(checked: &mut Checked) {
    let world = workshop::World::new().await;
    let mut printed = async |schema, args: &[&str]| {
        let output = world.windlass(args).await;
        checked.printed(schema, args, &output)
    };
    printed("check", &["check", "--json"]).await;
    printed("plan", &["build", "--dry-run", "--json"]).await;
    printed("event", &["build", "--yes", "--json"]).await;
    world.write("Dockerfile", "# finding\nFROM scratch\nADD app /app\n");
    world.write("fails", "");
    printed("check", &["check", "--json", "--skip", "sbom"]).await;
    let report = std::fs::read(world.path("artifacts/check.json")).unwrap();
    let report = serde_json::from_slice(&report).unwrap();
    checked.document("check-report", &report, "check.json");
}
