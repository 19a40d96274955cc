//! Deploys by a service that is told over HTTP: a signed document is posted, and the service says where its progress is found.

mod document;
mod status;
#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::document::Document;
use self::status::{Following, Report};
use super::deployment::{Applied, DeployCheck, Deployment, Subject};
use super::error::DeployError;
use super::progress::Tell;
use super::report::{OBSERVE_TIMEOUT, read_running};
use crate::domain::{DeployTarget, Endpoint, Observed, WebhookSettings, WebhookTarget, clean_line};
use crate::http::{Answer, Attempts, Client, HttpError, Request, read_secret};

/// The header by which a service recognises a deployment that it was told before.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// How long one request may take.
const REQUEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// A service that is told what to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDeployer {
    /// What windlass.toml says of it.
    pub settings: WebhookSettings,
}

/// What requests of one deployer need.
struct Requests {
    client: Client,
    url: Url,
    secret: Option<SecretString>,
    token: Option<SecretString>,
}

impl WebhookDeployer {
    pub(super) fn resolve(&self, subject: &Subject) -> Result<DeployTarget, DeployError> {
        let url = url(&self.settings.url, subject)?;
        let running = self.settings.running.as_ref();
        let running = running.map(|running| self::url(running, subject)).transpose()?;
        Ok(DeployTarget::Webhook(WebhookTarget {
            url: url.into(),
            signed: self.settings.secret_file.is_some(),
            running: running.map(Into::into),
        }))
    }

    pub(super) async fn apply(
        &self,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, DeployError> {
        let requests = self.requests(&self.settings.url, &deployment.subject())?;
        let key = document::key(deployment, &requests.url);
        let body = Document::new(deployment, &key).bytes()?;
        let mut request = Request::post(
            requests.url.clone(),
            body,
            requests.secret.as_ref(),
            REQUEST_TIMEOUT,
        );
        request.headers.push((IDEMPOTENCY_KEY, key));
        request.token.clone_from(&requests.token);
        let sent = requests.client.send(&request, Attempts::SEVERAL, cancel).await;
        let answer = accepted(&requests.url, sent)?;
        let report = Report::of_post(&answer, &requests.url)?;
        if report.is_silent() && self.settings.requires_status {
            return Err(DeployError::Unsure {
                target: clean_line(requests.url.as_str()),
                why: "it accepted the deployment, and its answer has neither `status` nor `status_url`"
                    .to_owned(),
            });
        }
        let following = Following {
            requests: &requests,
            item: format!("{}/{}", deployment.environment, deployment.service),
            timeout: self.settings.timeout,
            tell,
            cancel,
        };
        following.to_its_end(report).await
    }

    pub(super) async fn running(&self, subject: &Subject, cancel: &CancellationToken) -> Option<Observed> {
        let running = self.settings.running.as_ref()?;
        let asking = async {
            let requests = self
                .requests(running, subject)
                .map_err(|error| error.to_string())?;
            let mut request = Request::get(requests.url.clone(), OBSERVE_TIMEOUT);
            request.token.clone_from(&requests.token);
            let sent = requests.client.send(&request, Attempts::ONCE, cancel).await;
            let answer = sent.map_err(|error| error.to_string())?;
            let shown = clean_line(requests.url.as_str());
            if !answer.is_success() {
                return Err(format!("{shown} answers with {}", answer.words()));
            }
            read_running(&answer.text(), "answered").map_err(|why| format!("{shown}: {why}"))
        };
        Some(match asking.await {
            Ok(running) => Observed::Running(running),
            Err(why) => Observed::Unknown(why),
        })
    }

    /// Nothing is sent: whoever is told of a deployment has no other request to try.
    pub(super) fn check(&self, subject: &Subject) -> DeployCheck {
        let look = |endpoint: &Endpoint| {
            let requests = self
                .requests(endpoint, subject)
                .map_err(|error| error.to_string())?;
            Ok(clean_line(requests.url.as_str()))
        };
        DeployCheck {
            deploys: look(&self.settings.url),
            observes: self.settings.running.as_ref().map(look),
            hint: "the files of `secret_file` and `token_file` must be readable; paths begin at the folder of the \
                   configuration that names them"
                .to_owned(),
        }
    }

    fn requests(&self, endpoint: &Endpoint, subject: &Subject) -> Result<Requests, DeployError> {
        let url = url(endpoint, subject)?;
        let unfit = |why| unfit(url.as_str(), why, "mend it, then run the same command again");
        let secret = |path: &Option<_>| path.as_deref().map(read_secret).transpose().map_err(unfit);
        Ok(Requests {
            client: Client::new(&url).map_err(unfit)?,
            secret: secret(&self.settings.secret_file)?,
            token: secret(&self.settings.token_file)?,
            url,
        })
    }

    /// How long a run waits until what was deployed is what runs.
    pub(super) const fn observe_for(&self) -> SignedDuration {
        self.settings.observe_for
    }
}

fn url(endpoint: &Endpoint, subject: &Subject) -> Result<Url, DeployError> {
    let url = endpoint.url(&subject.service, &subject.environment);
    url.map_err(|error| {
        unfit(
            endpoint.as_str(),
            format!("its URL {error}"),
            "correct `url` in windlass.toml",
        )
    })
}

fn unfit(target: &str, why: String, hint: &str) -> DeployError {
    DeployError::Unfit {
        target: clean_line(target),
        why,
        hint: hint.to_owned(),
    }
}

/// The answer of a service that accepted the document.
fn accepted(url: &Url, sent: Result<Answer, HttpError>) -> Result<Answer, DeployError> {
    let target = clean_line(url.as_str());
    let answer = match sent {
        Ok(answer) => answer,
        Err(HttpError::Interrupted) => return Err(DeployError::Interrupted),
        Err(HttpError::Unreachable { why, .. }) => return Err(DeployError::Unreachable { target, why }),
        // It may have been received.
        Err(error) => {
            return Err(DeployError::Unsure {
                target,
                why: error.to_string(),
            });
        }
    };
    let why = format!("it answers with {}", answer.words());
    match answer.status {
        200..=299 => Ok(answer),
        300..=399 => Err(unfit(
            url.as_str(),
            format!("{why}; redirects are not followed"),
            "set `url` to the address that it redirects to, if that is right",
        )),
        401 | 403 => Err(DeployError::NotAllowed { target, why }),
        429 | 500.. => Err(DeployError::Unsure { target, why }),
        _ => Err(unfit(
            url.as_str(),
            why,
            "ask who runs that service what it expects",
        )),
    }
}
