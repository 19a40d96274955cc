//! Where `windlass watch` posts what it sees.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Output;
use super::failure::Failure;
use crate::domain::{DriftChange, Endpoint, Notification, NotifySettings, count};
use crate::http::{deliver, read_secret};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a look waits until what it saw is delivered.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// The most changes that wait; of more, the oldest are given up.
const MAX_WAITING: usize = 200;

/// A webhook, and what is yet to be delivered to it.
pub struct Webhook {
    target: Target,
    secret: Option<SecretString>,
    waiting: VecDeque<(Url, Vec<u8>)>,
}

enum Target {
    /// Given to the command.
    Argument(Endpoint),
    /// One of windlass.toml.
    Configured(NotifySettings),
}

impl Webhook {
    /// A webhook at `endpoint`, told with the signature of the secret in a file.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub fn new(endpoint: &Endpoint, secret_file: Option<&Path>) -> Result<Self, Failure> {
        let target = Target::Argument(endpoint.clone());
        Self::with_secret(target, secret_file, "check --webhook-secret-file")
    }

    /// A webhook of windlass.toml.
    ///
    /// # Errors
    /// When its secret cannot be read.
    pub fn configured(settings: &NotifySettings) -> Result<Self, Failure> {
        let target = Target::Configured(settings.clone());
        let secret_file = settings.secret_file.as_deref();
        Self::with_secret(target, secret_file, "check `secret_file` of [[notify]]")
    }

    fn with_secret(target: Target, file: Option<&Path>, hint: &str) -> Result<Self, Failure> {
        let secret = file.map(read_secret).transpose();
        Ok(Self {
            target,
            secret: secret.map_err(|why| Failure::usage(why, hint))?,
            waiting: VecDeque::new(),
        })
    }

    /// Adds a change that is to be delivered, if the webhook is told of it.
    ///
    /// # Errors
    /// When the names make no address of the URL.
    pub fn add(&mut self, change: &DriftChange) -> Result<(), Failure> {
        let (url, hint, document) = match &self.target {
            Target::Argument(endpoint) => {
                let url = endpoint.url(&change.service, &change.environment);
                (url, "check --webhook", Output::json_bytes(change)?)
            }
            Target::Configured(settings) => {
                let notification = Notification::Drift(change.clone());
                if !settings.covers(&notification) {
                    return Ok(());
                }
                let url = settings.url.service_url(&change.service);
                (
                    url,
                    "check `url` of [[notify]]",
                    notification.document(settings.form)?,
                )
            }
        };
        let url = url.map_err(|error| Failure::usage(format!("the URL {error}"), hint))?;
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((url, document));
        Ok(())
    }

    /// Delivers what waits, the oldest first, as far as it can be delivered now.
    ///
    /// # Errors
    /// In words, when something is left. The words name the host alone: the path may hold a secret.
    pub async fn deliver(&mut self, cancel: &CancellationToken) -> Result<(), String> {
        let delivering = async {
            while let Some((url, document)) = self.waiting.front() {
                deliver(url, document, self.secret.as_ref(), REQUEST_TIMEOUT, cancel).await?;
                self.waiting.pop_front();
            }
            Ok(())
        };
        let delivered = tokio::time::timeout(DELIVERY_TIMEOUT, delivering).await;
        let why = match delivered {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => why,
            Err(_) => format!("the webhook takes longer than {} s", DELIVERY_TIMEOUT.as_secs()),
        };
        Err(format!(
            "{} not delivered: {why}",
            count(self.waiting.len(), "change")
        ))
    }
}
