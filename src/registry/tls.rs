//! TLS with one host: whom it is believed, and who we say that we are.

use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::domain::HostSettings;
use crate::http::{system_roots, tls_builder};

/// How TLS is spoken with a host, its client certificate shown to those who ask if that is `ours` to show. Reads files.
pub(super) fn config(settings: &HostSettings, ours: bool) -> Result<ClientConfig, String> {
    let mut roots = system_roots().clone();
    if let Some(path) = &settings.ca_file {
        for certificate in certificates("ca_file", path)? {
            roots
                .add(certificate)
                .map_err(|error| format!("ca_file {}: {error}", path.display()))?;
        }
    }
    if roots.is_empty() {
        return Err(
            "no certificate authorities are installed on this machine, and `ca_file` is not set".to_owned(),
        );
    }
    let builder = tls_builder()?.with_root_certificates(roots);
    let mut config = match settings.client_cert.as_ref().filter(|_| ours) {
        Some(chain) => {
            let key = match &settings.client_key {
                Some(key) => private_key("client_key", key)?,
                None => private_key("client_cert", chain)?,
            };
            builder
                .with_client_auth_cert(certificates("client_cert", chain)?, key)
                .map_err(|error| format!("client_cert {} and its key: {error}", chain.display()))?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// For clients that never speak it: no authority is believed.
pub(super) fn unused() -> Result<ClientConfig, String> {
    Ok(tls_builder()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let fail = |why: &dyn std::fmt::Display| format!("{key} {}: {why}", path.display());
    let pem = std::fs::read(path).map_err(|error| fail(&error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let found = found.map_err(|_| fail(&"it is not a PEM file"))?;
    if found.is_empty() {
        return Err(fail(&"it contains no certificate"));
    }
    Ok(found)
}

fn private_key(name: &str, path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let fail = |why: &dyn std::fmt::Display| format!("{name} {}: {why}", path.display());
    let pem = std::fs::read(path).map_err(|error| fail(&error))?;
    // What is said of a key that cannot be read is left out: it may be of the key itself.
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| fail(&"it contains no private key, or an encrypted one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_hold_something_else_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let settings = HostSettings {
            ca_file: Some(path.clone()),
            ..HostSettings::default()
        };
        let missing = config(&settings, true).unwrap_err();
        assert!(
            missing.starts_with("ca_file ") && missing.contains("ca.pem"),
            "{missing}"
        );
        std::fs::write(&path, "nothing of the kind").unwrap();
        let empty = config(&settings, true).unwrap_err();
        assert!(empty.contains("no certificate"), "{empty}");
        let keyless = HostSettings {
            client_cert: Some(path),
            ..HostSettings::default()
        };
        let keyless = config(&keyless, true).unwrap_err();
        assert!(keyless.contains("no private key"), "{keyless}");
    }
}
