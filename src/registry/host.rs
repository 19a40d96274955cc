//! One registry host: its address, its client, its budget, its credentials and tokens.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::HeaderMap;
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;

use super::auth::{Challenge, Scope, Token};
use super::budget::{Budget, Place};
use super::credentials::{self, Credentials};
use super::error::RegistryError;
use super::patience::LONGEST_WAIT;
use super::quota::{LOW, Quota};
use super::settings::Settings;
use super::tls;
use super::transport::deepest;
use crate::domain::{HostSettings, ProxyAddress};

pub(super) struct Host {
    pub(super) name: String,
    /// Scheme and authority.
    pub(super) base: Url,
    /// One for each [`Reach`], made when it is needed first.
    clients: [OnceLock<reqwest::Client>; 8],
    pub(super) settings: HostSettings,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    /// Whether it has ever answered.
    answered: AtomicBool,
    /// The budget of requests under way; one for all traffic to this host.
    budget: Arc<Budget>,
    pace: Option<Pace>,
    quota: Mutex<Option<Left>>,
    /// Until when the host asked to be left alone.
    pause: watch::Sender<Option<Instant>>,
    docker_config: Option<PathBuf>,
    credentials: OnceCell<Credentials>,
    challenge: Mutex<Option<Challenge>>,
    tokens: Mutex<HashMap<BTreeSet<Scope>, TokenSlot>>,
}

/// The token for some scopes. Whoever fetches it holds the lock meanwhile.
pub(super) type TokenSlot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// What the host said is left, and when.
#[derive(Clone, Copy)]
struct Left {
    quota: Quota,
    told: Instant,
}

/// Keeps requests at least an interval apart.
struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Host {
    pub(super) fn new(name: &str, settings: &Settings) -> Result<Self, RegistryError> {
        let of_host = settings.hosts.get(name).cloned().unwrap_or_default();
        let address = match name {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            other => other,
        };
        let plain = of_host.plain_http || (is_loopback(name) && of_host.ca_file.is_none());
        let pace = of_host.requests_per_second.filter(|n| *n > 0).map(|n| Pace {
            interval: Duration::from_secs(1) / n,
            next: Mutex::new(Instant::now()),
        });
        let base = format!("{}://{address}/", if plain { "http" } else { "https" });
        let base = base.parse().map_err(|error| RegistryError::Settings {
            host: name.to_owned(),
            why: format!("it is no host name: {error}"),
        })?;
        Ok(Self {
            name: name.to_owned(),
            base,
            clients: Default::default(),
            budget: Budget::new(of_host.concurrency),
            connect_timeout: settings.connect_timeout,
            idle_timeout: settings.idle_timeout,
            answered: AtomicBool::new(false),
            pace,
            quota: Mutex::new(None),
            pause: watch::Sender::new(None),
            docker_config: settings.docker_config.clone(),
            credentials: OnceCell::new(),
            challenge: Mutex::new(None),
            tokens: Mutex::new(HashMap::new()),
            settings: of_host,
        })
    }

    /// What speaks to `url`; `ours` if it belongs to the host or serves it, so that the client certificate is for it.
    pub(super) fn client(&self, url: &Url, ours: bool) -> Result<&reqwest::Client, RegistryError> {
        let reach = Reach {
            ours: ours || self.settings.client_cert.is_none(),
            ..Reach::of(url)
        };
        let slot = &self.clients[reach.number()];
        if let Some(known) = slot.get() {
            return Ok(known);
        }
        let client = client(&self.settings, self.connect_timeout, reach);
        let client = client.map_err(|why| RegistryError::Settings {
            host: self.name.clone(),
            why,
        })?;
        Ok(slot.get_or_init(|| client))
    }

    /// The proxy that the configuration puts before the host.
    pub(super) fn proxy(&self) -> Option<&ProxyAddress> {
        let proxy = self.settings.proxy.as_ref();
        proxy.filter(|_| !Reach::of(&self.base).near)
    }

    /// A place among the requests under way; given back when it is dropped.
    pub(super) async fn take_place(&self) -> Place {
        self.budget.take().await
    }

    /// Whether it has answered before, so that it is there, and only starts again if it cannot be reached.
    pub(super) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Learns from an answer to a request of that time how much the host bears.
    pub(super) fn heard(&self, status: u16, headers: &HeaderMap, sent: Instant) {
        self.answered.store(true, Ordering::Relaxed);
        if let Some(quota) = Quota::of(headers, Timestamp::now()) {
            self.learn_quota(quota);
        }
        match status {
            429 | 503 => {
                if let Some(places) = self.budget.busy(sent) {
                    tracing::info!(host = self.name, places, "too much to do, says the host");
                }
            }
            200..=399 | 404 => self.budget.good(sent),
            // Others say nothing about it.
            _ => {}
        }
    }

    /// Keeps what the host says is left. Little is worth a warning, once; where nothing is, and more comes soon, the host
    /// is left alone until then.
    fn learn_quota(&self, quota: Quota) {
        let before = self
            .quota
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(Left {
                quota,
                told: Instant::now(),
            });
        if quota.remaining < LOW && before.is_none_or(|before| before.quota.remaining >= LOW) {
            tracing::warn!(
                host = self.name,
                remaining = quota.remaining,
                "few requests are left, says the host"
            );
        }
        if let Some(wait) = quota.used_up().filter(|wait| *wait <= LONGEST_WAIT) {
            self.pause(wait);
        }
    }

    /// After how long the host grants requests again, if it has said that none is left.
    pub(super) fn grants_again(&self) -> Option<Duration> {
        let left = (*self.quota.lock().unwrap_or_else(PoisonError::into_inner))?;
        let wait = left.quota.used_up()?;
        (left.told + wait).checked_duration_since(Instant::now())
    }

    /// Waits for this request's turn: where the host has a rate, and where it asked to be left alone.
    pub(super) async fn turn(&self) {
        loop {
            let until = *self.pause.borrow();
            match until {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => break,
            }
        }
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

    /// Leaves the host alone for so long, whoever asks.
    pub(super) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        tracing::info!(host = self.name, seconds = wait.as_secs(), "asked to wait");
        self.pause.send_if_modified(|known| {
            let later = known.is_none_or(|known| known < until);
            if later {
                *known = Some(until);
            }
            later
        });
    }

    /// Tells until when the host asked to be left alone, whenever it does.
    pub(super) fn pauses(&self) -> watch::Receiver<Option<Instant>> {
        self.pause.subscribe()
    }

    /// Whether a request that began with this host may go to `url`: without TLS only if the host is spoken to so, or
    /// if it does not leave this machine.
    pub(super) fn may_reach(&self, url: &Url) -> bool {
        url.scheme() == "https"
            || url.scheme() == "http"
                && (self.base.scheme() == "http" || url.host_str().is_some_and(is_loopback))
    }

    /// The error of one that does not answer.
    pub(super) fn slow(&self, patience: Duration) -> RegistryError {
        RegistryError::Slow {
            host: self.name.clone(),
            patience,
        }
    }

    pub(super) async fn credentials(&self) -> Result<&Credentials, RegistryError> {
        self.credentials
            .get_or_try_init(|| credentials::look_up(&self.name, self.docker_config.clone()))
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

    /// Where the token for these scopes is kept.
    pub(super) fn token(&self, scopes: &BTreeSet<Scope>) -> TokenSlot {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tokens.entry(scopes.clone()).or_default())
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

/// What a connection to an address takes.
#[derive(Clone, Copy)]
struct Reach {
    tls: bool,
    /// On this machine.
    near: bool,
    /// Whether the client certificate is for it.
    ours: bool,
}

impl Reach {
    fn of(url: &Url) -> Self {
        Self {
            tls: url.scheme() == "https",
            near: url.host_str().is_some_and(is_loopback),
            ours: true,
        }
    }

    fn number(self) -> usize {
        usize::from(self.tls) * 4 + usize::from(self.near) * 2 + usize::from(self.ours)
    }
}

fn client(
    settings: &HostSettings,
    connect_timeout: Duration,
    reach: Reach,
) -> Result<reqwest::Client, String> {
    // Elsewhere a proxy may be reached by TLS even where the registry is not.
    let tls = if reach.tls || !reach.near {
        tls::config(settings, reach.ours)?
    } else {
        tls::unused()?
    };
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect_timeout)
        // Followed by hand, so that no credentials go to another host.
        .redirect(reqwest::redirect::Policy::none())
        // Nothing is said of repeating: what these libraries repeat by themselves no server has taken in. That is a
        // request that a kept connection gave back unsent because it had been closed, or that a server of HTTP/2 refused
        // in the words for that (REFUSED_STREAM, a GOAWAY without an error).
        .tls_backend_preconfigured(tls);
    if reach.near {
        // A proxy would look for this machine on itself.
        builder = builder.no_proxy();
    } else if let Some(proxy) = &settings.proxy {
        let all = reqwest::Proxy::all(proxy.expose().clone())
            .map_err(|_| format!("proxy {proxy} cannot be used"))?;
        builder = builder.proxy(all);
    }
    builder.build().map_err(|error| deepest(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_and_for_hosts_that_are_configured_so() {
        let base = |name: &str, settings: &Settings| Host::new(name, settings).unwrap().base.to_string();
        let mut settings = Settings::default();
        assert_eq!(base("127.0.0.1:5000", &settings), "http://127.0.0.1:5000/");
        assert_eq!(base("[::1]:5000", &settings), "http://[::1]:5000/");
        assert_eq!(
            base("registry.example.com", &settings),
            "https://registry.example.com/"
        );
        assert_eq!(base("docker.io", &settings), "https://registry-1.docker.io/");
        settings.hosts.insert(
            "inside:80".into(),
            HostSettings {
                plain_http: true,
                ..HostSettings::default()
            },
        );
        assert_eq!(base("inside:80", &settings), "http://inside/");
    }

    #[test]
    fn a_host_without_tls_reads_certificates_only_when_it_leads_to_tls() {
        let host = Host::new("127.0.0.1:5000", &Settings::default()).unwrap();
        let made = || {
            host.clients
                .iter()
                .filter(|client| client.get().is_some())
                .count()
        };
        let reach = |url: &str| host.client(&url.parse().unwrap(), true).map(|_| ()).unwrap();
        reach("http://127.0.0.1:5000/v2/");
        reach("http://127.0.0.1:5000/v2/");
        assert_eq!(made(), 1);
        reach("https://cdn.example.com/x");
        assert_eq!(made(), 2);
    }

    #[test]
    fn a_place_that_a_registry_leads_to_is_not_shown_its_client_certificate() {
        let mut settings = Settings::default();
        let of_host = HostSettings {
            // No such file: whoever is to show it fails.
            client_cert: Some("missing.pem".into()),
            ..HostSettings::default()
        };
        let name = "registry.example.com";
        settings.hosts.insert(name.to_owned(), of_host);
        let host = Host::new(name, &settings).unwrap();
        let client = |url: &str, ours| host.client(&url.parse().unwrap(), ours).map(|_| ());
        let error = client("https://registry.example.com/v2/", true).unwrap_err();
        assert!(error.to_string().contains("missing.pem"), "{error}");
        client("https://cdn.example.com/x", false).unwrap();
    }

    #[test]
    fn what_began_with_tls_goes_on_with_tls() {
        let may = |from: &str, to: &str| {
            Host::new(from, &Settings::default())
                .unwrap()
                .may_reach(&to.parse().unwrap())
        };
        assert!(may("registry.example.com", "https://cdn.example.com/x"));
        assert!(!may("registry.example.com", "http://cdn.example.com/x"));
        assert!(!may("registry.example.com", "file:///etc/passwd"));
        assert!(may("registry.example.com", "http://127.0.0.1:9/x"));
        assert!(may("localhost:5000", "http://localhost:5000/x"));
    }
}
