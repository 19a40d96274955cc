//! What a copy takes along, and where it goes.

use crate::domain::{Platform, Tag};
use crate::registry::manifest::{Content, Manifest};
use crate::registry::writer::TagRule;

/// How a copy is to be made. The default takes the whole image with all its referrers, and sets no tag.
#[derive(Debug, Clone, Default)]
pub struct CopyOptions {
    /// Which referrers come along.
    pub referrers: ReferrerChoice,
    /// The platforms to take; all of them where none is named. One makes its manifest the root of the copy, several make
    /// a new index: either way the digest is another one.
    pub platforms: Vec<Platform>,
    /// Take layers that live outside registries too, where the source has them; such an image is refused otherwise.
    pub foreign_layers: bool,
    /// Look for every blob at the target, those of manifests that are there already too.
    pub deep: bool,
    /// The tag that the target gets, last of all.
    pub tag: Option<(Tag, TagRule)>,
    /// How much is asked before.
    pub look: Look,
}

/// What is known of the target before anything moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Everything is asked for, so that a person can be told what will move: one request a manifest and blob.
    #[default]
    Exact,
    /// Only whether the image is there; what is not known turns out on the way, at no further cost. For a copy that is
    /// carried out at once.
    Quick,
}

/// Which referrers come along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReferrerChoice {
    /// All of them, transitively.
    #[default]
    All,
    /// None; they are not even asked for.
    None,
    /// Those whose artifact type, or the media type of one of their layers, is one of these; and of these, their own.
    Types(Vec<String>),
}

impl ReferrerChoice {
    pub(super) fn takes(&self, referrer: &Manifest) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Types(types) => {
                let layers = match referrer.content() {
                    Content::Image { layers, .. } => layers.as_slice(),
                    Content::Index { .. } => &[],
                };
                let own = referrer.descriptor().artifact_type.iter();
                own.chain(layers.iter().map(|layer| &layer.media_type))
                    .any(|kind| types.contains(kind))
            }
        }
    }
}
