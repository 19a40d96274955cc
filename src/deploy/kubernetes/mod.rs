//! Deploys to workloads of a Kubernetes cluster: sets the image of one container of each, follows the rollout by watches, and
//! says what runs by the pods.

mod apply;
mod cluster;
mod error;
mod follow;
mod owners;
mod resolve;
mod rights;
mod roll_out;
mod rollout;
mod running;
mod watch;
mod workload;

use std::sync::Arc;

use tokio::sync::OnceCell;

use self::cluster::Cluster;
use super::deployment::Subject;
use super::error::DeployError;
use crate::domain::KubernetesSettings;

/// Workloads of a cluster, by the account of a kubeconfig or of the pod that windlass runs in.
#[derive(Debug, Clone)]
pub struct KubernetesDeployer {
    /// What windlass.toml says of them.
    pub settings: KubernetesSettings,
    // A connection lasts as long as the deployer: programs that give out credentials are run once.
    cluster: Arc<OnceCell<Cluster>>,
}

impl KubernetesDeployer {
    /// The deployer that `settings` describe. Nothing is asked yet.
    pub fn new(settings: KubernetesSettings) -> Self {
        Self {
            settings,
            cluster: Arc::default(),
        }
    }

    async fn cluster(&self, subject: &Subject) -> Result<Cluster, DeployError> {
        let connect = || Cluster::connect(&self.settings, subject.service.as_str());
        self.cluster.get_or_try_init(connect).await.cloned()
    }
}
