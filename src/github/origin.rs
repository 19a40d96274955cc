//! Which repository of GitHub a remote is, by its address.

use super::error::GitHubError;
use crate::domain::{ApiAddress, ApiAddressError, RepositoryName};

const PUBLIC_API: &str = "https://api.github.com";

/// The API of github.com.
pub(super) fn public_api() -> Result<ApiAddress, GitHubError> {
    PUBLIC_API
        .parse()
        .map_err(|error: ApiAddressError| GitHubError::Settings(error.to_string()))
}

/// The host whose pages these are, which is how `gh` knows it.
pub(super) fn host_of_pages(api: &ApiAddress) -> String {
    let answers = api.authority();
    answers.strip_prefix("api.").unwrap_or(&answers).to_owned()
}

/// The repository at `address`, a page such as `https://github.com/acme/app`, if `api` is that of its host.
pub(super) fn repository(address: &str, api: &ApiAddress) -> Option<RepositoryName> {
    let (_, rest) = address.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let host = host.to_ascii_lowercase();
    // ssh.github.com is github.com where only the port of TLS is open.
    let host = host.strip_prefix("ssh.").unwrap_or(&host);
    let host = host.strip_prefix("www.").unwrap_or(host);
    if host != host_of_pages(api) && host != api.url().host_str()? {
        return None;
    }
    path.trim_end_matches('/').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_is_on_github_by_its_host_and_the_form_of_its_path() {
        let public = public_api().unwrap();
        let server: ApiAddress = "https://ghe.example.com/api/v3".parse().unwrap();
        let named = |address: &str, api: &ApiAddress| repository(address, api).map(|name| name.to_string());
        for address in [
            "https://github.com/acme/app",
            "https://GitHub.com/acme/app/",
            "https://ssh.github.com/acme/app",
        ] {
            assert_eq!(named(address, &public).as_deref(), Some("acme/app"), "{address}");
        }
        for address in [
            "https://gitlab.com/acme/app",
            "https://github.com/acme",
            "https://github.com/acme/group/app",
            "https://github.com.evil.example/acme/app",
            "https://notgithub.com/acme/app",
            "/srv/git/app.git",
        ] {
            assert_eq!(named(address, &public), None, "{address}");
        }
        assert_eq!(
            named("https://ghe.example.com/acme/app", &server).as_deref(),
            Some("acme/app")
        );
        assert_eq!(named("https://github.com/acme/app", &server), None);
        let tenant: ApiAddress = "https://api.octo.ghe.com".parse().unwrap();
        assert_eq!(
            named("https://octo.ghe.com/acme/app", &tenant).as_deref(),
            Some("acme/app")
        );
    }
}
