//! What the network or TLS says that went wrong, in words that a person can act upon.

use std::error::Error;

use rustls::AlertDescription;

use super::error::{RegistryError, deepest};
use super::host::Host;

/// What a failed exchange was, in words that a person can act upon.
pub(super) fn of_network(host: &Host, error: &reqwest::Error, request: &str) -> RegistryError {
    let name = host.name.clone();
    let mut why = deepest(error);
    match of_tls(error) {
        Some(rustls::Error::InvalidCertificate(_)) => return RegistryError::Untrusted { host: name, why },
        Some(rustls::Error::InvalidMessage(_)) => {
            return RegistryError::NotARegistry {
                host: name,
                why: "it does not support TLS, and `plain_http` is not set for it".to_owned(),
            };
        }
        Some(rustls::Error::AlertReceived(alert)) if asks_for_certificate(*alert) => {
            return RegistryError::NoClientCertificate { host: name, why };
        }
        _ => {}
    }
    if !error.is_connect() {
        return RegistryError::Broken {
            host: name,
            request: request.to_owned(),
            why,
        };
    }
    if error.is_timeout() {
        return RegistryError::Slow {
            host: name,
            patience: host.connect_timeout,
        };
    }
    if let Some(proxy) = host.proxy() {
        why = format!("{why} (through the proxy {proxy})");
    }
    RegistryError::Unreachable { host: name, why }
}

/// What TLS says was wrong, if it was that.
fn of_tls(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        // Such an error hides what it holds: its source is the source of that.
        let held = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        source = match held {
            Some(held) => Some(held),
            None => cause.source(),
        };
    }
    None
}

/// How servers say that they want a certificate, or another one.
const fn asks_for_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}
