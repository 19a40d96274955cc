//! One registry host: its address, its client, its budget, its credentials and tokens.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use super::auth::{Challenge, Scope, Token};
use super::credentials::{self, Credentials};
use super::error::RegistryError;
use super::settings::{HostSettings, Settings};

/// Enough to keep a link busy, few enough for a registry's patience.
const DEFAULT_CONCURRENCY: usize = 16;

pub(super) struct Host {
    pub(super) name: String,
    /// Scheme and authority, without a slash at the end.
    pub(super) base: String,
    pub(super) client: reqwest::Client,
    /// The budget of requests under way; one for all traffic to this host.
    pub(super) budget: Arc<Semaphore>,
    pub(super) idle_timeout: Duration,
    pace: Option<Pace>,
    credentials: OnceCell<Credentials>,
    challenge: Mutex<Option<Challenge>>,
    tokens: Mutex<HashMap<BTreeSet<Scope>, Token>>,
    requests: AtomicU64,
}

/// Keeps requests at least an interval apart.
struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Host {
    pub(super) fn new(name: &str, settings: &Settings) -> Result<Self, RegistryError> {
        let of_host = settings.hosts.get(name).cloned().unwrap_or_default();
        let client = client(name, &of_host, settings)?;
        let address = match name {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            other => other,
        };
        let plain = of_host.plain_http || (is_loopback(name) && of_host.ca_file.is_none());
        let pace = of_host.requests_per_second.filter(|n| *n > 0).map(|n| Pace {
            interval: Duration::from_secs(1) / n,
            next: Mutex::new(Instant::now()),
        });
        Ok(Self {
            name: name.to_owned(),
            base: format!("{}://{address}", if plain { "http" } else { "https" }),
            client,
            budget: Arc::new(Semaphore::new(
                of_host.concurrency.unwrap_or(DEFAULT_CONCURRENCY).max(1),
            )),
            idle_timeout: settings.idle_timeout,
            pace,
            credentials: OnceCell::new(),
            challenge: Mutex::new(None),
            tokens: Mutex::new(HashMap::new()),
            requests: AtomicU64::new(0),
        })
    }

    /// Waits for this request's turn, where the host has a rate.
    pub(super) async fn turn(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(pace) = &self.pace {
            let mine = {
                let mut next = pace.next.lock().unwrap_or_else(PoisonError::into_inner);
                let mine = (*next).max(Instant::now());
                *next = mine + pace.interval;
                mine
            };
            tokio::time::sleep_until(mine).await;
        }
    }

    /// How many requests were sent so far, those for tokens apart.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) async fn credentials(&self) -> Result<&Credentials, RegistryError> {
        self.credentials
            .get_or_try_init(|| credentials::look_up(&self.name))
            .await
    }

    pub(super) fn challenge(&self) -> Option<Challenge> {
        self.challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn remember(&self, challenge: Challenge) {
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
    }

    pub(super) fn token(&self, scopes: &BTreeSet<Scope>) -> Option<Token> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(scopes).filter(|token| token.is_fresh()).cloned()
    }

    pub(super) fn keep(&self, scopes: &BTreeSet<Scope>, token: Option<Token>) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        match token {
            Some(token) => tokens.insert(scopes.clone(), token),
            None => tokens.remove(scopes),
        };
    }
}

/// Whether a host, with or without a port, is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn client(host: &str, of_host: &HostSettings, settings: &Settings) -> Result<reqwest::Client, RegistryError> {
    let fail = |why: String| RegistryError::Settings {
        host: host.to_owned(),
        why,
    };
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        // Followed by hand, so that no credentials go to another host.
        .redirect(reqwest::redirect::Policy::none());
    if let Some(path) = &of_host.ca_file {
        let pem =
            std::fs::read(path).map_err(|error| fail(format!("ca_file {}: {error}", path.display())))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|error| fail(format!("ca_file {}: {error}", path.display())))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| fail(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_and_for_hosts_that_are_configured_so() {
        let base = |name: &str, settings: &Settings| Host::new(name, settings).unwrap().base;
        let mut settings = Settings::default();
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        assert_eq!(base("127.0.0.1:5000", &settings), "http://127.0.0.1:5000");
        assert_eq!(base("[::1]:5000", &settings), "http://[::1]:5000");
        assert_eq!(
            base("registry.example.com", &settings),
            "https://registry.example.com"
        );
        assert_eq!(base("docker.io", &settings), "https://registry-1.docker.io");
        settings.hosts.insert(
            "inside:80".into(),
            HostSettings {
                plain_http: true,
                ..HostSettings::default()
            },
        );
        assert_eq!(base("inside:80", &settings), "http://inside:80");
    }
}
