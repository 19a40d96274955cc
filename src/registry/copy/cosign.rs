//! Signatures, attestations and SBOMs in cosign's old form, from before referrers: a manifest that is found by a tag
//! made of the digest that it is about, `sha256-<hex>.sig`, `.att` or `.sbom`.

use std::collections::BTreeSet;

use crate::domain::{Algorithm, Digest, Tag, Target};
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Content, Manifest};
use crate::registry::reader::Reader;

const SUFFIXES: [&str; 3] = ["sig", "att", "sbom"];
/// What the names of such tags begin with.
const PREFIX: &str = "sha256-";

/// The tags whose names begin as those of cosign do; none where they could not be listed in one request, so that each
/// has to be asked for.
pub(in crate::registry) type Reserved = Option<BTreeSet<String>>;

/// Lists them: nearly always one request in place of three for each manifest.
pub(in crate::registry) async fn reserved(source: &Reader) -> Result<Reserved, RegistryError> {
    let page = source.tag_page_after(PREFIX).await?;
    Ok(page
        .filter(|(tags, more)| is_complete(tags, *more))
        .map(|(tags, _)| {
            let ours = tags.into_iter().filter(|tag| tag.starts_with(PREFIX));
            ours.collect()
        }))
}

/// Whether the first page of tags after [`PREFIX`] has all that begin with it. Not every registry lists in lexical
/// order, or begins where it was told to.
fn is_complete(tags: &[String], more: bool) -> bool {
    let begins_there = tags.iter().all(|tag| tag.as_str() > PREFIX);
    let goes_beyond = tags.last().is_some_and(|last| !last.starts_with(PREFIX));
    !more || (begins_there && goes_beyond && tags.is_sorted())
}

/// What there is about `digest`.
pub(in crate::registry) async fn old_signatures(
    source: &Reader,
    digest: &Digest,
    reserved: &Reserved,
) -> Result<Vec<(Tag, Manifest)>, RegistryError> {
    let mut found = Vec::new();
    if digest.algorithm() != Algorithm::Sha256 {
        return Ok(found);
    }
    for suffix in SUFFIXES {
        let name = format!("{PREFIX}{}.{suffix}", digest.hex());
        let Ok(tag) = name.parse::<Tag>() else {
            continue;
        };
        let target = Target::Tag(tag.clone());
        let is_there = match reserved {
            Some(names) => names.contains(&name),
            None => source.resolve(&target).await?.is_some(),
        };
        if is_there {
            found.push((tag, source.manifest(&target).await?));
        }
    }
    Ok(found)
}

/// Whether the target has what `manifest` holds under `tag`. Each signature is a layer of such a manifest: a target
/// that has all of them and some of its own is left alone, one that has fewer gets the rest, and where each side has
/// some that the other lacks neither may be lost.
pub(super) async fn is_present(
    target: &Reader,
    tag: &Tag,
    manifest: &Manifest,
) -> Result<bool, RegistryError> {
    let name = Target::Tag(tag.clone());
    let there = match target.resolve(&name).await? {
        None => return Ok(false),
        Some(there) if there.digest == manifest.descriptor().digest => return Ok(true),
        Some(_) => target.manifest(&name).await?,
    };
    let (ours, theirs) = (layers(manifest), layers(&there));
    if ours.is_subset(&theirs) {
        Ok(true)
    } else if theirs.is_subset(&ours) {
        Ok(false)
    } else {
        Err(RegistryError::TagTaken {
            tag: target.name(&name),
            found: there.descriptor().digest.clone(),
            wanted: manifest.descriptor().digest.clone(),
        })
    }
}

fn layers(manifest: &Manifest) -> BTreeSet<&Digest> {
    match manifest.content() {
        Content::Image { layers, .. } => layers.iter().map(|layer| &layer.digest).collect(),
        Content::Index { .. } => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_tags_is_all_there_is_only_where_it_shows_it() {
        let complete = |tags: &[&str], more| {
            let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            is_complete(&tags, more)
        };
        assert!(complete(&["v1", "latest"], false), "nothing is left");
        assert!(complete(&["sha256-a.sig", "v1"], true), "it went past them");
        assert!(
            !complete(&["sha256-a.sig", "sha256-b.sig"], true),
            "there may be more of them"
        );
        assert!(
            !complete(&["latest", "sha256-a.sig", "v1"], true),
            "it began elsewhere"
        );
        assert!(
            !complete(&["v1", "sha256-a.sig", "v2"], true),
            "it has another order"
        );
        assert!(!complete(&[], true), "it says nothing");
    }
}
