//! The closure of a digest at its source: all that a copy of it has to bring along, and what of it is at the target.

use std::collections::{BTreeMap, BTreeSet};

use super::cosign;
use super::options::{CopyOptions, Look, ReferrerChoice};
use crate::domain::{Digest, Tag, Target};
use crate::registry::concurrency::together;
use crate::registry::error::RegistryError;
use crate::registry::manifest::{Descriptor, Manifest};
use crate::registry::reader::Reader;

/// Steps from the root, through indexes and referrers; real images have three or four.
const DEEPEST: usize = 24;
/// More manifests than any image has, referrers included.
const MOST_MANIFESTS: usize = 5_000;
/// More bytes of manifests than any image has: they are all held at once.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// One manifest of the closure.
pub(super) struct Member {
    pub(super) descriptor: Descriptor,
    /// None for one that the target has, and of which nothing more needs to be known.
    pub(super) manifest: Option<Manifest>,
    /// Whether the target has it, as far as that was asked.
    pub(super) present: bool,
    /// The tag that it is known by, for a signature in cosign's old form.
    pub(super) tag: Option<Tag>,
}

impl Member {
    pub(super) fn subject(&self) -> Option<&Digest> {
        self.manifest.as_ref().and_then(Manifest::subject)
    }

    fn children(&self) -> &[Descriptor] {
        self.manifest.as_ref().map_or(&[], Manifest::children)
    }
}

/// What refers to a digest.
#[derive(Default)]
struct Attached {
    referrers: Vec<Descriptor>,
    old_signatures: Vec<Member>,
}

/// Something that has to be looked at.
struct Wanted {
    descriptor: Descriptor,
    /// What it should refer to, for a referrer.
    subject: Option<Digest>,
    /// Whether the target may have it: then it is asked.
    ask: bool,
}

/// Walks the closure of one root.
pub(super) struct Walk<'a> {
    pub(super) source: &'a Reader,
    pub(super) target: &'a Reader,
    pub(super) options: &'a CopyOptions,
}

impl Walk<'_> {
    /// Every manifest that belongs to `root`, in an order in which they may be put: children before what names them,
    /// referrers after all that they can refer to. `present` is whether the target has the root itself.
    pub(super) async fn all(&self, root: Manifest, present: bool) -> Result<Vec<Member>, RegistryError> {
        let digest = root.descriptor().digest.clone();
        let mut found: BTreeMap<Digest, Member> = BTreeMap::new();
        let mut attached: BTreeMap<Digest, Attached> = BTreeMap::new();
        let mut read = vec![Member {
            descriptor: root.descriptor().clone(),
            manifest: Some(root),
            present,
            tag: None,
        }];
        let mut bytes = 0;
        let mut wanted: BTreeMap<Digest, Wanted> = BTreeMap::new();
        let mut listed: BTreeSet<Digest> = BTreeSet::new();
        // Wave by wave, so that the depth of the closure decides how long it takes, not its size.
        for _ in 0..DEEPEST {
            let mut list = Vec::new();
            for member in read.drain(..) {
                bytes += member
                    .manifest
                    .as_ref()
                    .map_or(0, |manifest| manifest.bytes().len() as u64);
                self.check(&member)?;
                for child in member.children() {
                    let ask = member.present || self.options.look == Look::Exact;
                    let child = Wanted {
                        descriptor: child.clone(),
                        subject: None,
                        ask,
                    };
                    wanted.entry(child.descriptor.digest.clone()).or_insert(child);
                }
                list.push(member.descriptor.digest.clone());
                found.insert(member.descriptor.digest.clone(), member);
            }
            wanted.retain(|digest, _| !found.contains_key(digest));
            // What refers to a child is asked while the child itself is read: its parent has named it, so it belongs to the
            // closure. A referrer may turn out not to.
            let children = wanted.values().filter(|one| one.subject.is_none());
            list.extend(children.map(|one| one.descriptor.digest.clone()));
            list.retain(|digest| listed.insert(digest.clone()));
            if found.len() + wanted.len() > MOST_MANIFESTS || bytes > MOST_BYTES {
                return Err(self.odd(&digest, "references too many manifests for an image"));
            }
            if wanted.is_empty() && (list.is_empty() || self.options.referrers == ReferrerChoice::None) {
                return Ok(in_order(&digest, found, attached));
            }
            let reading = std::mem::take(&mut wanted)
                .into_values()
                .map(|one| self.read(one));
            let listing = list.into_iter().map(|digest| self.attached(digest));
            let (members, lists) =
                tokio::try_join!(together(reading.collect()), together(listing.collect()))?;
            read = members.into_iter().flatten().collect();
            for (digest, one) in lists {
                for referrer in &one.referrers {
                    let entry = wanted.entry(referrer.digest.clone());
                    entry.or_insert_with(|| Wanted {
                        descriptor: referrer.clone(),
                        subject: Some(digest.clone()),
                        ask: false,
                    });
                }
                for old in &one.old_signatures {
                    self.check(old)?;
                }
                attached.insert(digest, one);
            }
        }
        Err(self.odd(&digest, "nests indexes too deeply for an image"))
    }

    /// One manifest. None for a referrer that turns out to refer to something else, since a registry may list what it
    /// should not, or that was not asked for.
    async fn read(&self, wanted: Wanted) -> Result<Option<Member>, RegistryError> {
        let name = Target::Digest(wanted.descriptor.digest.clone());
        let present = wanted.ask && self.target.resolve(&name).await?.is_some();
        let is_leaf = wanted.descriptor.is_image();
        if present && is_leaf && !self.options.deep {
            return Ok(Some(Member {
                descriptor: wanted.descriptor,
                manifest: None,
                present,
                tag: None,
            }));
        }
        let manifest = self.source.manifest(&name).await?;
        if wanted.subject.is_some()
            && (manifest.subject() != wanted.subject.as_ref() || !self.options.referrers.takes(&manifest))
        {
            return Ok(None);
        }
        Ok(Some(Member {
            descriptor: manifest.descriptor().clone(),
            manifest: Some(manifest),
            present,
            tag: None,
        }))
    }

    /// What refers to `digest`: by the referrers API or the fallback tag, and in cosign's old form.
    async fn attached(&self, digest: Digest) -> Result<(Digest, Attached), RegistryError> {
        if self.options.referrers == ReferrerChoice::None {
            return Ok((digest, Attached::default()));
        }
        let (referrers, old) = tokio::try_join!(
            self.source.list_referrers(&digest),
            cosign::old_signatures(self.source, &digest),
        )?;
        let referrers = referrers.entries;
        let old = old
            .into_iter()
            .filter(|(_, manifest)| self.options.referrers.takes(manifest));
        let old_signatures = old
            .map(|(tag, manifest)| Member {
                descriptor: manifest.descriptor().clone(),
                manifest: Some(manifest),
                present: false,
                tag: Some(tag),
            })
            .collect();
        Ok((
            digest,
            Attached {
                referrers,
                old_signatures,
            },
        ))
    }

    /// Layers that registries do not store cannot be promoted with the certainty that a promotion promises.
    fn check(&self, member: &Member) -> Result<(), RegistryError> {
        let mut blobs = member.manifest.iter().flat_map(Manifest::blobs);
        match blobs.find(|blob| blob.is_foreign()) {
            Some(foreign) if !self.options.foreign_layers => Err(self.odd(
                &member.descriptor.digest,
                &format!(
                    "has a foreign layer ({}), which is stored outside the registry; use --foreign-layers to copy it \
                     if the source has it",
                    foreign.digest.short()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn odd(&self, digest: &Digest, why: &str) -> RegistryError {
        RegistryError::Malformed {
            host: self.source.repository().host().to_owned(),
            what: self.source.name(&Target::Digest(digest.clone())),
            why: why.to_owned(),
        }
    }
}

/// Depth first through the children; then so for the referrers of all that came, and for theirs.
fn in_order(
    root: &Digest,
    mut found: BTreeMap<Digest, Member>,
    mut attached: BTreeMap<Digest, Attached>,
) -> Vec<Member> {
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
                    let children: Vec<_> = one
                        .children()
                        .iter()
                        .rev()
                        .map(|child| child.digest.clone())
                        .collect();
                    steps.push(Step::Leave(digest));
                    steps.extend(children.into_iter().map(Step::Enter));
                }
                Step::Leave(digest) => {
                    let Some(member) = found.remove(&digest) else {
                        continue;
                    };
                    members.push(member);
                    let attached = attached.remove(&digest).unwrap_or_default();
                    tops.extend(attached.referrers.into_iter().map(|referrer| referrer.digest));
                    members.extend(attached.old_signatures);
                }
            }
        }
    }
    members
}
