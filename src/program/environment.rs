//! Which of our own environment variables a program is given: named ones only, so that a token or a password that happens
//! to be set reaches nobody who has no use for it.

use std::ffi::OsString;

use crate::domain::matches_variable;

/// What every program may see: where things are, which language, and the way to the network.
const EVERYONE: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TMPDIR",
    "XDG_*",
    "CI",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NIX_SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
];

/// The way to the user's desktop, for programs that ask or show something there.
const DESKTOP: &[&str] = &[
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// How git finds its configuration, keys and credentials; what names a helper is the user's own configuration.
const GIT: &[&str] = &[
    "GIT_*",
    "SSH_*",
    "GPG_*",
    "GNUPGHOME",
    "EMAIL",
    "GH_*",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "AWS_*",
];

/// Where builders and tools of containers have their daemon, storage and credentials.
const CONTAINERS: &[&str] = &[
    "DOCKER_*",
    "BUILDX_*",
    "BUILDKIT_*",
    "BUILDAH_*",
    "PODMAN_*",
    "CONTAINER_*",
    "CONTAINERS_*",
    "_CONTAINERS_*",
    "STORAGE_*",
    "REGISTRY_AUTH_FILE",
    "SOURCE_DATE_EPOCH",
];

/// Where Trivy keeps its databases and how it is let in. All others of its own could change what it reports.
const TRIVY: &[&str] = &[
    "DOCKER_CONFIG",
    "TRIVY_CACHE_DIR",
    "TRIVY_DB_REPOSITORY",
    "TRIVY_JAVA_DB_REPOSITORY",
    "TRIVY_USERNAME",
    "TRIVY_PASSWORD",
    "TRIVY_REGISTRY_TOKEN",
    "TRIVY_INSECURE",
    "TRIVY_CACERT",
    "TRIVY_SKIP_DB_UPDATE",
    "TRIVY_SKIP_JAVA_DB_UPDATE",
    "TRIVY_SKIP_VERSION_CHECK",
    "TRIVY_OFFLINE_SCAN",
];

/// How helpers of registries prove to a cloud who the user is.
const CLOUDS: &[&str] = &[
    "AWS_*",
    "AZURE_*",
    "GOOGLE_*",
    "CLOUDSDK_*",
    "GCR_*",
    "ACR_*",
    "ECR_*",
    "PASSWORD_STORE_*",
    "GPG_*",
    "GNUPGHOME",
];

/// What kind of program is started, which decides what it may see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Audience {
    /// Any other: nothing but the harmless variables.
    #[default]
    Anyone,
    /// git, with ssh and its helpers.
    Git,
    /// Trivy.
    Trivy,
    /// A builder, or another tool of containers.
    Containers,
    /// A helper that hands out a registry's credentials.
    CredentialHelper,
    /// A browser.
    Desktop,
}

impl Audience {
    fn lists(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Anyone => &[EVERYONE],
            Self::Git => &[EVERYONE, DESKTOP, GIT],
            Self::Trivy => &[EVERYONE, TRIVY],
            Self::Containers => &[EVERYONE, CONTAINERS],
            Self::CredentialHelper => &[EVERYONE, DESKTOP, CONTAINERS, CLOUDS],
            Self::Desktop => &[EVERYONE, DESKTOP],
        }
    }

    /// Whether it may see the variable `name`.
    pub fn sees(self, name: &str) -> bool {
        // What windlass signs with is nobody else's business, whatever list may come to name it.
        !matches!(name, "COSIGN_PASSWORD" | "SIGSTORE_ID_TOKEN")
            && self
                .lists()
                .iter()
                .flat_map(|list| *list)
                .any(|pattern| matches_variable(pattern, name))
    }

    /// The variables of this process that it may see.
    pub fn variables(self) -> Vec<(OsString, OsString)> {
        std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(|name| self.sees(name)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_passwords_reach_only_those_who_need_them() {
        let all = [
            Audience::Anyone,
            Audience::Git,
            Audience::Trivy,
            Audience::Containers,
            Audience::CredentialHelper,
            Audience::Desktop,
        ];
        let who_sees = |name: &str| {
            all.iter()
                .filter(|audience| audience.sees(name))
                .copied()
                .collect::<Vec<_>>()
        };
        assert_eq!(who_sees("PATH"), all);
        assert_eq!(who_sees("COSIGN_PASSWORD"), []);
        assert_eq!(who_sees("SIGSTORE_ID_TOKEN"), []);
        assert_eq!(who_sees("WINDLASS_TRUST"), []);
        assert_eq!(who_sees("NPM_TOKEN"), []);
        assert_eq!(who_sees("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), []);
        assert_eq!(who_sees("GH_TOKEN"), [Audience::Git]);
        assert_eq!(
            who_sees("AWS_SECRET_ACCESS_KEY"),
            [Audience::Git, Audience::CredentialHelper]
        );
        assert_eq!(
            who_sees("DOCKER_CONFIG"),
            [Audience::Trivy, Audience::Containers, Audience::CredentialHelper]
        );
        // What would change the verdict of the scanner.
        assert_eq!(who_sees("TRIVY_SEVERITY"), []);
        assert_eq!(who_sees("TRIVY_CACHE_DIR"), [Audience::Trivy]);
    }
}
