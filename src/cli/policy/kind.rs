//! What policies are written for.

use clap::ValueEnum;

/// What policies are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyKind {
    /// A `ClusterPolicy` of Kyverno.
    Kyverno,
    /// A `ClusterImagePolicy` of policy-controller.
    PolicyController,
    /// policy.json and registries.d of podman, skopeo and CRI-O.
    Podman,
    /// A Rego file and a script that call cosign alone.
    Cosign,
}
