//! Signatures, attestations and SBOMs in cosign's old form, from before referrers: a manifest that is found by a tag
//! made of the digest that it is about, `sha256-<hex>.sig`, `.att` or `.sbom`.

use serde_json::Value;

use crate::domain::{Algorithm, Digest, Tag, Target};
use crate::registry::concurrency::together;
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Content, Descriptor, Manifest};
use crate::registry::reader::Reader;

const SUFFIXES: [&str; 3] = ["sig", "att", "sbom"];

/// What there is about `digest`. Each tag is asked for: a list of tags may lag behind, and does not say that one is not
/// there.
pub(in crate::registry) async fn old_signatures(
    source: &Reader,
    digest: &Digest,
) -> Result<Vec<(Tag, Manifest)>, RegistryError> {
    let asking = SUFFIXES.into_iter().filter_map(|suffix| old_tag(digest, suffix));
    let asking = asking.map(|tag| async move {
        let target = Target::Tag(tag.clone());
        match source.resolve(&target).await? {
            Some(_) => Ok(Some((tag, source.manifest(&target).await?))),
            None => Ok(None),
        }
    });
    Ok(together(asking.collect()).await?.into_iter().flatten().collect())
}

/// The tag under which cosign keeps what it attaches to `digest` in the old form.
pub(in crate::registry) fn old_tag(digest: &Digest, suffix: &str) -> Option<Tag> {
    if digest.algorithm() != Algorithm::Sha256 {
        return None;
    }
    format!("sha256-{}.{suffix}", digest.hex()).parse().ok()
}

/// What the target has under a tag of the old form.
pub(super) enum Standing {
    /// All of it, perhaps more.
    Present,
    /// Nothing, or a part of it.
    Missing,
    /// Some that the source lacks, and not all that the source has: these bytes hold both.
    Merged(Box<Manifest>),
}

/// Compares what the target has under `tag` with what `manifest` holds. Each signature is a layer of such a manifest,
/// and its annotations belong to it: two keys that sign the same payload make the same bytes. None may be lost.
pub(super) async fn compare(
    target: &Reader,
    tag: &Tag,
    manifest: &Manifest,
) -> Result<Standing, RegistryError> {
    let name = Target::Tag(tag.clone());
    let there = match target.resolve(&name).await? {
        None => return Ok(Standing::Missing),
        Some(there) if there.digest == manifest.descriptor().digest => return Ok(Standing::Present),
        Some(_) => target.manifest(&name).await?,
    };
    let (ours, theirs) = (layers(manifest), layers(&there));
    if ours.iter().all(|layer| has(theirs, layer)) {
        return Ok(Standing::Present);
    }
    if theirs.iter().all(|layer| has(ours, layer)) {
        return Ok(Standing::Missing);
    }
    merged(manifest, &there)
        .map(|both| Standing::Merged(Box::new(both)))
        .ok_or_else(|| RegistryError::TagTaken {
            tag: target.name(&name),
            found: there.descriptor().digest.clone(),
            wanted: manifest.descriptor().digest.clone(),
        })
}

/// `theirs` with the layers of `ours` that it lacks; all else in it stays as it was.
fn merged(ours: &Manifest, theirs: &Manifest) -> Option<Manifest> {
    let known = layers(theirs);
    let source: Value = serde_json::from_slice(ours.bytes()).ok()?;
    let mut document: Value = serde_json::from_slice(theirs.bytes()).ok()?;
    let added = source["layers"].as_array()?.iter().zip(layers(ours));
    let added: Vec<Value> = added
        .filter(|(_, layer)| !has(known, layer))
        .map(|(value, _)| value.clone())
        .collect();
    document["layers"].as_array_mut()?.extend(added);
    let bytes = bytes::Bytes::from(document.to_string());
    let digest = Digest::of(&bytes);
    Manifest::parse(bytes, digest, Some(&theirs.descriptor().media_type)).ok()
}

fn has(list: &[Descriptor], layer: &Descriptor) -> bool {
    list.iter()
        .any(|known| known.digest == layer.digest && known.annotations == layer.annotations)
}

fn layers(manifest: &Manifest) -> &[Descriptor] {
    match manifest.content() {
        Content::Image { layers, .. } => layers,
        Content::Index { .. } => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(layers: &[(&str, &str)]) -> Manifest {
        let layers: Vec<_> = layers
            .iter()
            .map(|(payload, signature)| {
                serde_json::json!({
                    "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json",
                    "digest": Digest::of(payload.as_bytes()), "size": payload.len(),
                    "annotations": { "dev.cosignproject.cosign/signature": signature },
                })
            })
            .collect();
        let config = Descriptor::new("application/vnd.oci.image.config.v1+json", Digest::of(b"{}"), 2);
        let document = serde_json::json!({ "schemaVersion": 2, "config": config, "layers": layers });
        let bytes = bytes::Bytes::from(document.to_string());
        let digest = Digest::of(&bytes);
        Manifest::parse(bytes, digest, None).unwrap()
    }

    #[test]
    fn signatures_of_one_payload_by_two_keys_are_two_and_are_merged() {
        let (ours, theirs) = (
            signatures(&[("p", "one"), ("p", "two")]),
            signatures(&[("p", "one"), ("q", "three")]),
        );
        assert!(!has(layers(&theirs), &layers(&ours)[1]));
        let merged = merged(&ours, &theirs).unwrap();
        let wanted = signatures(&[("p", "one"), ("q", "three"), ("p", "two")]);
        assert_eq!(layers(&merged), layers(&wanted));
        assert_ne!(merged.descriptor().digest, ours.descriptor().digest);
    }
}
