//! Signing without a key of one's own, as the client specification of Sigstore has it
//! (<https://github.com/sigstore/architecture-docs/blob/main/client-spec.md>, section 3: signing): an ID token proves who signs, Fulcio
//! puts that into a certificate for a key that is thrown away, and a timestamp and a log prove when it was used.

mod der;
mod fulcio;
mod identity_token;
mod rekor;
mod service;
mod timestamp;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::sync::Mutex;
use url::Url;

use super::error::SignError;
use super::signature::Signature;
use super::trusted::TrustedSigner;
use fulcio::Certificate;
pub use identity_token::TokenSource;

/// The services that take part.
#[derive(Debug, Clone)]
pub struct KeylessServices {
    /// The certificate authority.
    pub fulcio: Url,
    /// The timestamp authority.
    pub timestamp: Url,
    /// The transparency log; none where timestamps are enough.
    pub rekor: Option<Url>,
    /// Whom the ID token is meant for.
    pub audience: String,
}

/// Signs as the identity that an ID token is of.
pub struct KeylessSigner {
    services: KeylessServices,
    tokens: TokenSource,
    trusted: TrustedSigner,
    /// The certificate of now: one is for many signatures.
    certificate: Mutex<Option<Arc<Certificate>>>,
}

impl KeylessSigner {
    /// Signs by `services` as whom `tokens` are of. What it signs has to be by `trusted`.
    pub fn new(services: KeylessServices, tokens: TokenSource, trusted: TrustedSigner) -> Self {
        Self {
            services,
            tokens,
            trusted,
            certificate: Mutex::new(None),
        }
    }

    /// By whom what it signs has to be.
    pub(super) const fn trusted(&self) -> &TrustedSigner {
        &self.trusted
    }

    /// Signs `message`.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let certificate = self.certificate().await?;
        let bytes = certificate.sign(message)?;
        let entry = async {
            match &self.services.rekor {
                None => Ok(None),
                Some(rekor) => rekor::enter(rekor, message, &bytes, certificate.der())
                    .await
                    .map(Some),
            }
        };
        let timestamp = timestamp::timestamp(&self.services.timestamp, &bytes);
        let (entry, timestamp) = tokio::try_join!(entry, timestamp)?;
        let mut material = json!({
            "certificate": { "rawBytes": STANDARD.encode(certificate.der()) },
            "timestampVerificationData": { "rfc3161Timestamps": [timestamp] },
        });
        if let Some(entry) = entry {
            material["tlogEntries"] = json!([entry]);
        }
        Ok(Signature { bytes, material })
    }

    async fn certificate(&self) -> Result<Arc<Certificate>, SignError> {
        let mut current = self.certificate.lock().await;
        if let Some(certificate) = current.as_ref().filter(|certificate| certificate.is_fresh()) {
            return Ok(Arc::clone(certificate));
        }
        let token = self.tokens.token(&self.services.audience).await?;
        let new = Arc::new(Certificate::request(&self.services.fulcio, &token).await?);
        *current = Some(Arc::clone(&new));
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::get;

    use super::*;

    /// A server that gives out an ID token, and repeats whatever else it is asked, as a Fulcio that wants to know would.
    async fn echo() -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/token", get(|| async { r#"{"value":"secret-id-token"}"# }))
            .fallback(|headers: HeaderMap, body: String| async move {
                (StatusCode::BAD_REQUEST, format!("{body} {headers:?}"))
            });
        tokio::spawn(async move { axum::serve(listener, router).await });
        address.parse().unwrap()
    }

    async fn failure(server: &Url, path: &str) -> SignError {
        let services = KeylessServices {
            fulcio: server.clone(),
            timestamp: server.clone(),
            rekor: None,
            audience: "sigstore".to_owned(),
        };
        let tokens = TokenSource::GitHub {
            url: server.join(path).unwrap(),
            token: "secret-request-token".to_owned().into(),
        };
        let key = crate::sign::fresh_key();
        let signer = KeylessSigner::new(services, tokens, TrustedSigner::Key(key.public().clone()));
        signer.sign(b"message").await.err().unwrap()
    }

    #[tokio::test]
    async fn no_answer_brings_a_token_back_into_an_error() {
        let server = echo().await;
        for (path, name) in [("token", "Fulcio"), ("elsewhere", "GitHub's token service")] {
            let error = failure(&server, path).await;
            let said = format!("{error} {error:?}");
            assert!(said.contains(name) && said.contains("***"), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
