//! The address of a service that is asked or told over HTTP.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::{EnvironmentName, ServiceName};

/// An address, perhaps with `{service}` and `{environment}` in it: `https://deploy.example.com/{environment}/{service}`. With
/// TLS, or on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

/// Why an address is not one. It is not repeated: it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is no address.
    #[error("is not a URL such as https://deploy.example.com/{{service}}")]
    NoAddress,
    /// It has a user or a password.
    #[error("must not hold a user name or a password: use a file for secrets")]
    HasUser,
    /// It is plain HTTP, and not on this machine.
    #[error("must begin with https://; plain http:// is for loopback only")]
    NoTls,
    /// It has a name in braces that is not known.
    #[error("may hold {{service}} and {{environment}}, and no other name in braces")]
    UnknownName,
}

impl Endpoint {
    /// The address for one service in one environment.
    ///
    /// # Errors
    /// When the names make no address of it.
    pub fn url(&self, service: &ServiceName, environment: &EnvironmentName) -> Result<Url, EndpointError> {
        filled(&self.0, service.as_str(), environment.as_str())
    }

    /// The address for one service, of an address that does not tell environments apart.
    ///
    /// # Errors
    /// When the name makes no address of it.
    pub fn service_url(&self, service: &ServiceName) -> Result<Url, EndpointError> {
        filled(&self.0, service.as_str(), "environment")
    }

    /// Whether it tells environments apart.
    pub fn has_environment(&self) -> bool {
        self.0.contains("{environment}")
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        filled(text, "service", "environment")?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn filled(text: &str, service: &str, environment: &str) -> Result<Url, EndpointError> {
    let text = text
        .replace("{service}", service)
        .replace("{environment}", environment);
    if text.contains(['{', '}']) {
        return Err(EndpointError::UnknownName);
    }
    let url: Url = text.parse().map_err(|_| EndpointError::NoAddress)?;
    if !url.has_host() || url.fragment().is_some() {
        return Err(EndpointError::NoAddress);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointError::HasUser);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(EndpointError::NoTls),
        _ => Err(EndpointError::NoAddress),
    }
}

/// Whether an address is of this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether two addresses are of the same host, port and scheme.
pub fn is_same_host(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_tls_or_is_on_loopback_and_names_only_what_is_known() {
        for good in [
            "https://deploy.example.com/{environment}/{service}?full=1",
            "https://{service}.example.com",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/",
            "http://localhost/",
        ] {
            good.parse::<Endpoint>().unwrap();
        }
        for (bad, why) in [
            ("", EndpointError::NoAddress),
            ("deploy.example.com", EndpointError::NoAddress),
            ("ftp://deploy.example.com", EndpointError::NoAddress),
            ("http://deploy.example.com", EndpointError::NoTls),
            ("http://127.0.0.1.example.com", EndpointError::NoTls),
            ("http://{service}/", EndpointError::NoTls),
            ("https://ana:hidden@deploy.example.com", EndpointError::HasUser),
            ("https://deploy.example.com/{tag}", EndpointError::UnknownName),
        ] {
            assert_eq!(bad.parse::<Endpoint>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn the_names_stand_where_the_braces_were() {
        let endpoint: Endpoint = "https://{service}.example.com/{environment}".parse().unwrap();
        let url = endpoint.url(&"shop".parse().unwrap(), &"prod".parse().unwrap());
        assert_eq!(url.unwrap().as_str(), "https://shop.example.com/prod");
    }
}
