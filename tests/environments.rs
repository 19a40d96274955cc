//! What happens to environments in the sample world: pins, rollbacks, older candidates, the hotfix path, and the reviews
//! that exceptions owe.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command as Program, Output};
use std::sync::Arc;

use serde_json::Value;
use windlass::demo::{World, WorldOptions};
use windlass::domain::{
    CommitSha, Confirmation, DeploymentTag, Digest, ExceptionKind, Exit, Operation, Plan, StepKind, Tag,
    Target, WriteAccess,
};
use windlass::engine::{Command, Engine, Event, Happening, Secrets, StepOutcome};
use windlass::registry::{Content, Descriptor, Reader, TagRule, Writer};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EXCEPTION: &str = "application/vnd.windlass.exception.v1+json";

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

async fn world() -> (World, Arc<Engine>) {
    let options = WorldOptions {
        folder: None,
        now: jiff::Timestamp::now(),
    };
    let world = World::open(options, access()).await.unwrap();
    let engine = world.engine().unwrap();
    (world, engine)
}

/// An engine on the same world, after `from` in its configuration has become `to`.
fn changed(world: &World, from: &str, to: &str) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
    world.engine().unwrap()
}

fn promote(candidate: &str, to: &str, reason: Option<&str>, hotfix: bool) -> Command {
    Command::Promote {
        service: "payment-svc".parse().unwrap(),
        candidate: candidate.to_owned(),
        to: to.parse().unwrap(),
        from: None,
        reason: reason.map(str::to_owned),
        hotfix,
    }
}

fn pin(environment: &str, reason: &str, until: Option<&str>) -> Command {
    Command::Pin {
        service: "payment-svc".parse().unwrap(),
        environment: environment.parse().unwrap(),
        reason: reason.to_owned(),
        until: until.map(str::to_owned),
    }
}

fn unpin(environment: &str) -> Command {
    Command::Unpin {
        service: "payment-svc".parse().unwrap(),
        environment: environment.parse().unwrap(),
        reason: "it is fixed".to_owned(),
    }
}

fn rollback(environment: &str, to: Option<&str>, accept_findings: bool) -> Command {
    Command::Rollback {
        service: "payment-svc".parse().unwrap(),
        environment: environment.parse().unwrap(),
        to: to.map(str::to_owned),
        reason: "payouts fail".to_owned(),
        until: None,
        accept_findings,
    }
}

async fn carry_out(engine: &Arc<Engine>, plan: Plan) -> (Exit, Vec<Event>) {
    let mut run = engine.start(plan, access(), Secrets::default()).unwrap();
    let mut events = Vec::new();
    while let Some(event) = run.events.recv().await {
        events.push(event);
    }
    (run.task.await.unwrap(), events)
}

async fn done(engine: &Arc<Engine>, command: &Command) -> Vec<Event> {
    let plan = engine.plan(command).await.unwrap();
    assert!(plan.allowed(), "{:#?}", plan.gates);
    let (exit, events) = carry_out(engine, plan).await;
    assert_eq!(exit, Exit::Done, "{:?}", events.last());
    events
}

/// The steps that had nothing to do.
fn idle(events: &[Event]) -> Vec<&'static str> {
    events
        .iter()
        .filter_map(|event| match &event.happening {
            Happening::StepEnded {
                step,
                outcome: StepOutcome::Nothing(_),
            } => Some(step.word()),
            _ => None,
        })
        .collect()
}

fn kinds(plan: &Plan) -> Vec<&'static str> {
    plan.steps.iter().map(|step| step.kind.word()).collect()
}

fn reason(plan: &Plan, gate: &str) -> (&'static str, String) {
    let gate = plan.gates.iter().find(|known| known.name == gate).unwrap();
    (gate.verdict.word(), gate.verdict.reason().to_owned())
}

fn writer(engine: &Engine, environment: &str) -> Writer {
    let environment = engine.environment(&environment.parse().unwrap()).unwrap();
    let repository = engine
        .repository_of(&"payment-svc".parse().unwrap(), environment)
        .unwrap();
    engine.registries().writer(&repository, access())
}

async fn running(engine: &Engine, environment: &str) -> Digest {
    let reader: &Reader = &writer(engine, environment);
    reader.running(false).await.unwrap().unwrap().digest
}

async fn digest_of(engine: &Engine, environment: &str, commit: &str) -> Digest {
    let commit = engine.resolve(commit).await.unwrap().sha;
    let tag = engine.tag_of(&commit).unwrap();
    let found = writer(engine, environment).resolve(&Target::Tag(tag)).await;
    found.unwrap().unwrap().digest
}

async fn held_at(engine: &Engine, environment: &str) -> Option<Digest> {
    let service = "payment-svc".parse().unwrap();
    let pin = engine.pin(&service, &environment.parse().unwrap()).await;
    pin.unwrap().map(|pin| pin.digest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_stops_promotions_until_it_is_lifted_and_the_very_digest_may_pass() {
    let (_world, engine) = world().await;
    let planned_before = engine
        .plan(&promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert!(planned_before.allowed());
    let command = pin("stage", "load test", Some("7d"));
    let first = engine.plan(&command).await.unwrap();
    assert_eq!(first.hash(), engine.plan(&command).await.unwrap().hash());
    assert_eq!(first.digest, Some(running(&engine, "stage").await));
    done(&engine, &command).await;
    assert_eq!(idle(&done(&engine, &command).await), ["pin"]);

    let refused = engine
        .plan(&promote("develop", "stage", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&refused, "pin");
    assert_eq!(verdict, "refused");
    for word in ["load test", "until", "windlass unpin stage", "@"] {
        assert!(why.contains(word), "{why}");
    }
    // A plan that was made before the pin is stopped at its run.
    let (exit, _) = carry_out(&engine, planned_before).await;
    assert_eq!(exit, Exit::Refused);
    let same = engine
        .plan(&promote("develop~3", "stage", None, false))
        .await
        .unwrap();
    assert_eq!(reason(&same, "pin").0, "allowed");

    let lifting = engine.plan(&unpin("stage")).await.unwrap();
    let Operation::Unpin { pin, .. } = &lifting.operation else {
        panic!("{:?}", lifting.operation)
    };
    assert_eq!(pin.reason.as_str(), "load test");
    let next = lifting.gates[0].notes.join("\n");
    let newest = engine.resolve("develop").await.unwrap().sha;
    assert!(
        next.contains(newest.short()) && next.contains("its gates allow it"),
        "{next}"
    );
    done(&engine, &unpin("stage")).await;
    assert_eq!(idle(&done(&engine, &unpin("stage")).await), ["pin"]);
    done(&engine, &promote("develop", "stage", None, false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_over_with_its_term_and_one_of_another_environment_is_nothing_here() {
    let (_world, engine) = world().await;
    done(&engine, &pin("stage", "a moment", Some("2s"))).await;
    let digest = running(&engine, "stage").await;
    // The digest goes on to prod with all that refers to it, the pin of stage among it.
    done(&engine, &promote("develop~3", "prod", None, false)).await;
    assert_eq!(running(&engine, "prod").await, digest);
    assert_eq!(held_at(&engine, "prod").await, None);
    while held_at(&engine, "stage").await.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    done(&engine, &promote("develop", "stage", None, false)).await;
    for (command, exit) in [
        (pin("dev", "builds go there", None), Exit::Usage),
        (pin("stage", " ", None), Exit::Usage),
        (pin("stage", "late", Some("2020-01-01")), Exit::Usage),
        (pin("stage", "when", Some("soon")), Exit::Usage),
        (unpin("prod"), Exit::NotFound),
    ] {
        let error = engine.plan(&command).await.unwrap_err();
        assert_eq!(error.exit(), exit, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_copies_nothing_deploys_pins_and_is_done_once() {
    let (world, engine) = world().await;
    let (bad, good) = (
        digest_of(&engine, "stage", "develop~3").await,
        digest_of(&engine, "stage", "develop~15").await,
    );
    let command = rollback("stage", None, false);
    let plan = engine.plan(&command).await.unwrap();
    assert_eq!(plan.digest.as_ref(), Some(&good));
    assert_eq!(kinds(&plan), ["gate", "verify", "deploy", "pin"]);
    assert_eq!(plan.operation.replaces(), Some(Some(&bad)));
    let events = done(&engine, &command).await;
    let moved = events
        .iter()
        .any(|event| matches!(event.happening, Happening::BlobStarted { .. }));
    assert!(!moved);
    assert_eq!(running(&engine, "stage").await, good);
    let deployed = std::fs::read_to_string(world.folder().join("deployed/stage")).unwrap();
    assert!(deployed.contains(good.hex()), "{deployed}");
    assert_eq!(held_at(&engine, "stage").await, Some(good.clone()));
    let refused = engine
        .plan(&promote("develop", "stage", None, false))
        .await
        .unwrap();
    let (verdict, why) = reason(&refused, "pin");
    assert!(verdict == "refused" && why.contains("payouts fail"), "{why}");

    // Given again, whether the digest is named or not, it is the same rollback and not one further back.
    for to in [None, Some("1"), Some("1.3.2")] {
        let events = done(&engine, &rollback("stage", to, false)).await;
        assert_eq!(idle(&events), ["deploy", "pin"], "{to:?}");
        assert_eq!(running(&engine, "stage").await, good);
    }
    // The next one, for another reason, does not go to what was rolled back from.
    let past = engine
        .past(&"payment-svc".parse().unwrap(), &"stage".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(past.earlier[0].digest, bad);
    assert!(past.earlier[0].rolled_back.is_some() && past.earlier[1].rolled_back.is_none());
    let Command::Rollback {
        service, environment, ..
    } = rollback("stage", None, false)
    else {
        panic!()
    };
    let further = Command::Rollback {
        service,
        environment,
        to: None,
        reason: "refunds fail as well".to_owned(),
        until: Some("2999-12-31".to_owned()),
        accept_findings: false,
    };
    let plan = engine.plan(&further).await.unwrap();
    assert_eq!(plan.digest, Some(digest_of(&engine, "stage", "develop~25").await));
    done(&engine, &unpin("stage")).await;
    done(&engine, &promote("develop", "stage", None, false)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_was_killed_before_it_could_pin_pins_when_it_is_given_again() {
    let (_world, engine) = world().await;
    let (bad, good) = (
        digest_of(&engine, "stage", "develop~3").await,
        digest_of(&engine, "stage", "develop~15").await,
    );
    // What is left behind by a run that ends between the deployment and the pin.
    let stage = writer(&engine, "stage");
    let mark: Tag = DeploymentTag::at(jiff::Timestamp::now()).tag().unwrap();
    stage.tag(&good, &mark, TagRule::Immutable).await.unwrap();
    assert_eq!(held_at(&engine, "stage").await, None);
    let plan = engine.plan(&rollback("stage", None, false)).await.unwrap();
    let Operation::Rollback { from, .. } = &plan.operation else {
        panic!("{:?}", plan.operation)
    };
    assert_eq!((plan.digest.as_ref(), from.as_ref()), (Some(&good), Some(&bad)));
    let events = done(&engine, &rollback("stage", None, false)).await;
    assert_eq!(idle(&events), ["deploy"]);
    assert_eq!(held_at(&engine, "stage").await, Some(good));
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_rollback_is_broken_off_the_same_command_completes_it() {
    for step in [StepKind::Deploy, StepKind::Pin] {
        let (_world, engine) = world().await;
        let good = digest_of(&engine, "stage", "develop~15").await;
        let plan = engine.plan(&rollback("stage", None, false)).await.unwrap();
        let mut run = engine.start(plan, access(), Secrets::default()).unwrap();
        while let Some(event) = run.events.recv().await {
            if event.happening == (Happening::StepStarted { step }) {
                run.cancel.cancel();
            }
        }
        let _ = run.task.await.unwrap();
        done(&engine, &rollback("stage", None, false)).await;
        assert_eq!(running(&engine, "stage").await, good, "{step}");
        assert_eq!(held_at(&engine, "stage").await, Some(good), "{step}");
    }
}

/// Deletes a blob as an over-eager clean-up does: past the registry's own bookkeeping of what needs it.
fn lose_blob(host: &str, path: &str, blob: &Digest) {
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let request =
        format!("DELETE /v2/{path}/blobs/{blob} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

async fn first_image(reader: &Reader, index: &Digest) -> Digest {
    let manifest = reader.manifest(&Target::Digest(index.clone())).await.unwrap();
    manifest.children()[0].digest.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_or_not_signed_any_more_is_not_ready_and_refused() {
    let (world, engine) = world().await;
    let prod = writer(&engine, "prod");
    let (whole, torn, unsigned) = (
        digest_of(&engine, "prod", "develop~15").await,
        digest_of(&engine, "prod", "develop~25").await,
        digest_of(&engine, "prod", "develop~36").await,
    );
    assert_eq!(running(&engine, "prod").await, whole);
    let image = first_image(&prod, &torn).await;
    let manifest = prod.manifest(&Target::Digest(image)).await.unwrap();
    let Content::Image { layers, .. } = manifest.content() else {
        panic!("an image")
    };
    let blob = &layers.last().unwrap().digest;
    lose_blob(&world.production_host(), prod.repository().path(), blob);
    for bundle in prod.referrers(&unsigned, None).await.unwrap() {
        let kind = bundle.artifact_type.as_deref();
        if kind == Some("application/vnd.dev.sigstore.bundle.v0.3+json") {
            prod.delete_manifest(&bundle.digest).await.unwrap();
        }
    }

    let past = engine
        .past(&"payment-svc".parse().unwrap(), &"prod".parse().unwrap())
        .await
        .unwrap();
    let digests: Vec<_> = past
        .earlier
        .iter()
        .map(|one| (&one.digest, one.is_ready()))
        .collect();
    assert_eq!(digests, [(&torn, false), (&unsigned, false)]);
    let versions: Vec<_> = past.earlier.iter().map(|one| one.version.as_deref()).collect();
    assert_eq!(versions, [Some("1.3.1"), Some("1.3.0")]);

    let plan = engine.plan(&rollback("prod", Some("1.3.1"), true)).await.unwrap();
    let (verdict, why) = reason(&plan, "complete");
    assert!(verdict == "refused" && why.contains(&blob.short()), "{why}");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    let plan = engine
        .plan(&rollback("prod", Some(&unsigned.to_string()), true))
        .await
        .unwrap();
    assert_eq!(reason(&plan, "signature").0, "refused");
    assert_eq!(reason(&plan, "complete").0, "allowed");
    assert!(matches!(plan.confirmation, Confirmation::Typed(_)));
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    assert_eq!(running(&engine, "prod").await, whole);

    let never = digest_of(&engine, "dev", "develop").await.to_string();
    for to in [never.as_str(), "9", "0", "9.9.9"] {
        let error = engine.plan(&rollback("prod", Some(to), false)).await.unwrap_err();
        assert_eq!(error.exit(), Exit::NotFound, "{to}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_on_in_spite_of_findings_and_owes_a_review() {
    let (world, _) = world().await;
    // The newest reports are nine hours old.
    let engine = changed(&world, "max_age = \"24h\"", "max_age = \"1h\"");
    let (service, stage) = ("payment-svc".parse().unwrap(), "stage".parse().unwrap());
    let plan = engine.plan(&rollback("stage", None, false)).await.unwrap();
    assert_eq!(reason(&plan, "scan").0, "unknown", "too old to tell");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    assert!(engine.owed_reviews(&service, &stage).await.unwrap().is_empty());

    let command = rollback("stage", None, true);
    let plan = engine.plan(&command).await.unwrap();
    let (verdict, why) = reason(&plan, "scan");
    assert!(
        verdict == "allowed" && why.contains("payouts fail") && why.contains("was unknown"),
        "{why}"
    );
    done(&engine, &command).await;
    let good = running(&engine, "stage").await;
    let owed = engine.owed_reviews(&service, &stage).await.unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!((owed[0].kind, &owed[0].digest), (ExceptionKind::Findings, &good));
    assert!(
        owed[0].skipped[0].as_str().starts_with("scan unknown"),
        "{:?}",
        owed[0]
    );
    // The same again owes nothing more.
    assert_eq!(idle(&done(&engine, &command).await), ["attach", "deploy", "pin"]);
    assert_eq!(engine.owed_reviews(&service, &stage).await.unwrap().len(), 1);

    let review = |of: &str| Command::Review {
        service: service.clone(),
        of: of.to_owned(),
        note: "scanned it again".to_owned(),
    };
    done(&engine, &review(&good.to_string())).await;
    assert!(engine.owed_reviews(&service, &stage).await.unwrap().is_empty());
    let error = engine.plan(&review("stage")).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound, "{error}");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Program::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "Ana Ruiz")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "ana@example.com")))
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {err}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A commit on top of `parent`, which `branch` is then at; nothing is checked out.
fn commit_on(world: &World, branch: &str, parent: &str, message: &str) -> CommitSha {
    let folder = world.repository();
    let tree = format!("{parent}^{{tree}}");
    let sha = git(&folder, &["commit-tree", &tree, "-p", parent, "-m", message]);
    git(&folder, &["update-ref", &format!("refs/heads/{branch}"), &sha]);
    sha.parse().unwrap()
}

/// An image in dev that says it was built from `commit`, with the tag of that commit; nobody has scanned it.
async fn build(engine: &Engine, commit: &CommitSha) -> Digest {
    let dev = writer(engine, "dev");
    let newest = digest_of(engine, "dev", "develop").await;
    let model = first_image(&dev, &newest).await;
    let model = dev.manifest(&Target::Digest(model)).await.unwrap();
    let mut manifest: Value = serde_json::from_slice(model.bytes()).unwrap();
    let config: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    let config = dev.blob(&config, 1_000_000).await.unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    config["config"]["Labels"]["org.opencontainers.image.revision"] = commit.as_str().into();
    let config = dev.put_blob(config.to_string().into()).await.unwrap();
    manifest["config"]["digest"] = config.digest.to_string().into();
    manifest["config"]["size"] = config.size.into();
    let bytes = bytes::Bytes::from(manifest.to_string());
    let image = Descriptor::new(MANIFEST, Digest::of(&bytes), bytes.len() as u64);
    let target = Target::Digest(image.digest.clone());
    dev.put_manifest(&target, MANIFEST, bytes).await.unwrap();
    let tag = engine.tag_of(commit).unwrap();
    dev.tag(&image.digest, &tag, TagRule::Immutable).await.unwrap();
    image.digest
}

#[tokio::test(flavor = "multi_thread")]
async fn promoting_an_older_candidate_than_the_head_of_its_release_asks_why() {
    let (world, engine) = world().await;
    let cut = engine.resolve("develop~3").await.unwrap().sha;
    let branch = format!("release/v1.4.0-sha-{}", cut.short());
    let older = |why: Option<&str>| promote("develop~3", "prod", why, false);
    let plan = engine.plan(&older(None)).await.unwrap();
    let (verdict, why) = reason(&plan, "release");
    assert!(verdict == "allowed" && why.contains("is the head of"), "{why}");

    let fix = commit_on(&world, &branch, cut.as_str(), "fix: payouts on Sundays");
    // Until the fix has an image there is nothing to promote instead.
    let plan = engine.plan(&older(None)).await.unwrap();
    assert_eq!(reason(&plan, "release").0, "allowed");
    build(&engine, &fix).await;
    let plan = engine.plan(&older(None)).await.unwrap();
    let (verdict, why) = reason(&plan, "release");
    assert_eq!(verdict, "refused");
    for word in [branch.as_str(), fix.short(), "--reason"] {
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(carry_out(&engine, plan.clone()).await.0, Exit::Refused);
    let other = engine
        .plan(&promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert!(other.gates.iter().all(|gate| gate.name != "release"));

    let command = older(Some("the fix waits for the acquirer"));
    let reasoned = engine.plan(&command).await.unwrap();
    assert_ne!(reasoned.hash(), plan.hash());
    assert!(kinds(&reasoned).contains(&"attach"));
    done(&engine, &command).await;
    let again = done(&engine, &command).await;
    assert!(idle(&again).contains(&"attach"), "{:?}", idle(&again));
    let digest = running(&engine, "prod").await;
    let kept = writer(&engine, "prod")
        .referrers(&digest, Some(EXCEPTION))
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    let (service, prod) = ("payment-svc".parse().unwrap(), "prod".parse().unwrap());
    assert!(engine.owed_reviews(&service, &prod).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotfix_takes_its_short_path_recorded_and_owes_a_review() {
    let (world, plain) = world().await;
    let runs = plain.resolve("develop~15").await.unwrap().sha;
    let fix = commit_on(&world, "hotfix/v1.3.3", runs.as_str(), "fix: payouts fail");
    let digest = build(&plain, &fix).await;
    let command = promote(fix.as_str(), "prod", Some("payouts fail"), true);
    let error = plain.plan(&command).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{error}");

    let way = "protected = true\nhotfix = { from = \"dev\", skip = [\"soak\", \"scan\"] }";
    let engine = changed(&world, "protected = true", way);
    let error = engine
        .plan(&promote(fix.as_str(), "prod", None, true))
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{error}");
    // Only what was made on a hotfix branch goes this way, and without --hotfix nothing does.
    let plan = engine
        .plan(&promote("develop", "prod", Some("now"), true))
        .await
        .unwrap();
    assert_eq!(reason(&plan, "hotfix").0, "refused");
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
    let error = engine
        .plan(&promote(fix.as_str(), "prod", Some("now"), false))
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound, "{error}");

    let plan = engine.plan(&command).await.unwrap();
    let (verdict, why) = reason(&plan, "scan");
    assert_eq!(verdict, "allowed");
    assert!(
        why.starts_with("skipped by the hotfix path (payouts fail): was "),
        "{why}"
    );
    assert_eq!(
        reason(&plan, "hotfix").1,
        format!("{} was made on hotfix/v1.3.3", fix.short())
    );
    done(&engine, &command).await;
    assert_eq!(running(&engine, "prod").await, digest);
    let (service, prod) = ("payment-svc".parse().unwrap(), "prod".parse().unwrap());
    let owed = engine.owed_reviews(&service, &prod).await.unwrap();
    assert_eq!(owed.len(), 1);
    assert_eq!(owed[0].passed_over, ["stage".parse().unwrap()]);
    assert!(
        owed[0]
            .skipped
            .iter()
            .any(|gate| gate.as_str().starts_with("scan "))
    );
    let review = Command::Review {
        service: service.clone(),
        of: "prod".to_owned(),
        note: "read it with Omar".to_owned(),
    };
    done(&engine, &review).await;
    assert!(engine.owed_reviews(&service, &prod).await.unwrap().is_empty());

    // Merged back by a merge, it is a hotfix still; a gate that is not named is not skipped.
    let develop = engine.resolve("develop").await.unwrap().sha;
    let folder = world.repository();
    let tree = format!("{develop}^{{tree}}");
    let parents = ["-p", develop.as_str(), "-p", fix.as_str()];
    let merge = git(
        &folder,
        &[&["commit-tree", &tree][..], &parents, &["-m", "merge back"]].concat(),
    );
    git(&folder, &["update-ref", "refs/heads/develop", &merge]);
    let engine = changed(&world, ", \"scan\"]", "]");
    let plan = engine.plan(&command).await.unwrap();
    assert_eq!(reason(&plan, "hotfix").0, "allowed");
    assert_ne!(reason(&plan, "scan").0, "allowed");
}

fn windlass(folder: &Path, args: &[&str]) -> Output {
    Program::new(env!("CARGO_BIN_EXE_windlass"))
        .args(args)
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env_remove("COSIGN_PASSWORD")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_confirms_what_touches_prod_by_hash_and_lists_pins_and_the_past() {
    let (world, _engine) = world().await;
    let folder = world.repository();
    let run = move |args: Vec<String>| {
        let folder = folder.clone();
        let running = tokio::task::spawn_blocking(move || {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            windlass(&folder, &args)
        });
        async move { running.await.unwrap() }
    };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let listed = run(words("rollback prod --list --json")).await;
    let document: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (
            &document["version"],
            document["earlier"].as_array().unwrap().len()
        ),
        (&1.into(), 2)
    );
    assert_eq!(document["earlier"][0]["ready"], true);
    let plain = run(words("rollback prod --list")).await;
    let out = text(&plain.stdout);
    assert!(out.contains("v1.3.1") && out.contains("✓ ready"), "{out}");

    let yes = run(words("rollback prod --reason broken --yes")).await;
    assert_eq!(yes.status.code(), Some(2), "{}", text(&yes.stderr));
    let dry = run(words("rollback prod --reason broken --dry-run --json")).await;
    let plan: Value = serde_json::from_slice(&dry.stdout).unwrap();
    let hash = plan["hash"].as_str().unwrap();
    let done = run(words(&format!(
        "rollback prod --reason broken --plan {hash} --json"
    )))
    .await;
    assert_eq!(
        done.status.code(),
        Some(0),
        "{}{}",
        text(&done.stdout),
        text(&done.stderr)
    );
    let pins = run(words("pins --json")).await;
    let pins: Value = serde_json::from_slice(&pins.stdout).unwrap();
    assert_eq!(pins["pins"][0]["pin"], Value::Null);
    assert_eq!(
        (&pins["pins"][1]["environment"], &pins["pins"][1]["pin"]["reason"]),
        (&"prod".into(), &"broken".into())
    );
    let refused = run(words("promote develop~3 --to prod --dry-run")).await;
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stdout));
    let pinned = run(words("pins")).await;
    assert!(
        text(&pinned.stdout).contains("broken"),
        "{}",
        text(&pinned.stdout)
    );
    let unpin = run(words("unpin prod --reason fixed --yes")).await;
    assert_eq!(unpin.status.code(), Some(2), "{}", text(&unpin.stderr));
    let no_reason = run(words("rollback stage")).await;
    assert_eq!(no_reason.status.code(), Some(2));
}
