//! Whether registries have every manifest and every blob of an image. A manifest that is there proves nothing of its blobs:
//! clean-ups and half-restored backups lose them one by one.

use crate::domain::{Digest, Gate, GateKind, Verdict, count, first};
use crate::registry::{MissingContent, Reader, RegistryError};

/// How many parts are named; the others are counted.
const MAX_NAMED_PARTS: usize = 3;

/// Whether the repository has all of `digest`: one HEAD for each blob.
pub(super) async fn verdict(reader: &Reader, digest: &Digest) -> Verdict {
    match reader.wholeness(digest).await {
        Ok(found) if found.is_whole() => Verdict::Allowed(format!(
            "{} and {} present",
            count(found.manifests, "manifest"),
            count(found.blobs, "blob")
        )),
        Ok(found) => Verdict::Refused(format!(
            "{} does not have {}",
            reader.repository(),
            named(&found.missing)
        )),
        Err(error) => Verdict::Unknown(error.to_string()),
    }
}

/// The gate that refuses to promote what cannot be copied whole: the source lacks a part of `digest`, and the target
/// does not have it either. None where nothing stands in the way.
pub(super) async fn promotion_gate(source: &Reader, target: &Reader, digest: &Digest) -> Option<Gate> {
    let verdict = match missing_at_both(source, target, digest).await {
        Ok(missing) if missing.is_empty() => return None,
        Ok(missing) => Verdict::Refused(format!(
            "{} does not have {}",
            source.repository(),
            named(&missing)
        )),
        Err(error) => Verdict::Unknown(error.to_string()),
    };
    Some(Gate::new(GateKind::Complete, verdict))
}

async fn missing_at_both(
    source: &Reader,
    target: &Reader,
    digest: &Digest,
) -> Result<Vec<MissingContent>, RegistryError> {
    let mut missing = Vec::new();
    for part in source.wholeness(digest).await?.missing {
        // A copy reads every manifest at the source; of the blobs, it reads those that the target lacks.
        if !part.is_blob || !target.has_blob(&part.digest).await? {
            missing.push(part);
        }
    }
    Ok(missing)
}

fn named(missing: &[MissingContent]) -> String {
    first(missing.iter(), MAX_NAMED_PARTS)
}
