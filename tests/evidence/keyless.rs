//! Keyless signatures: bundles that the real Fulcio, timestamp authority and Rekor took part in (`keyless_fixtures` in
//! `tests/interop/keyless` makes them) verify, and with anything of them altered they do not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Exit, SignerIdentity, WriteAccess};
use windlass::registry::{Descriptor, Registries, Settings, Writer};
use windlass::sign::{SignError, TrustedIdentity, TrustedSigner, verify};

use crate::document::{MANIFEST, put};
use crate::{BUNDLE, key};

const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/promote-prod.yml@refs/heads/main";

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/keyless").join(name)
}

fn document(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

/// A bundle: `stamped` has a timestamp, `logged` an entry in a log besides, `longer` is as `logged`, by somebody whose name begins
/// with ours, and `late` is `stamped` with a timestamp of when its certificate had expired.
fn bundle(name: &str) -> Value {
    document(&format!("{name}.bundle.json"))
}

fn issuer() -> String {
    std::fs::read_to_string(fixture("issuer")).unwrap()
}

fn ours() -> SignerIdentity {
    SignerIdentity::exact(WORKFLOW.to_owned(), issuer())
}

fn trusted(identity: SignerIdentity, root: &Path) -> TrustedSigner {
    TrustedSigner::Identity(Box::new(TrustedIdentity::load(identity, Some(root)).unwrap()))
}

/// We, by one of the roots.
fn by_root(name: &str) -> TrustedSigner {
    trusted(ours(), &fixture(&format!("{name}.root.json")))
}

/// We, by a root that was made of another.
fn by_changed_root(name: &str, change: impl FnOnce(&mut Value)) -> TrustedSigner {
    let mut root = document(&format!("{name}.root.json"));
    change(&mut root);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trusted_root.json");
    std::fs::write(&path, root.to_string()).unwrap();
    trusted(ours(), &path)
}

/// A registry with the image that the bundles sign.
struct Signed {
    _registry: EmbeddedRegistry,
    writer: Writer,
    image: Descriptor,
}

impl Signed {
    /// With these bundles attached to it.
    async fn with(bundles: &[&Value]) -> Self {
        let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
        let repository = format!("{}/prod/app", registry.host()).parse().unwrap();
        let access = WriteAccess::unless_read_only(false).unwrap();
        let registries = Registries::new(Settings::default()).unwrap();
        let writer = registries.writer(&repository, access);
        writer.put_blob("{}".into()).await.unwrap();
        let image = put(&writer, MANIFEST, &document("image.json")).await;
        let signed = Self {
            _registry: registry,
            writer,
            image,
        };
        for bundle in bundles {
            signed.attach(&signed.image, bundle.to_string()).await;
        }
        signed
    }

    async fn attach(&self, image: &Descriptor, bundle: String) {
        let layers = vec![(BUNDLE.to_owned(), bundle.into())];
        let attached = self.writer.attach(image, BUNDLE, layers, BTreeMap::new());
        attached.await.unwrap();
    }

    async fn verify(&self, trusted: &TrustedSigner) -> Result<Vec<Digest>, SignError> {
        let verified = verify(&self.writer, &self.image.digest, trusted).await?;
        Ok(verified.signatures)
    }
}

/// What is said of an image with this bundle, where it does not count.
async fn refusal(bundle: &Value, trusted: &TrustedSigner) -> String {
    let error = Signed::with(&[bundle]).await.verify(trusted).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Refused, "{error}");
    error.to_string()
}

async fn assert_refused(bundle: &Value, trusted: &TrustedSigner, words: &str) {
    let refusal = refusal(bundle, trusted).await;
    assert!(refusal.contains(words), "{refusal}\nwanted: {words}");
}

/// `bundle` with a change.
fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut bundle = bundle(name);
    change(&mut bundle);
    bundle
}

#[tokio::test]
async fn a_bundle_of_the_real_servers_verifies_with_its_root() {
    for name in ["stamped", "logged"] {
        let signed = Signed::with(&[&bundle(name)]).await;
        assert_eq!(signed.verify(&by_root(name)).await.unwrap().len(), 1, "{name}");
    }
    // What a log proves besides is no harm where none is required.
    let signed = Signed::with(&[&bundle("logged")]).await;
    signed.verify(&by_root("stamped")).await.unwrap();
}

#[tokio::test]
async fn a_good_bundle_counts_whatever_its_neighbours_are() {
    let broken = changed("logged", |bundle| {
        bundle["dsseEnvelope"]["payload"] = "e30=".into()
    });
    let signed = Signed::with(&[&broken, &bundle("longer"), &json!({"x": 1}), &bundle("logged")]).await;
    assert_eq!(signed.verify(&by_root("logged")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_the_whole_identity_by_its_issuer_counts() {
    let root = fixture("logged.root.json");
    let (bundle, issuer) = (bundle("logged"), issuer());
    let exact = |subject: &str, issuer: &str| SignerIdentity::exact(subject.to_owned(), issuer.to_owned());
    for identity in [
        exact(&WORKFLOW.replace("prod", "stage"), &issuer),
        exact(&WORKFLOW[..WORKFLOW.len() - 1], &issuer),
        exact("", &issuer),
        exact(WORKFLOW, &format!("{issuer}0")),
        exact(WORKFLOW, "https://token.actions.githubusercontent.com"),
        SignerIdentity::matching("promote-prod", issuer.clone()).unwrap(),
    ] {
        let words = format!("is not signed by {identity}, but by {WORKFLOW} (issuer {issuer})");
        assert_refused(&bundle, &trusted(identity, &root), &words).await;
    }
    let pattern = r"https://github\.com/acme/app/.+@refs/heads/(main|release/.+)";
    let pattern = SignerIdentity::matching(pattern, issuer).unwrap();
    let signed = Signed::with(&[&bundle]).await;
    signed.verify(&trusted(pattern, &root)).await.unwrap();
}

#[tokio::test]
async fn an_identity_that_begins_with_ours_is_somebody_else() {
    let words = format!("but by {WORKFLOW}tenance (issuer");
    assert_refused(&bundle("longer"), &by_root("logged"), &words).await;
}

#[tokio::test]
async fn a_signature_by_a_key_is_not_by_an_identity_and_the_other_way_round() {
    let signed = Signed::with(&[]).await;
    let error = signed.verify(&by_root("logged")).await.unwrap_err();
    assert!(matches!(error, SignError::NoSignature { .. }), "{error}");
    let key = key();
    windlass::sign::sign(
        &signed.writer,
        &signed.image,
        &key,
        windlass::domain::SignatureForms::Both,
    )
    .await
    .unwrap();
    let error = signed.verify(&by_root("logged")).await.unwrap_err();
    assert!(error.to_string().ends_with("but with a key"), "{error}");
    let error = Signed::with(&[&bundle("logged")])
        .await
        .verify(key.trusted())
        .await
        .unwrap_err();
    assert!(matches!(error, SignError::OtherKey { found: 1, .. }), "{error}");
}

#[tokio::test]
async fn an_altered_payload_is_tampering() {
    for name in ["stamped", "logged"] {
        let altered = changed(name, |bundle| {
            let payload = &mut bundle["dsseEnvelope"]["payload"];
            // Blanks before a statement change its bytes and not what it says.
            *payload = format!("ICAg{}", payload.as_str().unwrap()).into();
        });
        assert_refused(&altered, &by_root(name), "it was tampered with").await;
    }
}

#[tokio::test]
async fn a_bundle_of_another_image_is_told_as_such() {
    let signed = Signed::with(&[]).await;
    let other = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
        "config": document("image.json")["config"], "annotations": {"x": "y"}});
    let other = put(&signed.writer, MANIFEST, &other).await;
    signed.attach(&other, bundle("logged").to_string()).await;
    let error = verify(&signed.writer, &other.digest, &by_root("logged"))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("was made for {}", signed.image.digest)),
        "{error}"
    );
}

#[tokio::test]
async fn a_certificate_counts_at_a_time_that_is_proven_only() {
    for name in ["stamped", "logged"] {
        let unstamped = changed(name, |bundle| {
            bundle["verificationMaterial"]
                .as_object_mut()
                .unwrap()
                .remove("timestampVerificationData");
        });
        let words = if name == "stamped" {
            "does not verify"
        } else {
            "no timestamp proves when it was made"
        };
        assert_refused(&unstamped, &by_root(name), words).await;
        let of_another = changed(name, |one| {
            one["verificationMaterial"]["timestampVerificationData"] =
                bundle("longer")["verificationMaterial"]["timestampVerificationData"].clone();
        });
        assert_refused(&of_another, &by_root(name), "invalid RFC 3161 timestamp").await;
    }
    assert_refused(
        &bundle("late"),
        &by_root("stamped"),
        "its certificate had expired when it was made",
    )
    .await;
}

#[tokio::test]
async fn authorities_are_those_of_the_root_within_their_time() {
    assert_refused(
        &bundle("stamped"),
        &by_root("foreign"),
        "its certificate does not come from the trusted root",
    )
    .await;
    let no_authority = by_changed_root("stamped", |root| {
        root.as_object_mut().unwrap().remove("timestampAuthorities");
    });
    assert_refused(&bundle("stamped"), &no_authority, "invalid RFC 3161 timestamp").await;
    for (authorities, words) in [
        (
            "timestampAuthorities",
            "outside the validity period of the authority",
        ),
        (
            "certificateAuthorities",
            "no trusted certificate authority is valid",
        ),
    ] {
        let over = by_changed_root("stamped", |root| {
            let authority = &mut root[authorities][0];
            authority["validFor"] = json!({"start": "2001-01-01T00:00:00Z", "end": "2002-01-01T00:00:00Z"});
        });
        assert_refused(&bundle("stamped"), &over, words).await;
    }
}

#[tokio::test]
async fn where_the_root_names_a_log_the_signature_is_in_it() {
    assert_refused(&bundle("stamped"), &by_root("logged"), "does not verify").await;
    let entry = |change: fn(&mut Value)| {
        changed("logged", |bundle| {
            change(&mut bundle["verificationMaterial"]["tlogEntries"][0])
        })
    };
    for (what, altered) in [
        (
            "a hash of the proof",
            entry(|entry| entry["inclusionProof"]["hashes"] = json!([STOLEN])),
        ),
        (
            "the place in the log",
            entry(|entry| entry["logIndex"] = "9".into()),
        ),
        (
            "no proof",
            entry(|entry| drop(entry.as_object_mut().unwrap().remove("inclusionProof"))),
        ),
        (
            "the checkpoint",
            entry(|entry| {
                let checkpoint = &mut entry["inclusionProof"]["checkpoint"]["envelope"];
                *checkpoint = checkpoint
                    .as_str()
                    .unwrap()
                    .replacen("127.0.0.1\n", "127.0.0.2\n", 1)
                    .into();
            }),
        ),
        (
            "the entry",
            entry(|entry| {
                let body = entry["canonicalizedBody"].as_str().unwrap();
                entry["canonicalizedBody"] = format!("ICAg{body}").into();
            }),
        ),
        (
            "the entry of another signature",
            entry(|entry| *entry = bundle("longer")["verificationMaterial"]["tlogEntries"][0].clone()),
        ),
    ] {
        let refusal = refusal(&altered, &by_root("logged")).await;
        assert!(refusal.contains("does not verify"), "{what}: {refusal}");
    }
    let other_log = by_changed_root("logged", |root| {
        root["tlogs"][0]["publicKey"]["rawBytes"] = OTHER_KEY.into();
    });
    assert_refused(&bundle("logged"), &other_log, "invalid checkpoint").await;
}

/// SHA-256 of nothing that is in any log, in base64.
const STOLEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// A P-256 key of nobody.
const OTHER_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEX54QSs26nAI4kTslc6oDSXftvoX+DhN5Ejy6Nrjg0TQEF+pxV+C0BlMuAJU41Hebj7bMeb4UgrxUzOIl5ooCyA==";

#[tokio::test]
async fn where_the_root_names_a_log_of_certificates_the_certificate_is_in_it() {
    let with_log = by_changed_root("stamped", |root| {
        let log = document("logged.root.json")["tlogs"][0].clone();
        root["ctlogs"] = json!([log]);
    });
    assert_refused(&bundle("stamped"), &with_log, "signed certificate timestamp").await;
}

#[tokio::test]
async fn a_bundle_says_one_thing_only() {
    let certificate = bundle("longer")["verificationMaterial"]["certificate"].clone();
    let of_another = changed("logged", |bundle| {
        bundle["verificationMaterial"]["certificate"] = certificate
    });
    let refused = refusal(&of_another, &by_root("logged")).await;
    assert!(
        refused.contains("does not verify") || refused.contains("tampered"),
        "{refused}"
    );
    let two = changed("logged", |bundle| {
        let signature = bundle["dsseEnvelope"]["signatures"][0].clone();
        bundle["dsseEnvelope"]["signatures"] = json!([signature, signature]);
    });
    assert_refused(&two, &by_root("logged"), "exactly one signature").await;
    let text = bundle("logged").to_string();
    for twice in [
        text.replacen(
            '{',
            r#"{"dsseEnvelope":{"payload":"","payloadType":"","signatures":[]},"#,
            1,
        ),
        text.replacen(r#""payload":""#, r#""payload":"e30=","payload":""#, 1),
        text.replacen(
            r#""certificate":{"#,
            r#""certificate":{"rawBytes":""},"certificate":{"#,
            1,
        ),
    ] {
        assert_ne!(twice, text);
        let signed = Signed::with(&[]).await;
        signed.attach(&signed.image, twice).await;
        let error = signed.verify(&by_root("logged")).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Refused);
        assert!(error.to_string().contains("duplicate field"), "{error}");
    }
}

#[test]
fn what_is_no_trusted_root_is_refused_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trusted_root.json");
    let load = || match TrustedIdentity::load(ours(), Some(&path)) {
        Ok(_) => panic!("it is no root"),
        Err(error) => error,
    };
    assert!(load().to_string().starts_with("could not read the trusted root"));
    for text in ["", "[]", "{}", "{\"mediaType\":\"x\",\"tlogs\":[]}"] {
        std::fs::write(&path, text).unwrap();
        let error = load();
        assert_eq!(error.exit(), Exit::Usage, "{text}");
        assert!(
            error.to_string().contains("is not a usable trusted root"),
            "{error}"
        );
    }
    // That of the public Sigstore is a part of the program.
    TrustedIdentity::load(ours(), None).unwrap();
}
