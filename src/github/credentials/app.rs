//! A GitHub App: its key signs a short-lived token for the App, which is exchanged for one of its installation.
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::SecretString;
use serde_json::json;

use crate::domain::GitHubApp;
use crate::github::error::GitHubError;

/// How far the clock here may be ahead of GitHub's.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(60);
/// How long the App's own token is valid: GitHub takes at most ten minutes.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(9);

/// The App's own token at `now`.
pub(in crate::github) fn token_of_app(app: &GitHubApp, now: Timestamp) -> Result<SecretString, GitHubError> {
    let key = key_in(&app.key_file)?;
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iat": (now - CLOCK_DIFFERENCE).as_second(),
        "exp": (now + VALID_FOR).as_second(),
        "iss": app.id,
    });
    let signed = format!(
        "{}.{}",
        encode(&json!({"alg": "RS256", "typ": "JWT"})),
        encode(&claims)
    );
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| unusable(&app.key_file, "it does not sign"))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

/// The key in a file, of which no error repeats anything.
fn key_in(path: &Path) -> Result<RsaKeyPair, GitHubError> {
    let pem = std::fs::read(path)
        .map_err(|error| GitHubError::Token(format!("could not read {}: {error}", path.display())))?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| unusable(path, "it is no private key in PEM form"))?;
    let pair = match &key {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        _ => return Err(unusable(path, "it is no RSA key")),
    };
    pair.map_err(|_| unusable(path, "it is no RSA key of 2048 bits or more"))
}

fn unusable(path: &Path, why: &str) -> GitHubError {
    GitHubError::Token(format!(
        "{} cannot be used as the key of a GitHub App: {why}",
        path.display()
    ))
}
