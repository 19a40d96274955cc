//! How a cluster is reached: by a kubeconfig, or by the account of the pod that windlass runs in.

use std::path::Path;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

/// What `file` says of `context`: of the user's own kubeconfig where no file is named, of its current context where none is.
pub(super) async fn read(file: Option<&Path>, context: Option<&str>) -> Result<Config, KubeconfigError> {
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
    let behind_proxy: Vec<_> = kubeconfig
        .clusters
        .iter()
        .filter_map(|cluster| cluster.cluster.as_ref())
        .filter(|cluster| cluster.proxy_url.is_some())
        .filter_map(|cluster| cluster.server.clone())
        .collect();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    let address = config.cluster_url.to_string();
    let is_here = |server: &String| server.trim_end_matches('/') == address.trim_end_matches('/');
    if !behind_proxy.iter().any(is_here) {
        // HTTPS_PROXY is meant for the internet. Only a kubeconfig says that a cluster is behind a proxy.
        config.proxy_url = None;
    }
    Ok(config)
}
