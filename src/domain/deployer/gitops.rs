//! A deployment by a commit to a repository of configuration, which Flux, Argo CD or another program then carries out.

use std::fmt;
use std::path::PathBuf;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::{BranchName, clean_line};

/// Which file of which repository says what is deployed, and how it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitopsSettings {
    /// The address of the repository, or the path of one.
    pub remote: String,
    /// The branch that is deployed from.
    pub branch: BranchName,
    /// The file, from the root of that repository on; `{service}` stands for the service.
    pub file: String,
    /// Where in the file the image is.
    pub place: ImagePlace,
    /// How the change gets to the branch.
    pub method: ChangeMethod,
    /// What carries the commit out, to be waited for.
    pub wait_for: Option<Reconciler>,
    /// How long a run waits for a merge, and then until what was committed is carried out.
    pub observe_for: SignedDuration,
}

/// An object in a cluster that carries commits out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciler {
    /// Whose it is.
    pub kind: ReconcilerKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The context of the kubeconfig; the current one unless said otherwise.
    pub context: Option<String>,
    /// The kubeconfig; the user's unless said otherwise.
    pub kubeconfig: Option<PathBuf>,
}

/// What carries commits out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconcilerKind {
    /// A Kustomization of Flux.
    Flux,
    /// An Application of Argo CD.
    Argocd,
}

impl Reconciler {
    /// The same for one service, whose name stands where `{service}` is.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        let fill = |text: &str| text.replace("{service}", service);
        Self {
            namespace: fill(&self.namespace),
            name: fill(&self.name),
            context: self.context.as_deref().map(fill),
            ..self.clone()
        }
    }

    /// Which one, in words.
    pub fn words(&self) -> String {
        let what = match self.kind {
            ReconcilerKind::Flux => "Flux Kustomization",
            ReconcilerKind::Argocd => "Argo CD Application",
        };
        let context = self.context.as_ref().map_or_else(String::new, |context| {
            format!(" in context {}", clean_line(context))
        });
        format!(
            "{what} {}/{}{context}",
            clean_line(&self.namespace),
            clean_line(&self.name)
        )
    }
}

/// Where in a YAML file an image is. All texts may have `{service}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImagePlace {
    /// What kind of file it is; by its content unless said otherwise.
    pub format: Option<YamlFormat>,
    /// The object of a file with several: `Deployment/app`.
    pub object: Option<String>,
    /// The full name of the image, where the file lists images by name.
    pub image: Option<String>,
    /// The container of a manifest.
    pub container: Option<String>,
    /// The key that has the digest: `image.digest`.
    pub digest_key: Option<String>,
    /// The key that has the tag: `image.tag`.
    pub tag_key: Option<String>,
    /// The key that has the whole reference: `image`.
    pub image_key: Option<String>,
}

impl ImagePlace {
    /// The same for one service, whose name stands where `{service}` is.
    #[must_use]
    pub fn for_service(&self, service: &str) -> Self {
        let fill = |text: &Option<String>| text.as_ref().map(|text| text.replace("{service}", service));
        Self {
            format: self.format,
            object: fill(&self.object),
            image: fill(&self.image),
            container: fill(&self.container),
            digest_key: fill(&self.digest_key),
            tag_key: fill(&self.tag_key),
            image_key: fill(&self.image_key),
        }
    }
}

/// What kind of YAML file has the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlFormat {
    /// The `images` of a Kustomization, also of one of Flux.
    Kustomize,
    /// Values of Helm, also those in a `HelmRelease` of Flux.
    Helm,
    /// A container of a plain manifest.
    Manifest,
    /// An Application of Argo CD: its Helm parameters and values, or its Kustomize images.
    Argocd,
}

/// How a change gets to a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeMethod {
    /// By a push.
    Push,
    /// By a pull request that somebody merges.
    PullRequest,
}

/// What a commit will change, as the plan pins it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitopsTarget {
    /// The address of the repository, without credentials.
    pub remote: String,
    /// The branch.
    pub branch: String,
    /// The file.
    pub file: String,
    /// What of it will be changed.
    pub values: Vec<PinnedValue>,
    /// How the change gets to the branch.
    pub method: ChangeMethod,
    /// What carries the commit out, if that is waited for.
    pub wait_for: Option<String>,
}

/// One value of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedValue {
    /// Where it is: `images[0].digest`.
    pub path: String,
    /// What it is now; none if it is not there yet.
    pub now: Option<String>,
}

impl GitopsTarget {
    /// What will be changed, in one line.
    pub fn words(&self) -> String {
        let method = match self.method {
            ChangeMethod::Push => "commit",
            ChangeMethod::PullRequest => "open a pull request with",
        };
        let values: Vec<_> = self.values.iter().map(ToString::to_string).collect();
        let wait = self.wait_for.as_ref().map_or_else(String::new, |reconciler| {
            format!(", then wait for {}", clean_line(reconciler))
        });
        format!(
            "{method} {} of {} to {} of {}{wait}",
            values.join(" and "),
            clean_line(&self.file),
            clean_line(&self.branch),
            clean_line(&self.remote)
        )
    }
}

impl fmt::Display for PinnedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = match &self.now {
            None => "not there yet".to_owned(),
            Some(text) if text.is_empty() => "now empty".to_owned(),
            Some(text) => format!("now {}", clean_line(text)),
        };
        write!(f, "{} ({now})", clean_line(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_a_commit_says_what_is_changed_and_what_it_is_now() {
        let value = |path: &str, now: Option<&str>| PinnedValue {
            path: path.to_owned(),
            now: now.map(str::to_owned),
        };
        let target = GitopsTarget {
            remote: "https://git.example.com/team/config".to_owned(),
            branch: "main".to_owned(),
            file: "apps/\u{1b}[31mprod/values.yaml".to_owned(),
            values: vec![value("image.tag", Some("v1")), value("image.digest", None)],
            method: ChangeMethod::Push,
            wait_for: Some("Flux Kustomization flux-system/apps".to_owned()),
        };
        assert_eq!(
            target.words(),
            "commit image.tag (now v1) and image.digest (not there yet) of apps/prod/values.yaml to main of \
             https://git.example.com/team/config, then wait for Flux Kustomization flux-system/apps"
        );
    }
}
