//! The closure of a digest at its source: all that a copy of it has to bring along.

use std::collections::{BTreeMap, BTreeSet};

use super::cosign::{self, Reserved};
use super::plan::together;
use crate::domain::{Digest, Tag, Target};
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Descriptor, Manifest};
use crate::registry::reader::Reader;

/// Steps from the root, through indexes and referrers; real images have three or four.
const DEEPEST: usize = 16;
/// More manifests than any image has, referrers included.
const MOST_MANIFESTS: usize = 5_000;
/// More bytes of manifests than any image has: they are all held at once.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// One manifest of the closure.
pub(super) struct Member {
    pub(super) manifest: Manifest,
    /// The tag that it is known by, for a signature in cosign's old form.
    pub(super) tag: Option<Tag>,
}

/// What is known of a digest once it has been looked at.
struct Found {
    manifest: Manifest,
    referrers: Vec<Descriptor>,
    old_signatures: Vec<(Tag, Manifest)>,
}

/// Every manifest that belongs to `root`, in an order in which they may be put: children before what names them,
/// referrers after all that they can refer to.
pub(super) async fn closure(source: &Reader, root: &Digest) -> Result<Vec<Member>, RegistryError> {
    let odd = |why: &str| RegistryError::Malformed {
        host: source.repository().host().to_owned(),
        what: format!("{}@{}", source.repository(), root.short()),
        why: why.to_owned(),
    };
    let reserved = cosign::reserved(source).await?;
    let mut found: BTreeMap<Digest, Found> = BTreeMap::new();
    let mut bytes = 0;
    // Wave by wave, so that the depth of the closure decides how long it takes, not its size.
    let mut wave: BTreeMap<Digest, Option<Digest>> = BTreeMap::from([(root.clone(), None)]);
    for _ in 0..DEEPEST {
        let looking = std::mem::take(&mut wave)
            .into_iter()
            .map(|(digest, subject)| look(source, digest, subject, &reserved));
        let looked_at = together(looking.collect()).await?;
        for (digest, one) in looked_at.into_iter().flatten() {
            bytes += one.manifest.descriptor().size;
            wave.extend(
                one.manifest
                    .children()
                    .iter()
                    .map(|child| (child.digest.clone(), None)),
            );
            for referrer in &one.referrers {
                wave.entry(referrer.digest.clone())
                    .or_insert_with(|| Some(digest.clone()));
            }
            found.insert(digest, one);
        }
        wave.retain(|digest, _| !found.contains_key(digest));
        if found.len() + wave.len() > MOST_MANIFESTS || bytes > MOST_BYTES {
            return Err(odd("leads to more manifests than any image has"));
        }
        if wave.is_empty() {
            return Ok(in_order(root, found));
        }
    }
    Err(odd("nests indexes deeper than any image does"))
}

/// One digest: its manifest, what refers to it, its signatures in cosign's old form. None for a referrer that turns out
/// to refer to something else: a registry may list what it should not.
async fn look(
    source: &Reader,
    digest: Digest,
    subject: Option<Digest>,
    reserved: &Reserved,
) -> Result<Option<(Digest, Found)>, RegistryError> {
    let name = Target::Digest(digest.clone());
    let (manifest, referrers, old_signatures) = tokio::try_join!(
        source.manifest(&name),
        source.referrers(&digest, None),
        cosign::old_signatures(source, &digest, reserved),
    )?;
    if subject.is_some() && manifest.subject() != subject.as_ref() {
        return Ok(None);
    }
    for manifest in std::iter::once(&manifest).chain(old_signatures.iter().map(|(_, manifest)| manifest)) {
        // Layers that registries do not store cannot be promoted with the certainty that a promotion promises.
        if let Some(foreign) = manifest.blobs().find(|blob| !blob.urls.is_empty()) {
            return Err(RegistryError::Malformed {
                host: source.repository().host().to_owned(),
                what: source.name(&name),
                why: format!(
                    "has a foreign layer ({}), which lives outside registries",
                    foreign.digest.short()
                ),
            });
        }
    }
    Ok(Some((
        digest,
        Found {
            manifest,
            referrers,
            old_signatures,
        },
    )))
}

/// Depth first through the children; then so for the referrers of all that came, and for theirs.
fn in_order(root: &Digest, mut found: BTreeMap<Digest, Found>) -> Vec<Member> {
    enum Step {
        Enter(Digest),
        Leave(Digest),
    }
    let mut entered = BTreeSet::new();
    let mut members = Vec::with_capacity(found.len());
    let mut tops = vec![root.clone()];
    while !tops.is_empty() {
        let mut steps: Vec<Step> = tops.drain(..).rev().map(Step::Enter).collect();
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(digest) => {
                    let Some(one) = found.get(&digest).filter(|_| entered.insert(digest.clone())) else {
                        continue;
                    };
                    let children = one.manifest.children().iter().rev();
                    steps.push(Step::Leave(digest));
                    steps.extend(children.map(|child| Step::Enter(child.digest.clone())));
                }
                Step::Leave(digest) => {
                    let Some(one) = found.remove(&digest) else {
                        continue;
                    };
                    tops.extend(one.referrers.into_iter().map(|referrer| referrer.digest));
                    members.push(Member {
                        manifest: one.manifest,
                        tag: None,
                    });
                    let old = one.old_signatures.into_iter();
                    members.extend(old.map(|(tag, manifest)| Member {
                        manifest,
                        tag: Some(tag),
                    }));
                }
            }
        }
    }
    members
}
