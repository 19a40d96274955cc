//! Whether a bundle is a signature of a digest by who is trusted, or what else it is.

use serde::de::IgnoredAny;

use super::bundle::{Opened, Statement};
use super::trusted::{Judgement, TrustedSigner};
use crate::domain::Digest;

/// What looking at one bundle came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// A signature of this digest by who is trusted.
    Good,
    /// A statement of another kind: provenance, a scan, a record. No signature.
    OtherStatement,
    /// By another key, as far as the bundle says; or by another identity, which is proven.
    Other(Option<String>),
    /// The proof of whose it is does not hold.
    Unproven(String),
    /// It says that it is by who is trusted, and the signature does not fit the payload.
    Tampered,
    /// Signed by who is trusted, for something else.
    OtherDigest(String),
}

/// Looks at a bundle; the error says why it cannot be understood. The signature is checked before the payload is believed.
pub(super) fn check(bytes: &[u8], digest: &Digest, trusted: &TrustedSigner) -> Result<Finding, String> {
    let bundle = Opened::read(bytes)?;
    let statement = bundle.statement::<IgnoredAny>();
    // What an unverified payload claims to be decides nothing but the words of the refusal.
    let claims_to_sign = match &statement {
        None => false,
        Some(Ok(statement)) => statement.is_signature(),
        Some(Err(_)) => true,
    };
    match trusted.judge(&bundle) {
        Judgement::Trusted => {}
        Judgement::Tampered => return Ok(Finding::Tampered),
        _ if !claims_to_sign => return Ok(Finding::OtherStatement),
        Judgement::Other(who) => return Ok(Finding::Other(who)),
        Judgement::Unproven(why) => return Ok(Finding::Unproven(why)),
    }
    let Some(statement) = statement.transpose()?.filter(Statement::is_signature) else {
        return Ok(Finding::OtherStatement);
    };
    if statement.subjects().any(|subject| subject == *digest) {
        return Ok(Finding::Good);
    }
    let found = statement.subjects().next();
    Ok(Finding::OtherDigest(
        found.map_or_else(|| "nothing".to_owned(), |found| found.to_string()),
    ))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::sign::bundle::{PAYLOAD_TYPE, SIGN_PREDICATE, STATEMENTS, encoding};
    use crate::sign::key::fresh_key;
    use crate::sign::make::make;
    use crate::sign::signer::Signer;

    fn key() -> Signer {
        fresh_key().into()
    }

    /// `bundle` with one field of its envelope replaced.
    fn with(bundle: &[u8], field: &str, value: &str) -> Vec<u8> {
        let mut document: serde_json::Value = serde_json::from_slice(bundle).unwrap();
        document["dsseEnvelope"][field] = value.into();
        document.to_string().into_bytes()
    }

    /// A bundle by `key` around any statement.
    async fn signed(statement: &str, key: &Signer) -> Vec<u8> {
        let bundle = with(
            &make(&Digest::of(b"image"), key).await.unwrap(),
            "payload",
            &STANDARD.encode(statement),
        );
        let signature = key
            .sign(&encoding(PAYLOAD_TYPE, statement.as_bytes()))
            .await
            .unwrap();
        let mut document: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
        document["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(signature.bytes).into();
        document.to_string().into_bytes()
    }

    #[tokio::test]
    async fn each_thing_that_can_be_wrong_is_told_apart() {
        let (mine, other) = (key(), key());
        let (digest, another) = (Digest::of(b"image"), Digest::of(b"another"));
        let bundle = make(&digest, &mine).await.unwrap();
        let check = |bundle: &[u8], digest| check(bundle, digest, mine.trusted());
        assert_eq!(check(&bundle, &digest), Ok(Finding::Good));
        assert_eq!(
            check(&make(&digest, &other).await.unwrap(), &digest),
            Ok(Finding::Other(None))
        );
        assert_eq!(
            check(&bundle, &another),
            Ok(Finding::OtherDigest(digest.to_string()))
        );
        let forged: serde_json::Value =
            serde_json::from_slice(&make(&another, &other).await.unwrap()).unwrap();
        let payload = forged["dsseEnvelope"]["payload"].as_str().unwrap();
        assert_eq!(
            check(&with(&bundle, "payload", payload), &another),
            Ok(Finding::Tampered)
        );
        assert_eq!(
            check(&with(&bundle, "payloadType", "text/plain"), &digest),
            Ok(Finding::Tampered)
        );
        for broken in [
            &b"{}"[..],
            b"<html>",
            &with(&bundle, "payload", "%"),
            &signed("{}", &mine).await,
        ] {
            assert!(check(broken, &digest).is_err());
        }
    }

    #[tokio::test]
    async fn an_attestation_is_no_signature_whoever_made_it() {
        let (mine, other) = (key(), key());
        let digest = Digest::of(b"image");
        for (kind, predicate, finding) in [
            (
                STATEMENTS[1],
                "https://slsa.dev/provenance/v1",
                Finding::OtherStatement,
            ),
            (STATEMENTS[1], SIGN_PREDICATE, Finding::Good),
            (
                "https://in-toto.io/Statement/v9",
                SIGN_PREDICATE,
                Finding::OtherStatement,
            ),
        ] {
            let statement = serde_json::json!({
                "_type": kind, "predicateType": predicate, "predicate": {},
                "subject": [{"name": "x", "digest": {"sha256": digest.hex()}}],
            });
            let bundle = signed(&statement.to_string(), &mine).await;
            assert_eq!(check(&bundle, &digest, mine.trusted()), Ok(finding));
        }
        let provenance = r#"{"_type":"https://in-toto.io/Statement/v1","predicateType":"x","subject":[]}"#;
        let theirs = signed(provenance, &other).await;
        assert_eq!(
            check(&theirs, &digest, mine.trusted()),
            Ok(Finding::OtherStatement)
        );
    }
}
