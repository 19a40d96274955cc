//! The ways that a copy goes in the matrix: from where to where, through which proxies.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use windlass::demo::registry::{Auth, Credentials, EmbeddedRegistry, Options};
use windlass::domain::Digest;
use windlass::registry::copy::{self, CopyOptions, Look};
use windlass::registry::{Registries, RegistryError, Settings, TagRule, Writer};

use crate::eye::{Eye, LOGIN, Whole};
use crate::proxy::{self, Proxy};
use crate::world::{access, registry, repository, settings};

/// The tag that a copy gets.
pub const TAG: &str = "v1";
const FROM: &str = "dev/app";

/// What kind of registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Two that anyone may use, with the referrers API.
    Open,
    /// Two that want tokens; the target has no referrers API.
    Guarded,
    /// One that wants tokens, for both.
    One,
}

/// A proxy of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

/// A registry with an image, and where copies of it go.
pub struct Route {
    pub kind: Kind,
    from: EmbeddedRegistry,
    pub whole: Whole,
    client: reqwest::Client,
}

/// One way of a route, for one copy.
pub struct Trip<'a> {
    route: &'a Route,
    /// Of a route within one registry, the same one as that before the target.
    source: Option<Proxy>,
    target: Proxy,
    /// None within one registry.
    _to: Option<EmbeddedRegistry>,
    path: String,
    eye: Eye,
    pub login: TempDir,
}

impl Kind {
    fn options(self) -> Options {
        Options {
            auth: match self {
                Self::Open => Auth::Open,
                Self::Guarded | Self::One => Auth::Bearer(Credentials::new(LOGIN.0, LOGIN.1)),
            },
            referrers_api: self != Self::Guarded,
            // It takes everything in any order: that nothing is torn is left to the client.
            accept_sparse: true,
            ..Options::default()
        }
    }
}

fn login(hosts: &[String]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let entry = json!({"username": LOGIN.0, "password": LOGIN.1});
    let auths: serde_json::Map<_, _> = hosts.iter().map(|host| (host.clone(), entry.clone())).collect();
    std::fs::write(
        folder.path().join("config.json"),
        json!({ "auths": auths }).to_string(),
    )
    .unwrap();
    folder
}

fn registries(login: &TempDir, patience: Duration) -> Registries {
    Registries::new(Settings {
        docker_config: Some(PathBuf::from(login.path()).join("config.json")),
        idle_timeout: patience,
        ..settings()
    })
    .unwrap()
}

impl Route {
    pub async fn new(kind: Kind, image: impl AsyncFnOnce(&Writer) -> Digest) -> Self {
        let options = Options {
            referrers_api: true,
            ..kind.options()
        };
        let from = registry(options).await;
        let login = login(&[from.host()]);
        let all = registries(&login, Duration::from_secs(30));
        let writer = all.writer(&repository(&from.host(), FROM), access());
        let digest = image(&writer).await;
        for tag in ["latest", "v0", "v1"] {
            writer
                .tag(&digest, &tag.parse().unwrap(), TagRule::Immutable)
                .await
                .unwrap();
        }
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let eye = Eye::new(&client, &from.host(), FROM, kind != Kind::Open).await;
        let whole = eye.whole(&digest).await;
        Self {
            kind,
            from,
            whole,
            client,
        }
    }

    /// A way that nobody has gone yet.
    pub async fn trip(&self, number: usize) -> Trip<'_> {
        let path = format!("run-{number}/app");
        let to = match self.kind {
            Kind::One => None,
            Kind::Open | Kind::Guarded => Some(registry(self.kind.options()).await),
        };
        let at = to.as_ref().unwrap_or(&self.from).host();
        let target = proxy::start(&at).await;
        let source = match self.kind {
            Kind::One => None,
            Kind::Open | Kind::Guarded => Some(proxy::start(&self.from.host()).await),
        };
        let mut hosts = vec![target.host()];
        hosts.extend(source.as_ref().map(Proxy::host));
        Trip {
            route: self,
            source,
            target,
            _to: to,
            eye: Eye::new(&self.client, &at, &path, self.kind != Kind::Open).await,
            path,
            login: login(&hosts),
        }
    }
}

impl Trip<'_> {
    pub const fn proxy(&self, side: Side) -> &Proxy {
        match (side, &self.source) {
            (Side::Source, Some(source)) => source,
            (Side::Source, None) | (Side::Target, _) => &self.target,
        }
    }

    /// Where the image is, and where it goes.
    pub fn names(&self) -> [String; 2] {
        let (source, target) = (self.proxy(Side::Source).host(), self.target.host());
        [
            format!("{source}/{FROM}:{TAG}"),
            format!("{target}/{}:{TAG}", self.path),
        ]
    }

    /// Copies and then tags, as a program would that is started for it.
    pub async fn copy(&self, patience: Duration) -> Result<(), RegistryError> {
        let all = registries(&self.login, patience);
        let source = all.reader(&repository(&self.proxy(Side::Source).host(), FROM));
        let target = all.writer(&repository(&self.target.host(), &self.path), access());
        let root = &self.route.whole.root;
        let options = CopyOptions {
            tag: Some((TAG.parse().unwrap(), TagRule::Immutable)),
            look: Look::Quick,
            ..CopyOptions::default()
        };
        let plan = copy::plan(&source, &target, &root.clone().into(), &options).await?;
        copy::run(&plan, &source, &target, &|_| (), &CancellationToken::new()).await?;
        Ok(())
    }

    /// What is missing at the target, or is other than it should be.
    pub async fn missing(&self) -> Vec<String> {
        self.eye.missing(&self.route.whole, TAG).await
    }

    /// What is at the target after a failure that must not be: a tag, or a manifest without its parts.
    pub async fn torn(&self) -> Vec<String> {
        let mut wrong = self.eye.torn(&self.route.whole).await;
        if let Some(found) = self.eye.tag(TAG).await {
            wrong.push(format!("tag {TAG} is there: {found}"));
        }
        wrong
    }
}
