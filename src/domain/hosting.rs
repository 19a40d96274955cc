//! Where a repository is hosted: the address of the host's API, and what the host calls the repository.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use super::is_loopback;

/// What a host of repositories calls one: `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

/// Why a text is not the name of a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a repository of the form `owner/name`")]
pub struct RepositoryNameError(String);

impl RepositoryName {
    /// The user or organisation.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name without the owner.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for RepositoryName {
    type Err = RepositoryNameError;

    fn from_str(text: &str) -> Result<Self, RepositoryNameError> {
        let fine = |part: &str| {
            let letters = part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            letters && !part.is_empty() && part.len() <= 100 && !part.bytes().all(|b| b == b'.')
        };
        match text.split_once('/') {
            Some((owner, name)) if fine(owner) && fine(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(RepositoryNameError(
                super::clean_line(text).chars().take(80).collect(),
            )),
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

super::serde_as_text!(RepositoryName);

/// A GitHub App that requests are authorised by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubApp {
    /// Its client id, or its id.
    pub id: String,
    /// Its installation; that of the repository if none is named.
    pub installation: Option<u64>,
    /// The file with its private key (PEM).
    pub key_file: PathBuf,
}

/// The address of an API that is sent a token: over TLS, or to this machine itself. It ends without a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiAddress(Url);

/// Why an address is not one of an API. The address is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiAddressError {
    /// No address, or more than one.
    #[error("is not an API URL such as https://github.example.com/api/v3")]
    NoAddress,
    /// The token would go over the network for all to read.
    #[error("must start with https://, because a token is sent there")]
    NoTls,
}

impl ApiAddress {
    /// The host and, where it is not the usual one, the port.
    pub fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The address.
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ApiAddress {
    type Err = ApiAddressError;

    fn from_str(text: &str) -> Result<Self, ApiAddressError> {
        let text = text.trim().trim_end_matches('/');
        let url: Url = text.parse().map_err(|_| ApiAddressError::NoAddress)?;
        let is_bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            _ if !url.has_host() || !is_bare => Err(ApiAddressError::NoAddress),
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(ApiAddressError::NoTls),
            _ => Err(ApiAddressError::NoAddress),
        }
    }
}

impl fmt::Display for ApiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_an_owner_and_a_name() {
        let name: RepositoryName = "acme/payment.svc_2".parse().unwrap();
        assert_eq!((name.owner(), name.name()), ("acme", "payment.svc_2"));
        assert_eq!(name.to_string(), "acme/payment.svc_2");
        for bad in [
            "acme", "acme/", "/a", "acme/a/b", "acme/..", "ac me/a", "acme/a?b", "",
        ] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_never_sent_in_the_clear_to_another_machine() {
        for (text, shown) in [
            ("https://api.github.com", "https://api.github.com"),
            (
                "https://ghe.example.com/api/v3/",
                "https://ghe.example.com/api/v3",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:80/api", "http://[::1]/api"),
        ] {
            assert_eq!(text.parse::<ApiAddress>().unwrap().to_string(), shown);
        }
        let no_tls = "http://ghe.example.com".parse::<ApiAddress>();
        assert_eq!(no_tls, Err(ApiAddressError::NoTls));
        for bad in [
            "api.github.com",
            "https://",
            "https://me:secret@api.github.com",
            "https://api.github.com?x=1",
            "ftp://api.github.com",
        ] {
            assert_eq!(
                bad.parse::<ApiAddress>(),
                Err(ApiAddressError::NoAddress),
                "{bad}"
            );
        }
    }
}
