//! SBOMs in attestations: those that cosign signs, and those that buildx puts into its index.

use serde_json::{Value, json};
use windlass::domain::{PackageList, PackageSource, Platform, SignatureForms};
use windlass::registry::Descriptor;
use windlass::scan::{ScanError, sbom_packages};
use windlass::sign::{self, NewStatement};

use crate::{CONFIG, INDEX, MANIFEST, World, key, put};

const SPDX: &str = "https://spdx.dev/Document";

fn spdx(package: &str) -> Value {
    json!({"spdxVersion": "SPDX-2.3", "packages": [{
        "name": package, "versionInfo": "1.2.5", "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": format!("pkg:apk/alpine/{package}@1.2.5"),
        }],
    }]})
}

fn both() -> [Platform; 2] {
    ["linux/amd64", "linux/arm64"].map(|text| text.parse().unwrap())
}

/// The packages by name, of which platforms they are not known, and who says so.
fn told(list: &PackageList) -> (Vec<&str>, Vec<String>, &PackageSource) {
    let names = list.packages.iter().map(|package| package.name.as_str());
    let missing = list.missing.iter().map(ToString::to_string);
    (names.collect(), missing.collect(), &list.source)
}

const OF_SPDX: PackageSource = PackageSource::Sbom { format: "SPDX" };

impl World {
    async fn packages(&self, image: &Descriptor) -> Result<Option<PackageList>, ScanError> {
        sbom_packages(&self.writer, &image.digest, &both()).await
    }

    /// The index as buildx makes it (BuildKit, "Image attestation storage"): beside each image an attestation, here with
    /// an SBOM for as many as there are in `sboms`, and with a provenance, which is none, for all.
    async fn buildx(&self, sboms: &[Value]) -> Descriptor {
        let mut entries = Vec::new();
        for (at, (image, architecture)) in self.platforms.iter().zip(["amd64", "arm64"]).enumerate() {
            entries.push(json!({
                "mediaType": MANIFEST, "digest": image.digest, "size": image.size,
                "platform": {"os": "linux", "architecture": architecture},
            }));
            let mut layers = Vec::new();
            let provenance = [("https://slsa.dev/provenance/v1", json!({}))];
            for (kind, predicate) in sboms
                .get(at)
                .map(|sbom| (SPDX, sbom.clone()))
                .into_iter()
                .chain(provenance)
            {
                let statement = json!({
                    "_type": "https://in-toto.io/Statement/v0.1", "predicateType": kind,
                    "subject": [{"name": "_", "digest": {"sha256": image.digest.hex()}}], "predicate": predicate,
                });
                let blob = self.writer.put_blob(statement.to_string().into()).await.unwrap();
                layers.push(json!({
                    "mediaType": "application/vnd.in-toto+json", "digest": blob.digest, "size": blob.size,
                    "annotations": {"in-toto.io/predicate-type": kind},
                }));
            }
            let config = self.writer.put_blob("{}".into()).await.unwrap();
            let config = Descriptor::new(CONFIG, config.digest, config.size);
            let manifest =
                json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
            let manifest = put(&self.writer, MANIFEST, &manifest).await;
            entries.push(json!({
                "mediaType": MANIFEST, "digest": manifest.digest, "size": manifest.size,
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": image.digest,
                },
            }));
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        put(&self.writer, INDEX, &index).await
    }
}

#[tokio::test]
async fn what_buildx_put_into_its_index_is_read_of_each_platform() {
    let world = World::new(true).await;
    let image = world.buildx(&[spdx("musl"), spdx("zlib")]).await;
    let list = world.packages(&image).await.unwrap().unwrap();
    assert_eq!(told(&list), (vec!["musl", "zlib"], vec![], &OF_SPDX));
    let image = world.buildx(&[spdx("musl")]).await;
    let list = world.packages(&image).await.unwrap().unwrap();
    assert_eq!(
        told(&list),
        (vec!["musl"], vec!["linux/arm64".to_owned()], &OF_SPDX)
    );
    let image = world.buildx(&[]).await;
    assert_eq!(world.packages(&image).await.unwrap(), None);
}

#[tokio::test]
async fn what_somebody_attested_is_read_before_what_the_build_says() {
    let world = World::new(true).await;
    let image = world.buildx(&[spdx("musl"), spdx("zlib")]).await;
    let list = NewStatement::new(SPDX, spdx("openssl"));
    sign::attest(&world.writer, &image, list, &key(), SignatureForms::Bundle)
        .await
        .unwrap();
    let list = world.packages(&image).await.unwrap().unwrap();
    assert_eq!(told(&list), (vec!["openssl"], vec![], &OF_SPDX));
}

#[tokio::test]
async fn an_attestation_of_rubbish_is_no_empty_list() {
    let world = World::new(true).await;
    let image = world.buildx(&[json!("<html>")]).await;
    let error = world.packages(&image).await.unwrap_err();
    assert!(error.to_string().contains("SPDX"), "{error}");
}
