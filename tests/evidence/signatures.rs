//! Signatures: attached once, verified by key, and each refusal in its own words.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use windlass::domain::{Digest, Exit, SignatureForms};
use windlass::registry::{Content, Descriptor};
use windlass::sign::{SignError, Signed, Signer, sign, signatures_of, verify};

use crate::{BUNDLE, World, key};

impl World {
    async fn refusal(&self, key: &Signer) -> SignError {
        let error = verify(&self.writer, &self.image.digest, key.trusted())
            .await
            .unwrap_err();
        assert_eq!(error.exit(), Exit::Refused, "{error}");
        error
    }

    /// The bundle that signs `subject`.
    async fn bundle(&self, subject: &Descriptor, key: &Signer) -> Bytes {
        let Signed::New(signature) = sign(&self.writer, subject, key, SignatureForms::Bundle)
            .await
            .unwrap()
        else {
            panic!("it was signed before")
        };
        let manifest = self
            .writer
            .manifest(&signature[0].digest.clone().into())
            .await
            .unwrap();
        let Content::Image { layers, .. } = manifest.content() else {
            panic!("a signature is no index")
        };
        self.writer.blob(&layers[0].digest, 10_000).await.unwrap()
    }

    async fn attach_bundle(&self, bytes: Bytes) {
        let layers = vec![(BUNDLE.to_owned(), bytes)];
        let attached = self.writer.attach(&self.image, BUNDLE, layers, BTreeMap::new());
        attached.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_signed_verifies_and_signing_again_writes_nothing() {
    for referrers_api in [true, false] {
        let world = World::new(referrers_api).await;
        let (mine, other) = (key(), key());
        assert!(matches!(
            world.refusal(&mine).await,
            SignError::NoSignature { .. }
        ));
        sign(&world.writer, &world.image, &other, SignatureForms::Bundle)
            .await
            .unwrap();
        assert!(matches!(
            world.refusal(&mine).await,
            SignError::OtherKey { found: 1, .. }
        ));
        let signed = sign(&world.writer, &world.image, &mine, SignatureForms::Bundle)
            .await
            .unwrap();
        assert!(matches!(signed, Signed::New(_)));
        world.registry.forget_requests();
        let again = sign(&world.writer, &world.image, &mine, SignatureForms::Bundle)
            .await
            .unwrap();
        assert!(matches!(again, Signed::Already));
        let written = world.registry.requests();
        assert!(
            written.iter().all(|request| request.method == "GET"),
            "{written:?}"
        );
        let attached = signatures_of(&world.writer, &world.image.digest).await.unwrap();
        assert_eq!(attached.len(), 2);
        let verified = verify(&world.writer, &world.image.digest, mine.trusted())
            .await
            .unwrap();
        assert_eq!(verified.signatures.len(), 1);
    }
}

#[tokio::test]
async fn a_signature_of_another_digest_proves_nothing_of_this_one() {
    let world = World::new(true).await;
    let key = key();
    let bundle = world.bundle(&world.platforms[0], &key).await;
    world.attach_bundle(bundle).await;
    let error = world.refusal(&key).await;
    assert!(
        matches!(&error, SignError::OtherDigest { found, .. } if *found == world.platforms[0].digest.to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_payload_that_was_changed_after_signing_is_told_as_such() {
    let world = World::new(true).await;
    let key = key();
    let bundle = world.bundle(&world.platforms[0], &key).await;
    let wanted = world.bundle(&world.image, &self::key()).await;
    let [mut forged, wanted]: [Value; 2] =
        [bundle, wanted].map(|bytes| serde_json::from_slice(&bytes).unwrap());
    forged["dsseEnvelope"]["payload"] = wanted["dsseEnvelope"]["payload"].clone();
    world.attach_bundle(forged.to_string().into()).await;
    let error = world.refusal(&key).await;
    assert!(matches!(error, SignError::Tampered { .. }), "{error}");
}

#[tokio::test]
async fn what_is_broken_beside_a_good_signature_does_not_hide_it() {
    let world = World::new(true).await;
    let key = key();
    world.attach_bundle(Bytes::from_static(b"{}")).await;
    assert!(matches!(world.refusal(&key).await, SignError::Malformed { .. }));
    // More than is read of any bundle.
    world.attach_bundle(Bytes::from(vec![b' '; 2 << 20])).await;
    assert!(matches!(world.refusal(&key).await, SignError::Malformed { .. }));
    sign(&world.writer, &world.image, &key, SignatureForms::Bundle)
        .await
        .unwrap();
    verify(&world.writer, &world.image.digest, key.trusted())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_registry_that_is_down_is_no_missing_signature() {
    let World { registry, writer, .. } = World::new(true).await;
    let (digest, key) = (Digest::of(b"image"), key());
    registry.shutdown().await;
    let error = verify(&writer, &digest, key.trusted()).await.unwrap_err();
    assert!(matches!(error, SignError::Registry(_)), "{error}");
}
