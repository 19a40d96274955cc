//! How a cluster is reached: by a kubeconfig, or by the account of the pod that windlass runs in; within which time, and through
//! which proxy.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use url::Url;

use crate::domain::{clean_line, is_loopback};

/// How long it may take to reach the API.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the answer to one call may take.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A cluster that can be asked.
pub(super) struct ClusterAccess {
    pub client: Client,
    /// The address of its API.
    pub address: String,
    /// The namespace that is meant where none is named.
    pub namespace: String,
}

/// Why it cannot.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccessError {
    /// By what the kubeconfig says.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// By the credentials or the certificates in it.
    #[error("{0}")]
    Client(String),
}

impl ClusterAccess {
    /// What `file` says of `context`: of the user's own kubeconfig where no file is named, of its current context where none
    /// is. Nothing is asked of the cluster yet.
    pub async fn new(file: Option<&Path>, context: Option<&str>) -> Result<Self, AccessError> {
        let mut config = read(file, context).await?;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        let address = clean_line(config.cluster_url.to_string().trim_end_matches('/'));
        let namespace = config.default_namespace.clone();
        let client = Client::try_from(config).map_err(|error| AccessError::Client(error.to_string()))?;
        Ok(Self {
            client,
            address,
            namespace,
        })
    }
}

/// The answer to a call; none if there was none in time.
pub(super) async fn in_time<T>(
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Option<Result<T, kube::Error>> {
    tokio::time::timeout(CALL_TIMEOUT, call).await.ok()
}

/// That there was none, in words.
pub(super) fn no_answer() -> String {
    format!("no answer within {} s", CALL_TIMEOUT.as_secs())
}

async fn read(file: Option<&Path>, context: Option<&str>) -> Result<Config, KubeconfigError> {
    let options = KubeConfigOptions {
        context: context.map(str::to_owned),
        ..KubeConfigOptions::default()
    };
    let kubeconfig = match file {
        Some(file) => Kubeconfig::read_from(file)?,
        None => match Kubeconfig::read() {
            Ok(kubeconfig) => kubeconfig,
            // In a pod, where its own account is meant; a context that is asked for is in no kubeconfig there.
            Err(error) => {
                return match Config::incluster() {
                    Ok(config) if context.is_none() => Ok(config),
                    _ => Err(error),
                };
            }
        },
    };
    let with_proxy: Vec<_> = kubeconfig
        .clusters
        .iter()
        .filter_map(|cluster| cluster.cluster.as_ref())
        .filter_map(|cluster| Some((cluster.server.clone()?, cluster.proxy_url.clone()?)))
        .collect();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    let address = config.cluster_url.to_string();
    let is_here = |server: &str| server.trim_end_matches('/') == address.trim_end_matches('/');
    let proxy = with_proxy.iter().find(|(server, _)| is_here(server));
    // kube holds NO_PROXY to the address of the proxy, not to the one of the cluster.
    config.proxy_url = match proxy {
        Some((_, proxy)) => Some(proxy.parse().map_err(KubeconfigError::ParseProxyUrl)?),
        None => proxy_for(&address, &Matcher::from_env()),
    };
    Ok(config)
}

/// The proxy that the environment names for an address: `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`, without those of `NO_PROXY`.
/// Loopback never uses one.
fn proxy_for(address: &str, environment: &Matcher) -> Option<Uri> {
    let url: Url = address.parse().ok()?;
    if is_loopback(&url) {
        return None;
    }
    let found = environment.intercept(&address.parse().ok()?)?;
    let Some((user, password)) = found.basic_auth().and_then(user_of) else {
        return Some(found.uri().clone());
    };
    let mut proxy: Url = found.uri().to_string().parse().ok()?;
    // One that cannot have a user is none of HTTP.
    let _ = (proxy.set_username(&user), proxy.set_password(Some(&password)));
    proxy.as_str().parse().ok()
}

/// The user and the password of a header (RFC 7617).
fn user_of(header: &HeaderValue) -> Option<(String, String)> {
    let encoded = header.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_behind_the_proxy_of_the_environment_unless_that_leaves_it_out() {
        let environment = Matcher::builder()
            .https("http://ana:p%40ss@proxy.example.com:3128")
            .no(".corp.example.com,10.0.0.0/8")
            .build();
        let proxy = |address: &str| proxy_for(address, &environment).map(|proxy| proxy.to_string());
        let expected = "http://ana:p%40ss@proxy.example.com:3128/";
        assert_eq!(proxy("https://k8s.example.com:6443").as_deref(), Some(expected));
        for direct in [
            "https://k8s.corp.example.com",
            "https://10.1.2.3:6443",
            "https://127.0.0.1:6443",
            "https://localhost:6443",
        ] {
            assert_eq!(proxy(direct), None, "{direct}");
        }
    }
}
