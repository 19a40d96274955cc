//! How a job is let into a registry: by the token of the job, by what a cloud knows it by, or by a secret.

use minijinja::{Value, context};

/// A registry that a job logs in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// The host, as the image names have it.
    pub host: String,
    /// The host in the names of variables and secrets: `REGISTRY_EXAMPLE_COM`.
    pub name: String,
    /// The host in the names of steps: `registry-example-com`.
    pub id: String,
    /// Whose registry it is.
    pub kind: Kind,
    /// What of the host names the account: the number of an account of AWS, the name of a registry of Azure.
    pub account: String,
    /// The region, of AWS alone.
    pub region: String,
}

/// Whose registry it is, which decides how one is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// GitHub's: by the token of the job.
    GitHub,
    /// Amazon's ECR: by a role.
    Aws,
    /// Google's Artifact Registry: by a service account.
    Google,
    /// Azure's: by an identity.
    Azure,
    /// Any other: by user name and password.
    Password,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Aws => "aws",
            Self::Google => "google",
            Self::Azure => "azure",
            Self::Password => "password",
        }
    }

    /// Whether a cloud knows the job by its OIDC token, so that no password is kept anywhere.
    pub(super) const fn uses_oidc(self) -> bool {
        matches!(self, Self::Aws | Self::Google | Self::Azure)
    }
}

impl Login {
    /// The registry at `host`. By the hosts of
    /// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>,
    /// <https://cloud.google.com/artifact-registry/docs/docker/names> and
    /// <https://learn.microsoft.com/azure/container-registry/container-registry-concepts>.
    pub(super) fn of(host: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name: String = host.chars().map(plain).collect::<String>().to_ascii_uppercase();
        // Names of variables begin with a letter, and not with GITHUB_.
        if name.starts_with(|c: char| c.is_ascii_digit()) || name.starts_with("GITHUB_") {
            name.insert_str(0, "REGISTRY_");
        }
        let labels: Vec<_> = host.split('.').collect();
        let (kind, account, region) = match labels.as_slice() {
            ["ghcr", "io"] => (Kind::GitHub, "", ""),
            [account, "dkr", "ecr" | "ecr-fips", region, "amazonaws", "com", ..] => {
                (Kind::Aws, *account, *region)
            }
            [account, "azurecr", "io"] => (Kind::Azure, *account, ""),
            [.., "pkg", "dev"] | ["gcr", "io"] | [_, "gcr", "io"] => (Kind::Google, "", ""),
            _ => (Kind::Password, "", ""),
        };
        Self {
            host: host.to_owned(),
            id: name.to_ascii_lowercase().replace('_', "-"),
            name,
            kind,
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }

    /// As the templates have it.
    pub(super) fn value(&self) -> Value {
        context! {
            host => self.host.as_str(),
            name => self.name.as_str(),
            id => self.id.as_str(),
            kind => self.kind.name(),
            account => self.account.as_str(),
            region => self.region.as_str(),
        }
    }

    /// The variables and secrets that it needs, each with what it is.
    pub(super) fn settings(&self) -> Vec<(&'static str, String, String)> {
        let name = &self.name;
        let of = |what: &str| format!("{what} of {}", self.host);
        match self.kind {
            Kind::GitHub => Vec::new(),
            Kind::Aws => vec![(
                "variable",
                format!("{name}_ROLE"),
                of("the role (ARN) for pulls and pushes"),
            )],
            Kind::Google => vec![
                (
                    "variable",
                    format!("{name}_PROVIDER"),
                    of("the workload identity provider"),
                ),
                ("variable", format!("{name}_ACCOUNT"), of("the service account")),
            ],
            Kind::Azure => vec![
                ("variable", format!("{name}_CLIENT"), of("the client id")),
                ("variable", format!("{name}_TENANT"), of("the tenant id")),
                (
                    "variable",
                    format!("{name}_SUBSCRIPTION"),
                    of("the subscription id"),
                ),
            ],
            Kind::Password => vec![
                ("secret", format!("{name}_USERNAME"), of("the user name")),
                ("secret", format!("{name}_PASSWORD"), of("the password or token")),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_says_how_a_job_is_let_in() {
        let kinds = [
            ("ghcr.io", Kind::GitHub),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Kind::Aws),
            ("europe-docker.pkg.dev", Kind::Google),
            ("eu.gcr.io", Kind::Google),
            ("acme.azurecr.io", Kind::Azure),
            ("registry.example.com:5000", Kind::Password),
            // Only looks like one of them.
            ("evil.ghcr.io", Kind::Password),
            ("ghcr.io.example.com", Kind::Password),
        ];
        for (host, kind) in kinds {
            assert_eq!(Login::of(host).kind, kind, "{host}");
        }
        let aws = Login::of("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
        assert_eq!(
            (aws.account.as_str(), aws.region.as_str()),
            ("123456789012", "eu-west-1")
        );
        assert_eq!(aws.name, "REGISTRY_123456789012_DKR_ECR_EU_WEST_1_AMAZONAWS_COM");
        let other = Login::of("registry.example.com:5000");
        assert_eq!(other.name, "REGISTRY_EXAMPLE_COM_5000");
        let names: Vec<_> = other.settings().into_iter().map(|(_, name, _)| name).collect();
        assert_eq!(
            names,
            [
                "REGISTRY_EXAMPLE_COM_5000_USERNAME",
                "REGISTRY_EXAMPLE_COM_5000_PASSWORD"
            ]
        );
    }
}
