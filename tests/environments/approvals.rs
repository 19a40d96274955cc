//! Approvals: who has to sign before something is promoted, what they sign, and what of it counts.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Value, json};
use windlass::demo::faults::{Effect, Fault};
use windlass::domain::{Approval, Clean, ExceptionKind, PromotionRecord, SignatureForms};
use windlass::engine::{ApproveRequest, Secrets};
use windlass::registry::{Content, Descriptor, Evidence};
use windlass::scan::{ReportContext, attach_report};
use windlass::sign::{BUNDLE, NewStatement, Signer, SigningKey, attest};

use super::*;
use crate::call::{program, text};
use crate::plan::planned;

const PASSWORD: &str = "correct horse";

/// A world in which two of three people have to approve what goes to production.
struct Approved {
    world: World,
    engine: Arc<Engine>,
}

impl Approved {
    /// With `more` in the rule.
    async fn with(more: &str) -> Self {
        let (world, _) = world().await;
        let folder = world.repository().join("approvers");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["ana", "bo", "lia", "eve"] {
            let pair = SigningKey::generate(&SecretString::from(PASSWORD)).unwrap();
            std::fs::write(folder.join(format!("{name}.key")), pair.private_pem).unwrap();
            std::fs::write(folder.join(format!("{name}.pub")), pair.public_pem).unwrap();
        }
        let trusted = |name: &str, more: &str| {
            format!(
                "{{ name = \"{name}\", key = \"approvers/{name}.pub\", emails = [\"{name}@example.com\"], users = [\"{name}\"]{more} }}"
            )
        };
        let gate = format!(
            "protected = true\ngate.approvals = {{ required = 2, {more}trusted = [{}, {}, {}] }}\n",
            trusted("ana", ""),
            trusted("bo", ", roles = [\"qa\"]"),
            trusted("lia", ""),
        );
        let engine = changed(&world, "protected = true\n", &gate);
        Self { world, engine }
    }

    fn request(&self, name: &str) -> ApproveRequest {
        ApproveRequest {
            candidate: "develop~3".to_owned(),
            to: "prod".parse().unwrap(),
            from: None,
            role: None,
            reason: Some("tested on stage".to_owned()),
            expires: None,
            key: Some(self.key(name)),
        }
    }

    fn key(&self, name: &str) -> std::path::PathBuf {
        self.world.repository().join(format!("approvers/{name}.key"))
    }

    fn signing_key(&self, name: &str) -> SigningKey {
        SigningKey::load(&self.key(name), &SecretString::from(PASSWORD)).unwrap()
    }

    /// Plans and signs; how it ended and what the end says.
    async fn sign(&self, request: ApproveRequest) -> (Exit, String, Vec<Event>) {
        let plan = planned(&self.engine, &request.into()).await.unwrap();
        let secrets = Secrets {
            signing_password: Some(PASSWORD.into()),
        };
        let run = self.engine.start(plan, access(), secrets).unwrap();
        let (exit, events) = end(run).await;
        let said = run::last(&events).1;
        (exit, said, events)
    }

    async fn approve(&self, name: &str) {
        let (exit, said, _) = self.sign(self.request(name)).await;
        assert_eq!(exit, Exit::Done, "{said}");
    }

    async fn gate(&self) -> (&'static str, String) {
        let plan = planned(&self.engine, &promote("develop~3", "prod", None, false)).await;
        reason(&plan.unwrap(), "approvals")
    }

    /// An approval of the promotion as it is now, made from the outside.
    async fn statement(&self) -> Approval {
        let (service, prod) = (payment(&self.engine), "prod".parse().unwrap());
        let status = self
            .engine
            .approvals(&service, "develop~3", &prod, None)
            .await
            .unwrap();
        let by = Clean::line("x@desk");
        Approval::new(status.subject, (None, None), by, Timestamp::now(), None)
    }

    async fn image(&self) -> Descriptor {
        let digest = digest_of(&self.engine, "stage", "develop~3").await;
        let found = writer(&self.engine, "stage")
            .resolve(&Target::Digest(digest))
            .await;
        found.unwrap().unwrap()
    }

    /// Attaches what `predicate_type` says of an image in stage, signed by somebody.
    async fn attach(&self, name: &str, image: &Descriptor, predicate_type: &str, predicate: &Value) {
        let new = NewStatement::new(predicate_type, predicate);
        let key = self.signing_key(name).into();
        attest(
            &writer(&self.engine, "stage"),
            image,
            new,
            &key,
            SignatureForms::Bundle,
        )
        .await
        .unwrap();
    }

    /// Attaches a statement whose text is chosen whole.
    async fn attach_statement(&self, name: &str, statement: &str) {
        use base64::Engine as _;
        let message = format!(
            "DSSEv1 28 application/vnd.in-toto+json {} {statement}",
            statement.len()
        );
        let bundle = json!({
            "mediaType": BUNDLE,
            "verificationMaterial": { "publicKey": { "hint": "x" } },
            "dsseEnvelope": {
                "payload": base64::engine::general_purpose::STANDARD.encode(statement),
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{ "sig": self.signing_key(name).sign_text(&message).unwrap() }],
            },
        });
        self.attach_bundle(bundle.to_string().into_bytes()).await;
    }

    async fn attach_bundle(&self, bundle: Vec<u8>) {
        let annotations = [("dev.sigstore.bundle.predicateType", Approval::TYPE)];
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let layers = vec![(BUNDLE.to_owned(), bundle.into())];
        let evidence = Evidence::new(BUNDLE, layers, BTreeMap::from(annotations));
        let writer = writer(&self.engine, "stage");
        writer
            .attach_evidence(&self.image().await, evidence)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_approve_and_what_they_signed_goes_along_to_production() {
    let world = Approved::with("").await;
    assert_eq!(
        world.gate().await,
        (
            "refused",
            "0 of 2 approvals; may approve: ana, bo, lia".to_owned()
        )
    );
    world.approve("ana").await;
    assert_eq!(
        world.gate().await,
        (
            "refused",
            "1 of 2 approvals (ana); may approve: bo, lia".to_owned()
        )
    );
    let command = promote("develop~3", "prod", None, false);
    let plan = planned(&world.engine, &command).await.unwrap();
    assert_eq!(carry_out(&world.engine, plan).await.0, Exit::Refused);
    // Once more by the same key adds nothing.
    let (exit, _, events) = world.sign(world.request("ana")).await;
    assert_eq!((exit, idle(&events)), (Exit::Done, vec!["attach"]));

    world.approve("bo").await;
    assert_eq!(
        world.gate().await,
        ("allowed", "approved by ana, bo (2 required)".to_owned())
    );
    let (service, prod) = (payment(&world.engine), "prod".parse().unwrap());
    let seen = world.engine.preview(&service, "develop~3", &prod).await.unwrap();
    assert!(
        seen.iter()
            .any(|gate| gate.kind.name() == "approvals" && gate.verdict.allows())
    );
    assert_eq!(
        deployed(&world.engine, "prod").await,
        digest_of(&world.engine, "prod", "develop~15").await
    );
    done(&world.engine, &command).await;

    // The record names both, and both statements are in production.
    let image = world.image().await;
    let chain = world.engine.chain(&service, &image.digest, &prod).await.unwrap();
    let record = &chain.links[0].record.windlass;
    let by: Vec<_> = record.approvals.iter().map(|one| one.by.as_str()).collect();
    assert_eq!(by, ["ana", "bo"]);
    assert_eq!(
        record.approvals[0].key.as_str(),
        world.signing_key("ana").public().hint()
    );
    let there = reader(&world.engine, "prod");
    let key = Signer::from(world.signing_key("bo"));
    let found =
        windlass::sign::attestations(&there, &image.digest, Approval::TYPE, Some(key.trusted())).await;
    assert_eq!(found.unwrap()[0].statement, record.approvals[1].statement);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_report_and_a_changed_rule_void_an_approval() {
    let mut world = Approved::with("").await;
    world.approve("ana").await;
    world.engine = changed(&world.world, "max_age = \"24h\"", "max_age = \"48h\"");
    let (_, why) = world.gate().await;
    assert!(
        why.ends_with("does not count: that of ana was made before the gates of prod changed"),
        "{why}"
    );
    // Approved anew, it counts.
    world.approve("ana").await;
    assert!(world.gate().await.1.starts_with("1 of 2 approvals (ana)"));

    // Somebody else's key in the place of Lia's is another rule, although windlass.toml is the same.
    let approvers = world.world.repository().join("approvers");
    let own = std::fs::read(approvers.join("lia.pub")).unwrap();
    std::fs::copy(approvers.join("eve.pub"), approvers.join("lia.pub")).unwrap();
    assert!(world.gate().await.1.starts_with("0 of 2 approvals;"));
    std::fs::write(approvers.join("lia.pub"), own).unwrap();
    assert!(world.gate().await.1.starts_with("1 of 2 approvals (ana)"));

    let report = json!({ "SchemaVersion": 2, "ArtifactName": "x", "Results": [] }).to_string();
    let stage = writer(&world.engine, "stage");
    attach_report(
        &stage,
        &world.image().await,
        report.into(),
        &ReportContext::default(),
    )
    .await
    .unwrap();
    let (_, why) = world.gate().await;
    assert!(
        why.contains("that of ana was made before the scan reports or records of the image changed"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_count_is_not_left() {
    let mut world = Approved::with("exclude_author = true, roles = { qa = 1 }, ").await;
    let refused = async |world: &Approved, request: ApproveRequest| {
        let (exit, said, _) = world.sign(request).await;
        assert_eq!(exit, Exit::Refused, "{said}");
        said
    };
    let said = refused(&world, world.request("eve")).await;
    assert!(
        said.ends_with("eve.key do not count: it is not one of `gate.approvals.trusted`"),
        "{said}"
    );
    let as_qa = |name| ApproveRequest {
        role: Some("qa".parse().unwrap()),
        ..world.request(name)
    };
    let said = refused(&world, as_qa("ana")).await;
    assert!(
        said.ends_with("would not count: it is as qa, which they are not"),
        "{said}"
    );
    let commit = world.engine.resolve("develop~3").await.unwrap().sha;
    let author = world
        .engine
        .repository()
        .unwrap()
        .addresses(&commit)
        .unwrap()
        .remove(0);
    let (exit, said, _) = world.sign(as_qa("bo")).await;
    assert_eq!(exit, Exit::Done, "{said}");
    world.engine = changed(&world.world, "ana@example.com", &author);
    let said = refused(&world, world.request("ana")).await;
    assert!(
        said.ends_with("would not count: it is by who wrote the commit"),
        "{said}"
    );
    let unknown = ApproveRequest {
        role: Some("security".parse().unwrap()),
        ..world.request("ana")
    };
    let error = planned(&world.engine, &unknown.into()).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage, "{error}");
    assert_eq!(error.hint().unwrap(), "these roles are known: qa");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_promotes_is_not_one_of_those_who_approve_where_that_is_excluded() {
    let mut world = Approved::with("exclude_promoter = true, ").await;
    world.approve("ana").await;
    world.approve("bo").await;
    assert_eq!(world.gate().await.0, "allowed");
    let user = ["GITHUB_ACTOR", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok());
    let user = user
        .or_else(|| world.engine.repository().unwrap().identity())
        .unwrap_or_else(|| "someone".to_owned());
    world.engine = changed(
        &world.world,
        "users = [\"ana\"]",
        &format!("users = [\"ana\", \"{user}\"]"),
    );
    // The rule has changed, so both sign once more; who approves does not promote by that.
    world.approve("ana").await;
    world.approve("bo").await;
    let (verdict, why) = world.gate().await;
    assert_eq!(verdict, "refused");
    assert!(
        why.contains("1 of 2 approvals (bo)") && why.contains("that of ana is by who promotes"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_an_approval_is_none() {
    let world = Approved::with("").await;
    let (image, good) = (world.image().await, world.statement().await);
    let predicate = serde_json::to_value(&good).unwrap();
    let with = |change: fn(&mut Approval)| {
        let mut changed = good.clone();
        change(&mut changed);
        serde_json::to_value(changed).unwrap()
    };
    // Of another environment, of a key that nobody trusts, of another kind.
    world
        .attach(
            "ana",
            &image,
            Approval::TYPE,
            &with(|one| one.to = "stage".parse().unwrap()),
        )
        .await;
    world.attach("eve", &image, Approval::TYPE, &predicate).await;
    world
        .attach("ana", &image, PromotionRecord::TYPE, &predicate)
        .await;
    assert_eq!(
        world.gate().await.1,
        "0 of 2 approvals; may approve: ana, bo, lia"
    );
    // Of another service, and of another image.
    world
        .attach(
            "ana",
            &image,
            Approval::TYPE,
            &with(|one| one.service = "other".parse().unwrap()),
        )
        .await;
    assert!(world.gate().await.1.ends_with("that of ana is of other"));
    let child = reader(&world.engine, "stage")
        .image(&image.digest)
        .await
        .unwrap()
        .images[0]
        .digest
        .clone();
    let statement = |subjects: &str, predicate: &str| {
        format!(
            "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{subjects}],\"predicateType\":\"{}\",\"predicate\":{predicate}}}",
            Approval::TYPE
        )
    };
    let subject = |digest: &Digest| format!("{{\"digest\":{{\"sha256\":\"{}\"}}}}", digest.hex());
    world
        .attach_statement("bo", &statement(&subject(&child), &predicate.to_string()))
        .await;
    assert!(world.gate().await.1.contains("that of bo is of sha256:"));
    // Of two images at once, and with a field twice.
    let two = format!("{},{}", subject(&image.digest), subject(&child));
    world
        .attach_statement("lia", &statement(&two, &predicate.to_string()))
        .await;
    let twice = predicate.to_string().replacen('{', "{\"to\":\"stage\",", 1);
    world
        .attach_statement("lia", &statement(&subject(&image.digest), &twice))
        .await;
    let (verdict, why) = world.gate().await;
    assert!(
        verdict == "refused" && why.starts_with("0 of 2 approvals;"),
        "{why}"
    );
    assert!(
        why.contains("that of lia is not understood") && why.contains("that of lia is of sha256:"),
        "{why}"
    );
    // None of that hinders a good one.
    world.attach_bundle(vec![b'x'; 300_000]).await;
    world.attach_bundle(b"{}".to_vec()).await;
    world.attach("lia", &image, Approval::TYPE, &predicate).await;
    assert!(world.gate().await.1.starts_with("1 of 2 approvals (lia)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_approvals_than_anybody_leaves_nobody_knows_which_count() {
    let world = Approved::with("").await;
    world.approve("ana").await;
    world.approve("bo").await;
    for nth in 0..499 {
        world
            .attach_bundle(format!("{{\"nth\":{nth}}}").into_bytes())
            .await;
    }
    let (verdict, why) = world.gate().await;
    assert_eq!(verdict, "unknown");
    assert!(
        why.starts_with("cannot tell who approved it: more than 500 statements"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_cannot_be_read_is_none() {
    let world = Approved::with("").await;
    world.approve("ana").await;
    world.approve("bo").await;
    let refused = Effect::Answer {
        status: 403,
        retry_after: None,
    };
    // The bundles themselves: what else a plan reads is there.
    let stage = reader(&world.engine, "stage");
    let digest = world.image().await.digest;
    for referrer in stage.referrers(&digest, Some(BUNDLE)).await.unwrap() {
        let manifest = stage.manifest(&referrer.digest.into()).await.unwrap();
        let Content::Image { layers, .. } = manifest.content() else {
            panic!("{manifest:?}");
        };
        let fault = Fault::new(refused.clone()).on_method("GET");
        let fault = fault.on_path(&format!("/blobs/{}", layers[0].digest));
        world.world.shared().inject(fault.always());
    }
    let (verdict, why) = world.gate().await;
    assert_eq!(verdict, "unknown");
    assert!(why.starts_with("cannot tell who approved it: "), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_promotes_without_approvals_says_why_and_the_hotfix_path_only_where_it_skips_them() {
    let world = Approved::with("").await;
    let plan = planned(&world.engine, &promote("develop~3", "prod", None, false))
        .await
        .unwrap();
    assert_eq!(way_out(&plan, "approvals"), Some(&Override::Reason));
    let command = promote("develop~3", "prod", Some("payouts fail"), false);
    done(&world.engine, &command).await;
    let (service, prod) = (payment(&world.engine), "prod".parse().unwrap());
    let owed = world.engine.owed_reviews(&service, &prod).await.unwrap();
    assert_eq!(owed[0].kind, ExceptionKind::NotApproved);
    assert!(
        owed[0].skipped[0]
            .as_str()
            .starts_with("approvals 0 of 2 approvals"),
        "{owed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_approves_and_lists_who_did() {
    let world = Approved::with("").await;
    let (folder, state) = (world.world.repository(), world.world.folder().join("state"));
    let call = async |args: &[&str]| {
        let mut program = program(&folder, &state, args);
        let output = program.env("COSIGN_PASSWORD", PASSWORD).output().await.unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let key = world.key("ana").display().to_string();
    let approve = [
        "approve",
        "develop~3",
        "--to",
        "prod",
        "--key",
        &key,
        "--expires",
        "24h",
        "--yes",
    ];
    let (code, said, why) = call(&[&approve[..], &["--dry-run"]].concat()).await;
    assert_eq!(code, Some(0), "{said}{why}");
    assert!(
        said.contains("approve for prod") && said.contains("for 24h"),
        "{said}"
    );
    assert_eq!(
        world.gate().await.1,
        "0 of 2 approvals; may approve: ana, bo, lia"
    );
    let (code, said, why) = call(&approve).await;
    assert_eq!(code, Some(0), "{said}{why}");
    assert!(said.contains("1 of 2 approvals (ana)"), "{said}");
    let (code, said, _) = call(&["approvals", "develop~3", "--to", "prod"]).await;
    assert_eq!(code, Some(3));
    assert!(
        said.contains("✓ ana") && said.contains("until 2") && said.contains("may approve: bo, lia"),
        "{said}"
    );
    // The password from a file descriptor, with nothing else that gives it.
    let key = world.key("bo").display().to_string();
    let mut approve = program(
        &folder,
        &state,
        &[
            "approve",
            "develop~3",
            "--to",
            "prod",
            "--key",
            &key,
            "--yes",
            "--password-fd",
            "0",
        ],
    );
    let file = folder.join("password-of-bo");
    for (password, code) in [("wrong\n", Some(2)), (concat!("correct horse", "\n"), Some(0))] {
        std::fs::write(&file, password).unwrap();
        let output = approve
            .stdin(std::fs::File::open(&file).unwrap())
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.code(), code, "{}", text(&output.stderr));
    }
    let (code, said, _) = call(&["approvals", "develop~3", "--to", "prod"]).await;
    assert!(code == Some(0) && said.contains("approved by ana, bo"), "{said}");
    let (code, _, why) = call(&[
        "approve",
        "develop~3",
        "--to",
        "prod",
        "--key",
        &key,
        "--yes",
        "--password-fd",
        "77",
    ])
    .await;
    assert!(
        code == Some(2) && why.contains("could not read a password from file descriptor 77"),
        "{why}"
    );
    let (code, _, why) = call(&["approve", "develop~3", "--to", "prod", "--yes"]).await;
    assert_eq!(code, Some(2));
    assert!(why.contains("no key to sign the approval with"), "{why}");
    let (code, _, why) = call(&["approve", "develop~3", "--to", "stage", "--key", &key, "--yes"]).await;
    assert_eq!(code, Some(2));
    assert!(why.contains("stage requires no approvals"), "{why}");
}
