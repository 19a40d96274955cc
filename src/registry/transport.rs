//! One way for all requests: budget, credentials, redirects, patience.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header;
use reqwest::{Method, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::answer::{Answer, Origin};
use super::call::Call;
use super::credentials::Keyring;
use super::error::RegistryError;
use super::exchange::transfer;
use super::host::Host;
use super::host_cache::Known;
use super::retry::{ATTEMPTS, Wait, backoff, is_worth_another, wait_for};
use super::settings::Settings;
use super::token;
use crate::domain::clean_line;

/// More redirects than any registry needs.
const REDIRECTS: usize = 5;

/// All hosts.
pub(super) struct Transport {
    settings: Settings,
    keyring: Arc<Keyring>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    pub(super) known: Known,
}

impl Transport {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            keyring: Arc::new(Keyring::new(settings.docker_config.clone())),
            settings,
            hosts: Mutex::new(HashMap::new()),
            known: Known::default(),
        }
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn host(&self, name: &str) -> Result<Arc<Host>, RegistryError> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(name) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::new(name, &self.settings, Arc::clone(&self.keyring))?);
        hosts.insert(name.to_owned(), Arc::clone(&host));
        Ok(host)
    }

    /// Sends a call and gives back whatever a registry answers in the end: with credentials where they are asked for,
    /// redirects of reads followed, and again where that is safe and the host was only busy or broken.
    pub(super) async fn send(&self, host: &str, mut call: Call) -> Result<Answer, RegistryError> {
        let host = self.host(host)?;
        let mut place = if call.holds_place {
            None
        } else {
            Some(host.take_place().await)
        };
        let request = call.words();
        // Asked before it is sent: a stream is used up then.
        let (repeatable, streamed) = (call.is_repeatable(), call.is_streamed());
        let mut challenged = None;
        let mut attempt = 1;
        loop {
            host.check_silence()?;
            let authorization = token::authorization(&host, &call).await?;
            let sent = Instant::now();
            let sending = send_once(&host, &mut call, authorization.as_ref(), &request);
            let result = tokio::select! {
                result = sending => result,
                error = host.falls_silent(), if repeatable => Err(error),
            };
            let (response, from) = match result {
                Ok(answered) => answered,
                // Whoever cannot be reached was sent nothing. One that never answered is rather a wrong name.
                Err(RegistryError::Unreachable { .. })
                    if host.has_answered() && !streamed && attempt < ATTEMPTS =>
                {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                    continue;
                }
                // One that has never answered a word is asked once more, and not again and again.
                Err(error)
                    if repeatable
                        && is_worth_another(&error, attempt)
                        && !(attempt > 1 && error.is_slow() && host.has_been_silent_since(None)) =>
                {
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                    continue;
                }
                Err(error) => {
                    if repeatable && error.is_slow() {
                        host.note_silence(sent);
                    }
                    return Err(error);
                }
            };
            let status = response.status();
            let is_registry = from == Origin::Registry;
            if is_registry {
                host.heard(status.as_u16(), response.headers(), sent);
            }
            if is_registry && status == StatusCode::UNAUTHORIZED {
                let learnt = token::learn(&host, &call, response.headers(), authorization.as_ref()).await?;
                // The same challenge twice is a refusal.
                if let Some(challenge) = learnt.filter(|kind| challenged.as_ref() != Some(kind)) {
                    challenged = Some(challenge);
                    if !streamed {
                        continue;
                    }
                }
            }
            let wait = wait_for(status.as_u16(), response.headers());
            match wait {
                Some(Wait::Asked(wait)) if is_registry => host.pause(wait),
                // Only this request has to do with whoever asks for it.
                Some(Wait::Asked(wait)) if attempt < ATTEMPTS && repeatable => tokio::time::sleep(wait).await,
                _ => {}
            }
            // 429 and 503 say that nothing was done, so that even a POST may be sent again.
            let undone = matches!(status.as_u16(), 429 | 503) && !streamed;
            if let Some(wait) = wait
                && attempt < ATTEMPTS
                && (repeatable || undone)
            {
                // A wait that was asked for is kept by every request of the host.
                if wait == Wait::Unsaid {
                    tokio::time::sleep(backoff(attempt)).await;
                }
                attempt += 1;
                continue;
            }
            let mut answer = Answer {
                response,
                host: Arc::clone(&host),
                request: request.clone(),
                path: call.path.clone(),
                from,
                put_back: None,
                place,
            };
            if call.method == Method::GET && status.is_success() && !call.piecewise {
                match answer.read_ahead().await {
                    Err(error) if is_worth_another(&error, attempt) => {
                        place = answer.place.take();
                        tokio::time::sleep(backoff(attempt)).await;
                        attempt += 1;
                        continue;
                    }
                    read => read?,
                }
            }
            return Ok(answer);
        }
    }
}

/// Sends it once, following redirects of reads with no credentials for another host. Tells who answered in the end.
async fn send_once(
    host: &Host,
    call: &mut Call,
    authorization: Option<&SecretString>,
    request: &str,
) -> Result<(Response, Origin), RegistryError> {
    let odd = |why: String| RegistryError::NotARegistry {
        host: host.name.clone(),
        why,
    };
    let mut url = host
        .base
        .join(&call.target)
        .map_err(|error| odd(format!("it returned an invalid URL: {error}")))?;
    for _ in 0..=REDIRECTS {
        if !host.may_reach(&url) {
            return Err(odd(format!(
                "{request} redirects to {}; connections without TLS require `plain_http`",
                clean_line(&host.mask(&url.origin().ascii_serialization()))
            )));
        }
        host.turn().await;
        call.count();
        let ours = host.is_own(&url);
        let mut builder = host.client(&url, ours)?.request(call.method.clone(), url.clone());
        for (name, value) in &call.headers {
            builder = builder.header(name, value);
        }
        if let Some(authorization) = authorization.filter(|_| ours) {
            builder = builder.header(header::AUTHORIZATION, authorization.expose_secret());
        }
        let sent = Instant::now();
        let response = transfer(host, builder, &mut call.body, call.hashed, request).await;
        let response = response.map_err(|error| if ours { error } else { error.of_host(&url) })?;
        let reads = matches!(call.method, Method::GET | Method::HEAD);
        let location = response
            .headers()
            .get(header::LOCATION)
            .and_then(|l| l.to_str().ok());
        match location {
            Some(location) if reads && response.status().is_redirection() => {
                if ours {
                    host.heard(response.status().as_u16(), response.headers(), sent);
                }
                url = url
                    .join(location)
                    .map_err(|error| odd(format!("it redirects to an invalid URL: {error}")))?;
            }
            _ if ours => return Ok((response, Origin::Registry)),
            _ => return Ok((response, Origin::Elsewhere(url.origin().ascii_serialization()))),
        }
    }
    Err(odd("too many redirects".to_owned()))
}
