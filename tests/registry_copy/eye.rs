//! Looks at a registry itself, past the proxies and past the client that is tested.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;
use serde_json::Value;
use windlass::domain::Digest;

/// The user of registries that want one, and the password.
pub const LOGIN: (&str, &str) = ("ana", "right");

/// Reads one repository.
pub struct Eye {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// All that belongs to an image.
#[derive(Debug, Clone)]
pub struct Whole {
    pub root: Digest,
    /// Every manifest, by digest: the index, its children, its referrers, the signature in cosign's old form.
    pub manifests: BTreeMap<Digest, Vec<u8>>,
    pub referrers: Vec<Digest>,
    pub signature: Option<Digest>,
    pub bytes: u64,
}

impl Eye {
    /// Looks at `path` in the registry `host`.
    pub async fn new(client: &reqwest::Client, host: &str, path: &str, guarded: bool) -> Self {
        let token = if guarded {
            let url = format!("http://{host}/token?scope=repository:{path}:pull");
            let asked = client.get(url).basic_auth(LOGIN.0, Some(LOGIN.1)).send().await;
            let answer: Value = asked.unwrap().json().await.unwrap();
            Some(answer["token"].as_str().unwrap().to_owned())
        } else {
            None
        };
        Self {
            client: client.clone(),
            base: format!("http://{host}/v2/{path}"),
            token,
        }
    }

    /// What is there; none for 404.
    async fn get(&self, path: &str) -> Option<Vec<u8>> {
        let mut request = self.client.get(format!("{}/{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        if answer.status() == StatusCode::NOT_FOUND {
            return None;
        }
        assert_eq!(answer.status(), 200, "{path}");
        Some(answer.bytes().await.unwrap().into())
    }

    async fn manifest(&self, name: &str) -> Option<Vec<u8>> {
        self.get(&format!("manifests/{name}")).await
    }

    /// The digest of what a tag names.
    pub async fn tag(&self, tag: &str) -> Option<Digest> {
        self.manifest(tag).await.map(|bytes| Digest::of(&bytes))
    }

    /// The referrers that the registry lists, or that the index under the fallback tag does.
    async fn referrers(&self, subject: &Digest) -> BTreeSet<Digest> {
        let listed = match self.get(&format!("referrers/{subject}")).await {
            Some(listed) => Some(listed),
            None => self.manifest(&subject.fallback_tag()).await,
        };
        listed
            .map(|bytes| digests(&bytes, "manifests"))
            .unwrap_or_default()
    }

    /// All that belongs to `root`.
    pub async fn whole(&self, root: &Digest) -> Whole {
        let mut manifests = BTreeMap::new();
        let referrers: Vec<_> = self.referrers(root).await.into_iter().collect();
        let mut left = vec![root.clone()];
        left.extend(referrers.iter().cloned());
        let signature = self.tag(&signature_tag(root)).await;
        left.extend(signature.clone());
        while let Some(digest) = left.pop() {
            let bytes = self.manifest(&digest.to_string()).await.unwrap();
            left.extend(digests(&bytes, "manifests"));
            manifests.insert(digest, bytes);
        }
        let mut bytes = 0;
        for blob in manifests
            .values()
            .flat_map(|one| blobs(one))
            .collect::<BTreeSet<_>>()
        {
            bytes += self.get(&format!("blobs/{blob}")).await.unwrap().len() as u64;
        }
        Whole {
            root: root.clone(),
            manifests,
            referrers,
            signature,
            bytes,
        }
    }

    /// What is missing of an image, or is other than it should be; nothing where it is whole.
    pub async fn missing(&self, whole: &Whole, tag: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        for (digest, bytes) in &whole.manifests {
            match self.manifest(&digest.to_string()).await {
                None => wrong.push(format!("manifest {digest} is missing")),
                Some(found) if found != *bytes => wrong.push(format!("manifest {digest} is other bytes")),
                Some(found) => wrong.extend(self.missing_blobs(&found).await),
            }
        }
        let listed = self.referrers(&whole.root).await;
        for referrer in whole.referrers.iter().filter(|one| !listed.contains(one)) {
            wrong.push(format!("referrer {referrer} cannot be found"));
        }
        if self.tag(&signature_tag(&whole.root)).await != whole.signature {
            wrong.push("the signature cannot be found".to_owned());
        }
        match self.tag(tag).await {
            Some(found) if found == whole.root => {}
            found => wrong.push(format!("tag {tag} is {found:?}")),
        }
        wrong
    }

    async fn missing_blobs(&self, manifest: &[u8]) -> Vec<String> {
        let mut wrong = Vec::new();
        for blob in blobs(manifest) {
            match self.get(&format!("blobs/{blob}")).await {
                None => wrong.push(format!("blob {blob} is missing")),
                Some(bytes) if Digest::of(&bytes) != blob => {
                    wrong.push(format!("blob {blob} is other bytes"));
                }
                Some(_) => {}
            }
        }
        wrong
    }

    /// Manifests that are there though something that they name is not.
    pub async fn torn(&self, whole: &Whole) -> Vec<String> {
        let mut wrong = Vec::new();
        for digest in whole.manifests.keys() {
            let Some(bytes) = self.manifest(&digest.to_string()).await else {
                continue;
            };
            for child in digests(&bytes, "manifests") {
                if self.manifest(&child.to_string()).await.is_none() {
                    wrong.push(format!("{digest} is there without {child}"));
                }
            }
            wrong.extend(self.missing_blobs(&bytes).await);
        }
        wrong
    }
}

/// The tag that a signature in cosign's old form is found by.
pub fn signature_tag(subject: &Digest) -> String {
    format!("{}.sig", subject.fallback_tag())
}

fn digests(manifest: &[u8], list: &str) -> BTreeSet<Digest> {
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    let entries = manifest[list].as_array().cloned().unwrap_or_default();
    entries.iter().map(digest).collect()
}

fn blobs(manifest: &[u8]) -> BTreeSet<Digest> {
    let parsed: Value = serde_json::from_slice(manifest).unwrap();
    let mut blobs = digests(manifest, "layers");
    if parsed["config"].is_object() {
        blobs.insert(digest(&parsed["config"]));
    }
    blobs
}

fn digest(descriptor: &Value) -> Digest {
    descriptor["digest"].as_str().unwrap().parse().unwrap()
}
