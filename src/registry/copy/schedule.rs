//! What may be put when: a manifest after its blobs, after the manifests that it names, and after what it refers to.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{BlobState, CopyPlan};
use crate::domain::Digest;

/// The manifests of a plan that wait for something, by their place in it.
pub(super) struct Schedule {
    /// How many things each still waits for.
    waits: BTreeMap<usize, usize>,
    /// Who waits for a digest, of a blob or of a manifest.
    waiting: BTreeMap<Digest, Vec<usize>>,
}

impl Schedule {
    /// The schedule of `plan`, and what may be put at once.
    pub(super) fn of(plan: &CopyPlan) -> (Self, Vec<usize>) {
        let missing = || plan.manifests.iter().enumerate().filter(|(_, one)| !one.present);
        let mut coming: BTreeSet<&Digest> = missing().map(|(_, one)| &one.descriptor.digest).collect();
        coming.extend(
            plan.blobs
                .iter()
                .filter(|blob| blob.state != BlobState::Present)
                .map(|blob| &blob.digest),
        );
        let mut schedule = Self {
            waits: BTreeMap::new(),
            waiting: BTreeMap::new(),
        };
        let mut ready = Vec::new();
        for (place, one) in missing() {
            let manifest = one.manifest.iter();
            let needs: BTreeSet<&Digest> = manifest
                .flat_map(|manifest| manifest.blobs().chain(manifest.children()))
                .map(|descriptor| &descriptor.digest)
                .chain(&one.subject)
                .filter(|digest| coming.contains(digest) && **digest != one.descriptor.digest)
                .collect();
            if needs.is_empty() {
                ready.push(place);
            }
            schedule.waits.insert(place, needs.len());
            for digest in needs {
                schedule.waiting.entry(digest.clone()).or_default().push(place);
            }
        }
        (schedule, ready)
    }

    /// `digest` is at the target. What may be put now.
    pub(super) fn arrived(&mut self, digest: &Digest) -> Vec<usize> {
        let mut ready = Vec::new();
        for place in self.waiting.remove(digest).unwrap_or_default() {
            if let Some(waits) = self.waits.get_mut(&place) {
                *waits -= 1;
                if *waits == 0 {
                    ready.push(place);
                }
            }
        }
        ready
    }
}
