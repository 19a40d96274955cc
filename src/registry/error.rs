//! What registries do wrong, or say no to.

use std::time::Duration;

use crate::domain::{Digest, Exit};

/// Why a registry did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No connection.
    #[error("registry {host} cannot be reached: {why}")]
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
    #[error("registry {host} wants a client certificate that it knows: {why}")]
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
    #[error("{host} answers, but not as a registry: {why}")]
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
    #[error("{storage}, where registry {host} keeps {what}, answered {status}")]
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
    #[error("{what} is not in {host}")]
    NotFound {
        /// The registry.
        host: String,
        /// What is missing.
        what: String,
    },
    /// An immutable tag has another digest.
    #[error("tag {tag} is {found} already, and an immutable tag never moves to {wanted}")]
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
        "registry {host} lists no repositories{} (it answered {status} to GET /v2/_catalog)",
        if *.denied { " to these credentials" } else { "" }
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
    #[error("registry {host} does not delete {what} (it answered {status}{})", because(.message))]
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
    #[error("registry {host} answered {status} to {request}{}", because(.message))]
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
    #[error("{what} in {host} has {size} bytes, more than the {limit} that are accepted")]
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
    #[error("{host} sent other bytes for {what}: they are {found}")]
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
    #[error("the connection to {host} broke during {request}: {why}")]
    Broken {
        /// The registry.
        host: String,
        /// What was under way.
        request: String,
        /// Why.
        why: String,
    },
    /// A copy that should be whole is not.
    #[error("{what} is not in {host}, though it was put there or seen there before")]
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
    #[error("registry settings of {host}: {why}")]
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
                    "check the name and that {host} is up; `windlass doctor` asks every registry"
                ));
            }
            Self::Untrusted { host, .. } => {
                return Some(format!(
                    "if an authority of your own signed it, name that one's certificate: `ca_file` in \
                     [registry.\"{host}\"] of windlass.toml"
                ));
            }
            Self::NoClientCertificate { host, .. } => {
                return Some(format!(
                    "name yours: `client_cert` and `client_key` in [registry.\"{host}\"] of windlass.toml"
                ));
            }
            Self::Slow { .. } => "try again; if it stays slow, look at the registry's own health",
            Self::NotARegistry { .. } => {
                "check the host in windlass.toml; a proxy or a web page may stand in its place"
            }
            Self::Unauthorised { host, .. } => {
                return Some(format!(
                    "log in with `docker login {host}` (or podman, or a credential helper)"
                ));
            }
            Self::NoCatalog { .. } => {
                "many registries show the list to administrators only, or have none: look for the name in the \
                registry's own pages, then `windlass registry tags HOST/PATH`"
            }
            Self::NotDeleted { is_tag: true, .. } => {
                "nothing was deleted: the digest is left alone, since all its tags would go with it. Many registries \
                delete tags only where an administrator allows it, or in their own pages"
            }
            Self::NotDeleted { .. } => {
                "many registries delete only where an administrator allows it \
                (distribution: `storage.delete.enabled`), or in their own pages"
            }
            Self::Credentials { .. } => "run the credential helper by itself, or log in again",
            Self::NotFound { .. } => "check the name; `windlass registry tags HOST/PATH` lists what is there",
            Self::TagTaken { .. } => "find out who pushed that tag; windlass never overwrites it",
            Self::TooLarge { .. } | Self::Malformed { .. } => {
                "look at it with another tool; windlass does not move it"
            }
            Self::DigestMismatch { .. } => {
                "do not use it: the registry, or something before it, changes content"
            }
            Self::Broken { .. } | Self::Incomplete { .. } => {
                "give the same command again: what has arrived is kept"
            }
            Self::Unlisted { is_refused: true, .. } => {
                "the registry has no referrers API, and does not let the tag of its list of referrers move: exempt tags \
                 that begin with `sha256-` from its rule of immutable tags, then run the command again"
            }
            Self::Unlisted { .. } => "run the command again: what is listed already stays",
            Self::Settings { .. } => "correct windlass.toml",
            Self::Status { .. } => "the registry's own log says more",
            Self::Elsewhere { .. } => {
                "logging in does not help here: check that the storage can be reached from here, and that the registry's \
                 own access to it is in order"
            }
            Self::Interrupted => "give the same command again to go on",
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
            *host = format!("{} (to which {host} leads)", place.origin().ascii_serialization());
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
