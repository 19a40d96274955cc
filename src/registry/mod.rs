//! The OCI client: auth, transport and budgets, manifests, blobs, referrers, tags, copy.
//!
//! One transport carries all requests of the program (one budget for a host, whoever asks). A [`Reader`] cannot write; a
//! [`Writer`] is made with permission only. oci-client serves for names of media types; its write path does not do here
//! what a promotion needs (it drops mounts that are not granted, and swallows errors of tokens and referrers).

mod answer;
mod attach;
mod attached;
mod auth;
mod budget;
mod call;
mod catalog;
mod completeness;
mod concurrency;
pub mod copy;
mod credentials;
mod current_deployment;
mod delete;
mod docker_config;
mod error;
mod exchange;
mod host;
mod host_cache;
mod image_cache;
mod image_summary;
mod images;
mod inventory;
mod manifest;
mod network_error;
mod old_form;
mod pages;
mod quota;
mod reader;
mod referrers;
mod referrers_list;
mod retry;
mod settings;
mod tls;
mod token;
mod transport;
mod unlisted;
mod writer;

use std::sync::Arc;

use reqwest::Method;

pub use attach::Evidence;
pub use attached::Attachment;
pub use completeness::{MissingContent, MissingFrom, Wholeness};
pub use current_deployment::CurrentDeployment;
pub use error::RegistryError;
pub use image_cache::ImageCache;
pub use images::ImageSummary;
pub use inventory::{BuiltAs, GoesWith, StoredManifest, attached_to};
pub use manifest::{Content, Descriptor, MANIFEST_LIMIT, Manifest};
pub use old_form::OldTag;
pub use reader::Reader;
pub use referrers::is_generic_type;
pub use settings::Settings;
pub use writer::{PutOutcome, TagOutcome, TagRule, Writer};

use crate::domain::{Repository, WriteAccess};
use auth::Scope;
use call::Call;
use transport::Transport;

/// All registries: one transport, one budget for a host, credentials as Docker and Podman keep them. Cheap to clone.
#[derive(Clone)]
pub struct Registries {
    transport: Arc<Transport>,
}

impl Registries {
    /// Registries as `settings` describe them. Nothing is asked yet.
    pub fn new(settings: Settings) -> Result<Self, RegistryError> {
        // Whoever comes first installs it; that it is there already is fine.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let transport = Transport::new(settings);
        Ok(Self {
            transport: Arc::new(transport),
        })
    }

    /// Reads `repository`.
    pub fn reader(&self, repository: &Repository) -> Reader {
        Reader {
            transport: Arc::clone(&self.transport),
            repository: repository.clone(),
            push: false,
            sent: Arc::default(),
        }
    }

    /// Writes to `repository`.
    pub fn writer(&self, repository: &Repository, _access: WriteAccess) -> Writer {
        Writer::new(Reader {
            push: true,
            ..self.reader(repository)
        })
    }

    /// Whether `host` is a registry that lets this user in: one request for its API's root.
    pub async fn ping(&self, host: &str) -> Result<(), RegistryError> {
        let scope = Scope::pull("");
        let answer = self
            .transport
            .send(host, Call::new(Method::GET, "/v2/", scope))
            .await?;
        match answer.status() {
            200 if answer.is_html() => Err(RegistryError::NotARegistry {
                host: host.to_owned(),
                why: "it returned a web page for /v2/".into(),
            }),
            200 => Ok(()),
            404 => Err(RegistryError::NotARegistry {
                host: host.to_owned(),
                why: "it has no /v2/".into(),
            }),
            _ => Err(answer.into_error("its API").await),
        }
    }
}
