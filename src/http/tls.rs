//! TLS as this machine has it: whom it believes, and what every client has in common.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use url::Url;

/// The certificates of the system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`. Read when they are first needed, which for
/// hosts without TLS is never, and once in the life of the program.
pub fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "some certificates of the system cannot be read");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        roots
    })
}

/// Where the configuration of a client begins.
pub fn tls_builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())
}

/// The configuration of a client that believes whom the system believes; nobody for a URL that needs no TLS.
pub fn tls(url: &Url) -> Result<ClientConfig, String> {
    let roots = if url.scheme() == "https" {
        let roots = system_roots();
        if roots.is_empty() {
            return Err("this machine has no certificates of authorities".to_owned());
        }
        roots.clone()
    } else {
        RootCertStore::empty()
    };
    Ok(tls_builder()?.with_root_certificates(roots).with_no_client_auth())
}
