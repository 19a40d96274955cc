//! What an image is made of and how it is run, platform by platform: more than most questions need to know.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::RegistryError;
use super::images::{ImageSummary, summary};
use super::manifest::{Content, Manifest};
use super::reader::Reader;
use crate::domain::{Clean, Digest, ImageFacts, ImageSettings, Layer, PlatformFacts};

/// What an image says of how it is run (OCI image specification 1.1, "config"). Docker writes null for what is not set.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    config: Option<Section>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Section {
    user: Option<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
    exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    working_dir: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

impl Section {
    fn into_settings(self) -> ImageSettings {
        let one = |text: Option<String>| text.map(|text| Clean::line(&text));
        let list = |list: Option<Vec<String>>| -> Vec<Clean> {
            list.unwrap_or_default()
                .iter()
                .map(|text| Clean::line(text))
                .collect()
        };
        let pair = |(key, value): (&str, &str)| (Clean::line(key), Clean::line(value));
        let variables = self.env.unwrap_or_default();
        let labels = self.labels.unwrap_or_default();
        ImageSettings {
            user: one(self.user),
            entry_point: list(self.entrypoint),
            command: list(self.cmd),
            environment: variables
                .iter()
                .map(|text| pair(text.split_once('=').unwrap_or((text, ""))))
                .collect(),
            ports: self
                .exposed_ports
                .unwrap_or_default()
                .keys()
                .map(|port| Clean::line(port))
                .collect(),
            working_folder: one(self.working_dir),
            labels: labels.iter().map(|(key, value)| pair((key, value))).collect(),
        }
    }
}

impl Reader {
    /// What the image or index `digest` says of itself, with the layers and the settings of each platform: as many
    /// requests as [`Reader::image`].
    pub async fn facts(&self, digest: &Digest) -> Result<(ImageSummary, ImageFacts), RegistryError> {
        let images = self.images(digest).await?;
        let configs = self.configs(&images).await?;
        let summary = summary(&images, &configs);
        let all = images.manifests.iter().zip(&summary.images).zip(&configs);
        let platforms = all.map(|(((_, image), runnable), config)| {
            let platform = runnable.platform.clone();
            let document = config
                .as_ref()
                .map(|bytes| serde_json::from_slice::<Document>(bytes));
            PlatformFacts {
                platform,
                layers: layers(image),
                settings: document
                    .and_then(Result::ok)
                    .map(|document| document.config.unwrap_or_default().into_settings()),
            }
        });
        let facts = ImageFacts {
            digest: digest.clone(),
            size: summary.size,
            created: summary.created,
            platforms: platforms.collect(),
        };
        Ok((summary, facts))
    }
}

fn layers(image: &Manifest) -> Vec<Layer> {
    match image.content() {
        Content::Image { layers, .. } => layers
            .iter()
            .map(|layer| Layer {
                digest: layer.digest.clone(),
                size: layer.size,
                media_type: Clean::line(&layer.media_type),
            })
            .collect(),
        Content::Index { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_an_image_is_run_and_makes_it_harmless() {
        let text = r#"{"config": {"User": "65532", "Entrypoint": ["svc"], "Cmd": null, "WorkingDir": "/app",
            "Env": ["PATH=/bin=x", "EMPTY", "RED=\u001b[31mred"], "ExposedPorts": {"8080/tcp": {}},
            "Labels": {"a": "\u202eb"}, "StopSignal": "TERM"}}"#;
        let document: Document = serde_json::from_str(text).unwrap();
        let settings = document.config.unwrap().into_settings();
        let line = Clean::line;
        assert_eq!(settings.user, Some(line("65532")));
        assert_eq!(settings.environment[&line("PATH")], line("/bin=x"));
        assert_eq!(settings.environment[&line("RED")], line("red"));
        assert!(settings.environment.contains_key(&line("EMPTY")));
        assert!(settings.ports.contains(&line("8080/tcp")));
        assert_eq!(settings.labels[&line("a")], line("b"));
        assert!(settings.command.is_empty());
    }
}
