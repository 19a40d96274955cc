//! Certificates by Fulcio (<https://github.com/sigstore/fulcio/blob/main/fulcio.proto>, `CreateSigningCertificate`): for a key that
//! lives as long as one run, with the subject of an ID token.

use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::der;
use super::service::{Service, below};
use crate::http::Request;
use crate::sign::error::SignError;

/// How long a certificate is used. Fulcio makes them for ten minutes.
const MAX_AGE: Duration = Duration::from_mins(5);

/// A key that nobody else has, with a certificate that says who has it. The key is never written anywhere.
pub(super) struct Certificate {
    key: EcdsaKeyPair,
    der: Vec<u8>,
    issued: Instant,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    signed_certificate_embedded_sct: Option<WithChain>,
    /// Where Fulcio writes to no log of certificates.
    signed_certificate_detached_sct: Option<WithChain>,
}

#[derive(Deserialize)]
struct WithChain {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

impl Certificate {
    /// Asks the Fulcio at `fulcio` for one.
    pub(super) async fn request(fulcio: &Url, token: &SecretString) -> Result<Self, SignError> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| no_key())?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| no_key())?;
        let info = der::certification_request_info(public.as_ref());
        let csr = der::certification_request(&info, &sign(&key, &info)?);
        let csr = format!(
            "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n",
            STANDARD.encode(csr)
        );
        let body = serde_json::json!({
            "credentials": { "oidcIdentityToken": token.expose_secret() },
            "certificateSigningRequest": STANDARD.encode(csr),
        });
        let url = below(fulcio, "api/v2/signingCert");
        let service = Service::new("Fulcio", &url)?;
        let mut request = Request::post(url, body.to_string().into_bytes(), None, Service::LIMIT);
        request.masked = Some(token.clone());
        let answer = service.ask(&request).await?;
        let der = leaf(&answer).ok_or_else(|| service.failure("its answer has no certificate"))?;
        Ok(Self {
            key,
            der,
            issued: Instant::now(),
        })
    }

    /// Signs by its key.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        sign(&self.key, message)
    }

    /// In DER.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it may be used still.
    pub(super) fn is_fresh(&self) -> bool {
        self.issued.elapsed() < MAX_AGE
    }
}

/// The certificate in an answer: the first of the chain.
fn leaf(answer: &[u8]) -> Option<Vec<u8>> {
    let issued: Issued = serde_json::from_slice(answer).ok()?;
    let found = issued
        .signed_certificate_embedded_sct
        .or(issued.signed_certificate_detached_sct)?;
    let pem = found.chain.certificates.into_iter().next()?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    Some(der.to_vec())
}

fn sign(key: &EcdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let signature = key.sign(&SystemRandom::new(), message);
    let signature = signature.map_err(|_| SignError::Crypto {
        action: "sign",
        why: "the key of the certificate failed".to_owned(),
    })?;
    Ok(signature.as_ref().to_vec())
}

fn no_key() -> SignError {
    SignError::Crypto {
        action: "create a key",
        why: "no P-256 key could be generated".to_owned(),
    }
}
