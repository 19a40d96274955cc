//! What registries do wrong, or say no to.

use std::error::Error as _;
use std::time::Duration;

use crate::domain::{Digest, Exit, clean_line};

/// Why a registry did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No connection.
    #[error("could not reach registry {host}: {why}")]
    Unreachable {
        /// The registry.
        host: String,
        /// Why, as the network says it.
        why: String,
    },
    /// Its certificate is not trusted.
    #[error("the certificate of registry {host} is not trusted: {why}")]
    Untrusted {
        /// The registry.
        host: String,
        /// Why, as TLS says it.
        why: String,
    },
    /// It asks for a certificate of the client, and got none or another than it knows.
    #[error("registry {host} requires a client certificate: {why}")]
    NoClientCertificate {
        /// The registry.
        host: String,
        /// Why, as TLS says it.
        why: String,
    },
    /// It did not answer in time.
    #[error("registry {host} did not answer within {patience:?}")]
    Slow {
        /// The registry.
        host: String,
        /// How long was waited.
        patience: Duration,
    },
    /// Something answers, but no registry.
    #[error("{host} does not behave like a registry: {why}")]
    NotARegistry {
        /// The host.
        host: String,
        /// What it did instead.
        why: String,
    },
    /// It wants credentials, or refuses those that it got.
    #[error("registry {host} {why}{}", because(.message))]
    Unauthorised {
        /// The registry.
        host: String,
        /// `wants credentials for …` or `refuses the credentials for …`.
        why: String,
        /// Its own words, if it had any.
        message: String,
    },
    /// A place that the registry led to, as a storage of blobs, did not give what was asked for.
    #[error("the storage {storage} of registry {host} returned {status} for {what}")]
    Elsewhere {
        /// The registry.
        host: String,
        /// The place: scheme, host and port.
        storage: String,
        /// What was asked for.
        what: String,
        /// What it answered.
        status: u16,
    },
    /// The credentials could not be had.
    #[error("no credentials for registry {host}: {why}")]
    Credentials {
        /// The registry.
        host: String,
        /// What the configuration or the helper said.
        why: String,
    },
    /// What was asked for is not there.
    #[error("{what} not found in {host}")]
    NotFound {
        /// The registry.
        host: String,
        /// What is missing.
        what: String,
    },
    /// An immutable tag has another digest.
    #[error("tag {tag} already points to {found}; an immutable tag cannot be moved to {wanted}")]
    TagTaken {
        /// The tag, in full.
        tag: String,
        /// What it is.
        found: Digest,
        /// What it should have become.
        wanted: Digest,
    },
    /// It lists no repositories.
    #[error(
        "registry {host} does not list repositories{} (GET /v2/_catalog returned {status})",
        if *.denied { " with these credentials" } else { "" }
    )]
    NoCatalog {
        /// The registry.
        host: String,
        /// What it answered.
        status: u16,
        /// Whether others may see the list.
        denied: bool,
    },
    /// It does not delete such a thing.
    #[error("registry {host} refused to delete {what} ({status}{})", because(.message))]
    NotDeleted {
        /// The registry.
        host: String,
        /// What should have gone.
        what: String,
        /// Whether that was a tag.
        is_tag: bool,
        /// The HTTP status.
        status: u16,
        /// Its own words, if it had any.
        message: String,
    },
    /// Another answer than the protocol has.
    #[error("registry {host} returned {status} for {request}{}", because(.message))]
    Status {
        /// The registry.
        host: String,
        /// Method and path.
        request: String,
        /// The HTTP status.
        status: u16,
        /// Its own words, if it had any.
        message: String,
    },
    /// More bytes than such a thing may have.
    #[error("{what} in {host} has {size} bytes, more than the limit of {limit}")]
    TooLarge {
        /// The registry.
        host: String,
        /// Which.
        what: String,
        /// How large it says it is.
        size: u64,
        /// The most that is taken.
        limit: u64,
    },
    /// The bytes are not the ones that were named.
    #[error("digest mismatch for {what}: {host} returned {found}")]
    DigestMismatch {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The digest of what came.
        found: String,
    },
    /// A manifest that cannot be understood.
    #[error("{what} in {host} {why}")]
    Malformed {
        /// The registry.
        host: String,
        /// Which.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The connection broke in the middle.
    #[error("the connection to {host} was lost during {request}: {why}")]
    Broken {
        /// The registry.
        host: String,
        /// What was under way.
        request: String,
        /// Why.
        why: String,
    },
    /// A copy that should be whole is not.
    #[error("{what} disappeared from {host}: it was pushed or seen there before")]
    Incomplete {
        /// The registry.
        host: String,
        /// What is missing.
        what: String,
    },
    /// Evidence is at the target, but not on the list that it is found by.
    #[error("{} could not be listed at {list}: {why}", listing(.entries))]
    Unlisted {
        /// The registry.
        host: String,
        /// The tag of the list.
        list: String,
        /// What is missing on it.
        entries: Vec<String>,
        /// Whether the registry refused to take the list.
        is_refused: bool,
        /// Why.
        why: String,
    },
    /// The settings cannot be carried out.
    #[error("invalid registry settings for {host}: {why}")]
    Settings {
        /// The host, or `all`.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// Cancelled from outside.
    #[error("interrupted")]
    Interrupted,
}

fn listing(entries: &[String]) -> String {
    match entries {
        [] => "a change".to_owned(),
        [one] => format!("the referrer {one}"),
        several => format!("{} referrers ({})", several.len(), several.join(", ")),
    }
}

fn because(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

impl RegistryError {
    /// The exit code that it leads to.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unauthorised { .. }
            | Self::Credentials { .. }
            | Self::NoClientCertificate { .. }
            | Self::NoCatalog { denied: true, .. } => Exit::NotAuthorised,
            Self::NotFound { .. } => Exit::NotFound,
            Self::TagTaken { .. } | Self::Unlisted { is_refused: true, .. } => Exit::Conflict,
            Self::Settings { .. } => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            Self::Broken { .. } | Self::Incomplete { .. } | Self::Unlisted { .. } => Exit::Incomplete,
            Self::Unreachable { .. }
            | Self::Untrusted { .. }
            | Self::Slow { .. }
            | Self::NotARegistry { .. }
            | Self::Status { .. }
            | Self::Elsewhere { .. }
            | Self::NoCatalog { .. }
            | Self::NotDeleted { .. }
            | Self::TooLarge { .. }
            | Self::DigestMismatch { .. }
            | Self::Malformed { .. } => Exit::Failed,
        }
    }

    /// What to do now.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Unreachable { host, .. } => {
                return Some(format!(
                    "check the name and that {host} is up; `windlass doctor` checks every registry"
                ));
            }
            Self::Untrusted { host, .. } => {
                return Some(format!(
                    "if it is signed by a private authority, set `ca_file` in [registry.\"{host}\"] of windlass.toml \
                     to its certificate"
                ));
            }
            Self::NoClientCertificate { host, .. } => {
                return Some(format!(
                    "set `client_cert` and `client_key` in [registry.\"{host}\"] of windlass.toml"
                ));
            }
            Self::Slow { .. } => "try again; if it stays slow, check the health of the registry",
            Self::NotARegistry { .. } => {
                "check the host in windlass.toml; a proxy or web page may be answering in its place"
            }
            Self::Unauthorised { host, .. } => {
                return Some(format!(
                    "log in with `docker login {host}` (or podman, or a credential helper)"
                ));
            }
            Self::NoCatalog { .. } => {
                "many registries list repositories only for administrators, or not at all: find the name in the \
                 web interface of the registry, then run `windlass registry tags HOST/PATH`"
            }
            Self::NotDeleted { is_tag: true, .. } => {
                "nothing was deleted: deleting the digest would delete all its tags. Many registries delete tags \
                 only if an administrator allows it, or in their web interface"
            }
            Self::NotDeleted { .. } => {
                "many registries delete only if an administrator allows it (distribution: \
                 `storage.delete.enabled`), or in their web interface"
            }
            Self::Credentials { .. } => "run the credential helper directly, or log in again",
            Self::NotFound { .. } => {
                "check the name, or list the tags with `windlass registry tags HOST/PATH`"
            }
            Self::TagTaken { .. } => {
                "find out who pushed that tag; windlass never overwrites an immutable tag"
            }
            Self::TooLarge { .. } | Self::Malformed { .. } => {
                "inspect it with another tool; windlass does not copy it"
            }
            Self::DigestMismatch { .. } => {
                "do not use it: the registry, or a proxy in front of it, changes content"
            }
            Self::Broken { .. } | Self::Incomplete { .. } => {
                "run the same command again: what was copied is kept"
            }
            Self::Unlisted { is_refused: true, .. } => {
                "the registry has no referrers API and does not allow updates of the referrers tag: exempt tags \
                 that start with `sha256-` from its tag immutability rule, then run the command again"
            }
            Self::Unlisted { .. } => "run the command again: what is already listed is kept",
            Self::Settings { .. } => "fix windlass.toml",
            Self::Status { .. } => "see the log of the registry",
            Self::Elsewhere { .. } => {
                "logging in does not help: check that the storage is reachable from here, and that the registry \
                 has access to it"
            }
            Self::Interrupted => "run the same command again to resume",
        };
        Some(text.to_owned())
    }

    /// Whether only the manifest that was read is in order or not, rather than the registry.
    pub const fn is_of_one_manifest(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. }
                | Self::TooLarge { .. }
                | Self::DigestMismatch { .. }
                | Self::Malformed { .. }
        )
    }

    /// The same failure of the network, of a place that the registry led to.
    pub(super) fn of_host(mut self, place: &reqwest::Url) -> Self {
        if let Self::Unreachable { host, .. }
        | Self::Untrusted { host, .. }
        | Self::NoClientCertificate { host, .. }
        | Self::Slow { host, .. }
        | Self::Broken { host, .. } = &mut self
        {
            *host = format!(
                "{} (a redirect from {host})",
                place.origin().ascii_serialization()
            );
        }
        self
    }

    /// Whether nobody answered in time.
    pub(super) const fn is_slow(&self) -> bool {
        matches!(self, Self::Slow { .. })
    }

    /// Whether the thing asked for simply is not there.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

/// The innermost cause of an error: what wraps it says only that something failed, and may repeat addresses.
pub(super) fn deepest(error: &reqwest::Error) -> String {
    let mut why = String::new();
    let mut source: Option<&dyn std::error::Error> = error.source();
    while let Some(cause) = source {
        why = cause.to_string();
        source = cause.source();
    }
    clean_line(&if why.is_empty() { error.to_string() } else { why })
}
