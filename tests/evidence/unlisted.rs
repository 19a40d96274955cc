//! A registry without the referrers API that does not let anybody change the list of referrers: each attempt is refused,
//! and leaves no more behind than the one before it.

use bytes::Bytes;
use serde_json::json;
use tempfile::TempDir;
use windlass::demo::faults::{Effect, Fault};
use windlass::domain::{Digest, Exit, SignatureForms, WriteAccess};
use windlass::registry::{Descriptor, Registries, RegistryError, Settings, TagRule, Writer};
use windlass::scan::{self, Invocation, REPORT_TYPE, ReportContext, ScanError, attach_report, attest};
use windlass::sign::{SignError, Signed, Signer, SigningKey, sign, verify};

use crate::call::{program, text};
use crate::git::git;
use crate::reports::report;
use crate::{BUNDLE, World, key};

/// A world whose lists refuse the next `times` changes, and a state folder that outlives the attempts.
struct Refusing {
    world: World,
    state: TempDir,
}

impl Refusing {
    async fn new(times: u64) -> Self {
        let world = World::new(false).await;
        let refused = Effect::Answer {
            status: 400,
            retry_after: None,
        };
        let fault = Fault::new(refused).on_method("PUT").times(times);
        world.registry.inject(fault.on_path("/manifests/sha256-"));
        world.registry.forget_requests();
        let state = tempfile::tempdir().unwrap();
        Self { world, state }
    }

    /// As another process writes, which has nothing but the state folder in common with the one before it.
    fn writer(&self) -> Writer {
        let settings = Settings::default().remembering_in(self.state.path());
        let access = WriteAccess::unless_read_only(false).unwrap();
        let registries = Registries::new(settings).unwrap();
        registries.writer(self.world.writer.repository(), access)
    }

    /// The manifests that were put by their digest.
    fn put(&self) -> Vec<Digest> {
        let requests = self.world.registry.requests();
        let put = requests.iter().filter(|request| request.method == "PUT");
        put.filter_map(|request| request.path.split_once("/manifests/sha256:"))
            .map(|(_, hex)| format!("sha256:{hex}").parse().unwrap())
            .collect()
    }

    async fn listed(&self) -> Vec<Digest> {
        let listed = self.writer().referrers(&self.world.image.digest, None).await;
        listed.unwrap().into_iter().map(|entry| entry.digest).collect()
    }

    /// What is still remembered.
    fn remembered(&self) -> usize {
        let folder = std::fs::read_dir(self.state.path().join("unlisted"));
        folder.map_or(0, Iterator::count)
    }

    async fn sign(&self, key: &Signer) -> Result<Signed, SignError> {
        sign(&self.writer(), &self.world.image, key, SignatureForms::Bundle).await
    }

    async fn attach(&self, hour: u8) -> Result<Descriptor, ScanError> {
        let report = report(&self.world.image.digest, "amd64", hour, false);
        let context = ReportContext::default();
        attach_report(
            &self.writer(),
            &self.world.image,
            report.to_string().into(),
            &context,
        )
        .await
    }

    /// Attests the report of that hour, in a run of its own.
    async fn attest(&self, hour: u8, run: &str, key: &Signer) -> Result<Descriptor, ScanError> {
        let invocation = Invocation {
            uri: format!("urn:windlass:run:{run}"),
            event_id: run.to_owned(),
            builder: "windlass/test".to_owned(),
        };
        let report = Bytes::from(report(&self.world.image.digest, "amd64", hour, false).to_string());
        let context = ReportContext::default();
        attest(
            &self.writer(),
            &self.world.image,
            &report,
            &context,
            &invocation,
            (key, SignatureForms::Bundle),
        )
        .await
    }
}

/// Checks that the list was refused, and that the refusal names this evidence.
fn assert_refused(error: &RegistryError, evidence: &Digest, kind: &str) {
    assert_eq!(error.exit(), Exit::Conflict, "{error}");
    assert!(
        error.to_string().contains(&format!("{evidence} ({kind})")),
        "{error}"
    );
}

#[tokio::test]
async fn a_signature_that_cannot_be_listed_is_pushed_once_however_often_it_is_tried() {
    let refusing = Refusing::new(3).await;
    let key = key();
    for _ in 0..3 {
        let error = refusing.sign(&key).await.unwrap_err();
        let SignError::Registry(error) = &error else {
            panic!("{error}")
        };
        assert_refused(error, &refusing.put()[0], BUNDLE);
    }
    let put = refusing.put();
    assert_eq!(put.len(), 1, "{put:?}");
    let Signed::New(signature) = refusing.sign(&key).await.unwrap() else {
        panic!("it was not on the list before")
    };
    assert_eq!(vec![signature[0].digest.clone()], put);
    assert_eq!(refusing.put(), put);
    assert_eq!(refusing.listed().await, put);
    verify(&refusing.writer(), &refusing.world.image.digest, key.trusted())
        .await
        .unwrap();
    assert_eq!(refusing.remembered(), 0);
    assert!(matches!(refusing.sign(&key).await.unwrap(), Signed::Already));
}

#[tokio::test]
async fn signatures_of_several_keys_are_several_pieces_of_evidence() {
    let refusing = Refusing::new(4).await;
    let keys = [key(), key()];
    for _ in 0..2 {
        for key in &keys {
            refusing.sign(key).await.unwrap_err();
        }
    }
    assert_eq!(refusing.put().len(), 2);
    for key in &keys {
        assert!(matches!(refusing.sign(key).await.unwrap(), Signed::New(_)));
    }
    assert_eq!(refusing.put().len(), 2);
    assert_eq!(refusing.listed().await.len(), 2);
}

#[tokio::test]
async fn an_attestation_of_the_same_report_is_pushed_once_though_each_run_signs_it_anew() {
    let refusing = Refusing::new(2).await;
    let key = key();
    for run in ["one", "two"] {
        let error = refusing.attest(8, run, &key).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Conflict, "{error}");
    }
    let put = refusing.put();
    assert_eq!(put.len(), 1, "{put:?}");
    let attested = refusing.attest(8, "three", &key).await.unwrap();
    assert_eq!([attested.digest], put[..]);
    assert_eq!(refusing.listed().await, put);
    assert_eq!(refusing.remembered(), 0);
}

#[tokio::test]
async fn of_scans_made_anew_at_each_attempt_only_the_first_is_pushed_until_it_can_be_listed() {
    let refusing = Refusing::new(3).await;
    let key = key();
    let error = refusing.attach(8).await.unwrap_err();
    let ScanError::Registry(error) = &error else {
        panic!("{error}")
    };
    let first = refusing.put()[0].clone();
    assert_refused(error, &first, REPORT_TYPE);
    let error = refusing.attach(9).await.unwrap_err();
    let ScanError::Registry(error) = &error else {
        panic!("{error}")
    };
    assert_refused(error, &first, REPORT_TYPE);
    assert_eq!(refusing.put(), std::slice::from_ref(&first));
    // The attestation beside it is another piece of evidence.
    refusing.attest(9, "one", &key).await.unwrap_err();
    assert_eq!(refusing.put().len(), 2);
    let newest = refusing.attach(10).await.unwrap();
    assert_eq!(refusing.listed().await, [first, newest.digest]);
    refusing.attest(10, "two", &key).await.unwrap();
    assert_eq!(refusing.put().len(), 4);
    assert_eq!(refusing.listed().await.len(), 4);
    assert_eq!(refusing.remembered(), 0);
}

#[tokio::test]
async fn a_list_of_packages_made_anew_waits_for_the_one_before_it() {
    let refusing = Refusing::new(2).await;
    let image = &refusing.world.image;
    let attach = async |serial: &str| {
        let list = json!({"bomFormat": "CycloneDX", "serialNumber": serial}).to_string();
        scan::attach_sbom(
            &refusing.writer(),
            image,
            scan::SbomFormat::CycloneDx,
            list.into(),
            None,
        )
        .await
    };
    for serial in ["one", "two"] {
        attach(serial).await.unwrap_err();
    }
    assert_eq!(refusing.put().len(), 1);
    attach("three").await.unwrap();
    assert_eq!(refusing.listed().await, refusing.put());
}

#[tokio::test]
async fn evidence_that_the_registry_has_collected_meanwhile_is_pushed_anew() {
    let refusing = Refusing::new(1).await;
    let key = key();
    refusing.sign(&key).await.unwrap_err();
    let first = refusing.put()[0].clone();
    refusing.writer().delete_manifest(&first).await.unwrap();
    let Signed::New(signature) = refusing.sign(&key).await.unwrap() else {
        panic!("nothing was listed")
    };
    assert_ne!(signature[0].digest, first);
    assert_eq!(refusing.listed().await, [signature[0].digest.clone()]);
    assert_eq!(refusing.remembered(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_signs_again_and_again_and_leaves_one_signature_unlisted() {
    let refusing = Refusing::new(3).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    git(folder.path(), &["init", "-q", "-b", "develop"]);
    let pair = SigningKey::generate(&"anchors aweigh".into()).unwrap();
    std::fs::write(path("cosign.key"), &pair.private_pem).unwrap();
    std::fs::write(path("cosign.pub"), &pair.public_pem).unwrap();
    std::fs::write(path("password"), "anchors aweigh").unwrap();
    let config = format!(
        "[[service]]\nname = \"app\"\n\n[[environment]]\nname = \"dev\"\nimage = \"{}/dev/{{service}}\"\n\
         sign = {{ key = \"cosign.key\", password_file = \"{}\" }}\n",
        refusing.world.registry.host(),
        path("password").display(),
    );
    std::fs::write(path("windlass.toml"), config).unwrap();
    let image = &refusing.world.image.digest;
    let tag = "v1".parse().unwrap();
    refusing
        .writer()
        .tag(image, &tag, TagRule::Immutable)
        .await
        .unwrap();
    refusing.world.registry.forget_requests();
    let name = format!("{}:v1", refusing.world.writer.repository());
    let sign = async || {
        let mut program = program(folder.path(), refusing.state.path(), &["sign", &name, "--yes"]);
        program.output().await.unwrap()
    };
    for _ in 0..3 {
        let refused = sign().await;
        assert_eq!(refused.status.code(), Some(4), "{}", text(&refused.stderr));
    }
    let put = refusing.put();
    assert_eq!(put.len(), 1, "{put:?}");
    let signed = sign().await;
    assert_eq!(signed.status.code(), Some(0), "{}", text(&signed.stderr));
    assert_eq!(refusing.put(), put);
    assert_eq!(refusing.listed().await, put);
}
