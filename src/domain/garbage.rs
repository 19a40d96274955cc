//! Which images of an environment nobody needs any more. It decides by what was read; what could not be read is the business
//! of a gate.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::human::span;
use super::{CommitSha, Digest, Retention, Tag};

/// An image that a tag of an environment's repository points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredImage {
    /// Its digest.
    pub digest: Digest,
    /// All tags that point to it.
    pub tags: Vec<Tag>,
    /// Whose it is.
    pub origin: ImageOrigin,
    /// When it was built, deployed or attached to, whichever is known and latest.
    pub time: Timestamp,
    /// When it was last deployed here.
    pub deployed: Option<Timestamp>,
    /// The manifests that it names, those of nested indexes too.
    pub children: BTreeSet<Digest>,
    /// The other digests that a platform may name it by.
    pub configs: BTreeSet<Digest>,
    /// The manifest that it is attached to.
    pub subject: Option<Digest>,
}

/// Whose an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageOrigin {
    /// Built from these commits of this repository, and tagged as windlass tags. Commits that change nothing in an image have
    /// the same one.
    Ours(BTreeSet<CommitSha>),
    /// Not surely ours.
    Foreign(KeptBecause),
}

/// Why an image stays: the first that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepReason {
    /// It is deployed somewhere.
    Deployed,
    /// A platform runs it.
    Running,
    /// An environment is pinned to it.
    Pinned,
    /// It belongs to a release or hotfix whose branch is there.
    OpenRelease,
    /// A release tag is on its commit.
    Released,
    /// It is the image of the head of a long-lived branch.
    BranchHead,
    /// An environment that promotions lead to has it.
    Downstream,
    /// It has a tag that is not one of windlass.
    OtherTag,
    /// Its tag names a commit that is not in this repository.
    UnknownCommit,
    /// An exception that it went through has not been reviewed.
    ReviewDue,
    /// An index that stays names it.
    PartOfKept,
    /// It is attached to something that stays.
    AttachedToKept,
    /// It is one of the newest.
    NewestBuild,
    /// It is young.
    Young,
    /// It is one of the last that were deployed.
    LastDeployment,
}

impl KeepReason {
    /// The reason of several images: `30 among the newest builds`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Running => "running",
            Self::Pinned => "pinned",
            Self::OpenRelease => "of open releases",
            Self::Released => "released",
            Self::BranchHead => "of branch heads",
            Self::Downstream => "in environments downstream",
            Self::OtherTag => "with other tags",
            Self::UnknownCommit => "of unknown commits",
            Self::ReviewDue => "with a review due",
            Self::PartOfKept => "part of what is kept",
            Self::AttachedToKept => "attached to what is kept",
            Self::NewestBuild => "among the newest builds",
            Self::Young => "young",
            Self::LastDeployment => "among the last deployments",
        }
    }
}

/// Why one image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBecause {
    /// The reason.
    pub reason: KeepReason,
    /// In words: `deployed to prod`.
    pub words: String,
}

impl KeptBecause {
    /// A reason with its words.
    pub fn new(reason: KeepReason, words: impl Into<String>) -> Self {
        Self {
            reason,
            words: words.into(),
        }
    }
}

impl fmt::Display for KeptBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// What has to stay, whatever the rule of an environment says.
#[derive(Debug, Clone, Default)]
pub struct Needed {
    /// Digests, of images or of what they are made of.
    pub digests: BTreeMap<Digest, KeptBecause>,
    /// The images of these commits.
    pub commits: BTreeMap<CommitSha, KeptBecause>,
    /// What has one of these tags.
    pub tags: BTreeMap<Tag, KeptBecause>,
}

impl Needed {
    /// Adds a digest; of several reasons the gravest counts.
    pub fn digest(&mut self, digest: Digest, because: KeptBecause) {
        add(&mut self.digests, digest, because);
    }

    /// Adds the images of a commit.
    pub fn commit(&mut self, commit: CommitSha, because: KeptBecause) {
        add(&mut self.commits, commit, because);
    }

    /// Adds what has a tag.
    pub fn tag(&mut self, tag: Tag, because: KeptBecause) {
        add(&mut self.tags, tag, because);
    }

    /// Why an image has to stay.
    fn of<'n>(&'n self, image: &'n StoredImage) -> Option<&'n KeptBecause> {
        let parts = image.children.iter().chain(&image.configs);
        let digests = std::iter::once(&image.digest).chain(parts);
        let by_digest = digests.filter_map(|digest| self.digests.get(digest));
        let by_tag = image.tags.iter().filter_map(|tag| self.tags.get(tag));
        let (commits, foreign) = match &image.origin {
            ImageOrigin::Ours(commits) => (Some(commits), None),
            ImageOrigin::Foreign(because) => (None, Some(because)),
        };
        let by_commit = commits.into_iter().flatten();
        let by_commit = by_commit.filter_map(|commit| self.commits.get(commit));
        let all = by_digest.chain(by_tag).chain(by_commit).chain(foreign);
        all.min_by_key(|because| because.reason)
    }
}

fn add<K: Ord>(known: &mut BTreeMap<K, KeptBecause>, key: K, because: KeptBecause) {
    let graver = known.get(&key).is_none_or(|known| because.reason < known.reason);
    if graver {
        known.insert(key, because);
    }
}

/// Why each of `images` stays, by its digest; what is not in it may go. What was `kept` already stays so, whatever is known of
/// the others by now.
pub fn keep(
    images: &[StoredImage],
    rule: &Retention,
    needed: &Needed,
    now: Timestamp,
    mut kept: BTreeMap<Digest, KeptBecause>,
) -> BTreeMap<Digest, KeptBecause> {
    let needed = images
        .iter()
        .filter_map(|image| Some((image, needed.of(image)?.clone())));
    let mut found = BTreeMap::new();
    for (image, because) in needed.chain(by_rule(images, rule, now)) {
        add(&mut found, image.digest.clone(), because);
    }
    for (digest, because) in found {
        kept.entry(digest).or_insert(because);
    }
    close(images, &mut kept);
    kept
}

/// What the rule of the environment wants to keep of what is ours.
fn by_rule<'i>(
    images: &'i [StoredImage],
    rule: &Retention,
    now: Timestamp,
) -> Vec<(&'i StoredImage, KeptBecause)> {
    let mut found = Vec::new();
    let ours = images
        .iter()
        .filter(|image| matches!(image.origin, ImageOrigin::Ours(_)));
    let mut by_age: Vec<_> = ours.clone().collect();
    by_age.sort_by_key(|image| Reverse((image.time, &image.digest)));
    let builds = rule.builds.unwrap_or_default();
    let newest = by_age.iter().take(builds);
    found.extend(newest.map(|image| {
        let words = format!("among the newest {builds} builds");
        (*image, KeptBecause::new(KeepReason::NewestBuild, words))
    }));
    if let Some(age) = rule.age {
        let young = by_age.iter().filter(|image| now.duration_since(image.time) < age);
        found.extend(young.map(|image| {
            let words = format!("younger than {}", span(age));
            (*image, KeptBecause::new(KeepReason::Young, words))
        }));
    }
    // Only what is ours counts: another service that deploys to the same repository pushes none of ours out.
    let mut deployed: Vec<_> = ours.filter_map(|image| Some((image.deployed?, image))).collect();
    deployed.sort_by_key(|(at, image)| Reverse((*at, &image.digest)));
    let last = deployed.iter().take(rule.deployments.max(1)).enumerate();
    found.extend(last.map(|(at, (_, image))| {
        let because = if at == 0 {
            KeptBecause::new(KeepReason::Deployed, "deployed last of this service")
        } else {
            let words = format!("among the last {} that were deployed", rule.deployments);
            KeptBecause::new(KeepReason::LastDeployment, words)
        };
        (*image, because)
    }));
    found
}

/// What is part of something that stays, or attached to it, stays too.
fn close(images: &[StoredImage], kept: &mut BTreeMap<Digest, KeptBecause>) {
    loop {
        let staying = images.iter().filter(|image| kept.contains_key(&image.digest));
        let parts: BTreeMap<_, _> = staying
            .flat_map(|image| image.children.iter().map(move |child| (child, image)))
            .collect();
        let mut more = Vec::new();
        for image in images.iter().filter(|image| !kept.contains_key(&image.digest)) {
            let subject = image.subject.as_ref();
            if let Some(whole) = parts.get(&image.digest) {
                let words = format!("part of {}, which is kept", whole.digest.short());
                more.push((image, KeptBecause::new(KeepReason::PartOfKept, words)));
            } else if let Some(subject) =
                subject.filter(|subject| kept.contains_key(*subject) || parts.contains_key(*subject))
            {
                let words = format!("attached to {}, which is kept", subject.short());
                more.push((image, KeptBecause::new(KeepReason::AttachedToKept, words)));
            }
        }
        if more.is_empty() {
            return;
        }
        kept.extend(
            more.into_iter()
                .map(|(image, because)| (image.digest.clone(), because)),
        );
    }
}
