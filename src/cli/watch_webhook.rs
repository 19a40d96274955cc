//! Where `windlass watch` posts what it sees.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::failure::Failure;
use crate::domain::{Endpoint, EnvironmentName, ServiceName, count};
use crate::http::{Attempts, Client, HttpError, Request, read_secret};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a look waits until what it saw is delivered.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// The most changes that wait; of more, the oldest are given up.
const MAX_WAITING: usize = 200;

/// A webhook, and what is yet to be delivered to it.
pub struct Webhook {
    endpoint: Endpoint,
    secret: Option<SecretString>,
    waiting: VecDeque<(Url, Vec<u8>)>,
}

impl Webhook {
    /// A webhook at `endpoint`, told with the signature of the secret in a file.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub fn new(endpoint: &Endpoint, secret_file: Option<&Path>) -> Result<Self, Failure> {
        let secret = secret_file.map(read_secret).transpose();
        Ok(Self {
            endpoint: endpoint.clone(),
            secret: secret.map_err(|why| Failure::usage(why, "check --webhook-secret-file"))?,
            waiting: VecDeque::new(),
        })
    }

    /// Adds a document that is to be delivered.
    ///
    /// # Errors
    /// When the names make no address of the URL.
    pub fn add(
        &mut self,
        environment: &EnvironmentName,
        document: Vec<u8>,
        service: &ServiceName,
    ) -> Result<(), Failure> {
        let url = self.endpoint.url(service, environment);
        let url = url.map_err(|error| Failure::usage(format!("the URL {error}"), "check --webhook"))?;
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
                post(url, document, self.secret.as_ref(), cancel).await?;
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

async fn post(
    url: &Url,
    document: &[u8],
    secret: Option<&SecretString>,
    cancel: &CancellationToken,
) -> Result<(), String> {
    let client = Client::new(url)?;
    let request = Request::post(url.clone(), document.to_vec(), secret, REQUEST_TIMEOUT);
    match client.send(&request, Attempts::SEVERAL, cancel).await {
        Ok(answer) if answer.is_success() => Ok(()),
        Ok(answer) => Err(format!("{} answers with {}", request.host(), answer.words())),
        Err(HttpError::Interrupted) => Err("interrupted".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
