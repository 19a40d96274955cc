//! A bare HTTP client: what is sent is exactly what a test says.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::Digest;

pub const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A running registry and a client for it.
pub struct Registry {
    pub server: EmbeddedRegistry,
    pub http: reqwest::Client,
    token: Option<String>,
}

impl Registry {
    pub async fn start(options: Options) -> Self {
        // A second test of the same process finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self {
            server: EmbeddedRegistry::start(options).await.unwrap(),
            http: reqwest::Client::new(),
            token: None,
        }
    }

    pub async fn default() -> Self {
        Self::start(Options::default()).await
    }

    pub fn with_token(self, token: String) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    /// A request to a path with its query.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.server.host()));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn post(&self, path: &str) -> Response {
        self.request(Method::POST, path).send().await.unwrap()
    }

    pub async fn delete(&self, path: &str) -> Response {
        self.request(Method::DELETE, path).send().await.unwrap()
    }

    /// Opens an upload; its location.
    pub async fn open_upload(&self, name: &str) -> String {
        let response = self.post(&format!("/v2/{name}/blobs/uploads/")).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        header(&response, "location")
    }

    /// Pushes a blob in one request.
    pub async fn push_blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let request = self.request(Method::POST, &path).body(bytes.to_vec());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
        digest
    }

    /// Pushes a manifest, by tag or by digest, as it is.
    pub async fn put_manifest(&self, name: &str, target: &str, manifest: &Value) -> Response {
        let request = self
            .request(Method::PUT, &format!("/v2/{name}/manifests/{target}"))
            .header("content-type", IMAGE)
            .body(manifest.to_string());
        request.send().await.unwrap()
    }

    /// Pushes an image of no layers that differs by `label`, with its config, under a tag.
    pub async fn push_image(&self, name: &str, tag: &str, label: &str) -> Digest {
        let image = image(label);
        self.push_blob(name, b"{}").await;
        let response = self.put_manifest(name, tag, &image).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        digest_of(&image)
    }
}

/// An image of no layers that differs by `label`.
pub fn image(label: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": { "mediaType": EMPTY, "digest": Digest::of(b"{}"), "size": 2 },
        "layers": [],
        "annotations": { "label": label },
    })
}

/// An artifact that refers to `subject`.
pub fn referrer(subject: &Digest, artifact_type: &str) -> Value {
    let mut manifest = image("a referrer");
    manifest["artifactType"] = artifact_type.into();
    manifest["subject"] = json!({ "mediaType": IMAGE, "digest": subject, "size": 2 });
    manifest
}

pub fn digest_of(manifest: &Value) -> Digest {
    Digest::of(manifest.to_string().as_bytes())
}

pub fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value
        .unwrap_or_else(|| panic!("no {name}"))
        .to_str()
        .unwrap()
        .to_owned()
}

/// The error code of a refusal's body.
pub async fn code(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["errors"][0]["code"].as_str().unwrap().to_owned()
}
