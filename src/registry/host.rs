//! One registry host: its address, its client, its budget, its credentials and tokens.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;
use tokio::time::Instant;

use super::auth::{Challenge, Scope, Token};
use super::budget::{Budget, Place};
use super::call::Call;
use super::credentials::{Keyring, Login};
use super::error::{RegistryError, deepest};
use super::quota::{LOW, Quota};
use super::retry::LONGEST_WAIT;
use super::settings::Settings;
use super::tls;
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
    heard_last: Mutex<Option<Instant>>,
    /// The budget of requests under way; one for all traffic to this host.
    budget: Arc<Budget>,
    pace: Option<Pace>,
    quota: Mutex<Option<Left>>,
    /// Until when the host asked to be left alone.
    pause: watch::Sender<Option<Instant>>,
    /// Since when it is silent: until it answers again, or for [`BELIEVED_SILENT`], nobody waits for it anew.
    silent: watch::Sender<Option<Instant>>,
    keyring: Arc<Keyring>,
    challenges: Mutex<Challenges>,
    tokens: Mutex<HashMap<BTreeSet<Scope>, TokenSlot>>,
    /// What was sent to prove who we are, and must not be shown when the host repeats it.
    secrets: Mutex<Vec<SecretString>>,
}

/// How the host asks to be proved who somebody is: it may ask differently for one repository than for another.
#[derive(Default)]
struct Challenges {
    by_path: HashMap<String, Challenge>,
    /// The last one, which serves for a repository that was not asked for yet.
    last: Option<Challenge>,
}

/// How long a host that was silent is taken to be so still.
const BELIEVED_SILENT: Duration = Duration::from_mins(1);
/// Shorter texts are no secrets, and taking them out would take messages apart.
const SHORTEST_SECRET: usize = 4;

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
    pub(super) fn new(name: &str, settings: &Settings, keyring: Arc<Keyring>) -> Result<Self, RegistryError> {
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
            why: format!("invalid host name: {error}"),
        })?;
        Ok(Self {
            name: name.to_owned(),
            base,
            clients: Default::default(),
            budget: Budget::new(of_host.concurrency),
            connect_timeout: settings.connect_timeout,
            idle_timeout: settings.idle_timeout,
            answered: AtomicBool::new(false),
            heard_last: Mutex::new(None),
            pace,
            quota: Mutex::new(None),
            pause: watch::Sender::new(None),
            silent: watch::Sender::new(None),
            keyring,
            challenges: Mutex::default(),
            tokens: Mutex::new(HashMap::new()),
            secrets: Mutex::default(),
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
        self.silent.send_if_modified(|silent| silent.take().is_some());
        *locked(&self.heard_last) = Some(Instant::now());
        if let Some(quota) = Quota::of(headers, Timestamp::now()) {
            self.learn_quota(quota);
        }
        match status {
            429 | 503 => {
                if let Some(places) = self.budget.busy(sent) {
                    tracing::info!(host = self.name, places, "the host reports too many requests");
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
                "the host reports that few requests are left"
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

    /// Whether an address is the registry's own, rather than that of a place that it leads to.
    pub(super) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// An error where it is known to be silent.
    pub(super) fn check_silence(&self) -> Result<(), RegistryError> {
        match *self.silent.borrow() {
            Some(since) if since.elapsed() < BELIEVED_SILENT => Err(self.slow(self.idle_timeout)),
            _ => Ok(()),
        }
    }

    /// Ends when somebody else has found out that the host is silent.
    pub(super) async fn falls_silent(&self) -> RegistryError {
        let mut silent = self.silent.subscribe();
        silent.mark_unchanged();
        while silent.changed().await.is_ok() {
            if silent.borrow_and_update().is_some() {
                return self.slow(self.idle_timeout);
            }
        }
        std::future::pending().await
    }

    /// Whether it has answered nothing since `time`, or ever.
    pub(super) fn has_been_silent_since(&self, time: Option<Instant>) -> bool {
        match (*locked(&self.heard_last), time) {
            (None, _) => true,
            (Some(heard), Some(time)) => heard < time,
            (Some(_), None) => false,
        }
    }

    /// A request of that time was not answered, and is not repeated any more: if nothing else was either, nobody else
    /// waits as long for the same.
    pub(super) fn note_silence(&self, sent: Instant) {
        if self.has_been_silent_since(Some(sent)) {
            tracing::warn!(
                host = self.name,
                "does not answer; requests are paused for a while"
            );
            self.silent.send_replace(Some(Instant::now()));
        }
    }

    /// What proves who we are in the repository `path`.
    ///
    /// # Errors
    /// Where they cannot be had, and where they would go through the network in the clear, whatever the settings say.
    pub(super) async fn login(&self, path: &str) -> Result<Arc<Login>, RegistryError> {
        let login = self.keyring.look_up(&self.name, path).await?;
        if !login.is_anonymous() && is_in_clear(&self.base) {
            return Err(RegistryError::Credentials {
                host: self.name.clone(),
                why: format!(
                    "{} would be sent without TLS, which windlass allows only on the local machine",
                    login.source()
                ),
            });
        }
        Ok(login)
    }

    /// Keeps what is sent from being shown.
    pub(super) fn keep_secret(&self, texts: impl IntoIterator<Item = String>) {
        let mut secrets = locked(&self.secrets);
        for text in texts {
            let is_known = secrets.iter().any(|known| known.expose_secret() == text);
            if text.len() >= SHORTEST_SECRET && !is_known {
                secrets.push(SecretString::from(text));
            }
        }
        // A secret may be a part of another one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
    }

    /// `text`, which the host may have written, without what was sent to it.
    pub(super) fn mask(&self, text: &str) -> String {
        let secrets = locked(&self.secrets);
        secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "[masked]")
        })
    }

    /// The challenge that a call will meet, as far as the host is known.
    pub(super) fn challenge(&self, call: &Call) -> Option<Challenge> {
        let challenges = locked(&self.challenges);
        let own = challenges.by_path.get(&call.path);
        own.or(challenges.last.as_ref()).cloned()
    }

    pub(super) fn remember(&self, call: &Call, challenge: Challenge) {
        let mut challenges = locked(&self.challenges);
        challenges.by_path.insert(call.path.clone(), challenge.clone());
        challenges.last = Some(challenge);
    }

    /// Where the token for these scopes is kept.
    pub(super) fn token(&self, scopes: &BTreeSet<Scope>) -> TokenSlot {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tokens.entry(scopes.clone()).or_default())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether what is sent there can be read on the way: without TLS, and not only within this machine.
pub(super) fn is_in_clear(url: &Url) -> bool {
    url.scheme() != "https" && !url.host_str().is_some_and(is_loopback)
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
mod tests;
