//! The address of a proxy, which may hold a password.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// The address of an HTTP proxy: `http://proxy.example.com:3128`, perhaps with `user:password@`. Shown without these two.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress(Url);

/// Why an address is not one of a proxy. The address is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a proxy URL, which starts with http:// or https:// and has no path")]
pub struct ProxyAddressError;

impl ProxyAddress {
    /// The whole address, with the password if it has one.
    pub const fn expose(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ProxyAddress {
    type Err = ProxyAddressError;

    fn from_str(text: &str) -> Result<Self, ProxyAddressError> {
        let url: Url = text.trim().parse().map_err(|_| ProxyAddressError)?;
        let is_plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain {
            Ok(Self(url))
        } else {
            Err(ProxyAddressError)
        }
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let address: ProxyAddress = "http://ana:hidden@proxy.example.com:3128".parse().unwrap();
        assert_eq!(address.to_string(), "http://proxy.example.com:3128");
        assert_eq!(
            format!("{address:?}"),
            "ProxyAddress(http://proxy.example.com:3128)"
        );
        assert_eq!(address.expose().password(), Some("hidden"));
    }

    #[test]
    fn only_addresses_of_http_proxies_are_taken() {
        for bad in [
            "proxy.example.com:3128",
            "socks5://proxy.example.com",
            "http://proxy.example.com/path",
            "",
        ] {
            assert_eq!(bad.parse::<ProxyAddress>(), Err(ProxyAddressError), "{bad}");
        }
    }
}
