//! Some platforms of an image, where not all of them are wanted.

use bytes::Bytes;

use crate::domain::{Digest, Platform, Target};
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Content, Descriptor, Manifest};
use crate::registry::reader::Reader;

/// What is left of `root` with these platforms only: all of it where none is named; the manifest of one; for several, an
/// index of theirs, with what buildx attests of them.
pub(super) async fn choose(
    source: &Reader,
    root: Manifest,
    platforms: &[Platform],
) -> Result<Manifest, RegistryError> {
    if platforms.is_empty() {
        return Ok(root);
    }
    let odd = |why: String| RegistryError::Malformed {
        host: source.repository().host().to_owned(),
        what: source.name(&Target::Digest(root.descriptor().digest.clone())),
        why,
    };
    let Content::Index { manifests } = root.content() else {
        return Err(odd(
            "is a single-platform image, so no platform can be chosen".to_owned()
        ));
    };
    let mut chosen: Vec<(usize, &Descriptor)> = Vec::new();
    for wanted in platforms {
        let before = chosen.len();
        chosen.extend(
            manifests
                .iter()
                .enumerate()
                .filter(|(_, entry)| is_for(entry, wanted)),
        );
        if chosen.len() == before {
            let there: Vec<_> = manifests
                .iter()
                .filter_map(|entry| entry.platform.as_ref())
                .collect();
            let there: Vec<_> = there
                .iter()
                .filter(|one| !one.is_unknown())
                .map(ToString::to_string)
                .collect();
            return Err(RegistryError::NotFound {
                host: source.repository().host().to_owned(),
                what: format!(
                    "platform {wanted} of {} (available: {})",
                    source.name(&Target::Digest(root.descriptor().digest.clone())),
                    there.join(", ")
                ),
            });
        }
    }
    if let [(_, only)] = chosen.as_slice() {
        return source.manifest(&Target::Digest(only.digest.clone())).await;
    }
    let bytes =
        without_others(root.bytes(), &chosen).ok_or_else(|| odd("cannot be split by platform".to_owned()))?;
    let digest = Digest::of(&bytes);
    Manifest::parse(bytes, digest, Some(&root.descriptor().media_type)).map_err(odd)
}

/// A variant that is not named is any variant.
fn is_for(entry: &Descriptor, wanted: &Platform) -> bool {
    entry.platform.as_ref().is_some_and(|platform| {
        platform.os == wanted.os
            && platform.architecture == wanted.architecture
            && (wanted.variant.is_none() || wanted.variant == platform.variant)
    })
}

/// The index with the entries that are `kept`, and what is attested of them; all else in it stays as it was.
fn without_others(index: &Bytes, kept: &[(usize, &Descriptor)]) -> Option<Bytes> {
    let mut index: serde_json::Value = serde_json::from_slice(index).ok()?;
    let entries = index["manifests"].as_array_mut()?;
    let mut place = 0..entries.len();
    entries.retain(|entry| {
        let place = place.next();
        let about = entry["annotations"]["vnd.docker.reference.digest"].as_str();
        kept.iter().any(|(kept, descriptor)| {
            Some(*kept) == place || about.is_some_and(|about| about == descriptor.digest.to_string())
        })
    });
    Some(index.to_string().into())
}
