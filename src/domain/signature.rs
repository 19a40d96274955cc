//! The forms in which signatures and attestations are kept beside an image.

use std::str::FromStr;

/// Where signatures and attestations of an image are left. What reads them differs by program and version; see
/// [`Verifier`](super::Verifier).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignatureForms {
    /// Sigstore's bundle v0.3 as a referrer: what cosign 3 writes.
    #[default]
    Bundle,
    /// Layers of manifests at the tags `sha256-….sig` and `sha256-….att`: what cosign 2 writes.
    Tag,
    /// Both.
    Both,
}

impl SignatureForms {
    /// All of them, the one that leaves least behind first.
    pub const ALL: [Self; 3] = [Self::Bundle, Self::Tag, Self::Both];

    /// Whether bundles are left.
    pub const fn has_bundle(self) -> bool {
        matches!(self, Self::Bundle | Self::Both)
    }

    /// Whether the old tags are written.
    pub const fn has_tag(self) -> bool {
        matches!(self, Self::Tag | Self::Both)
    }

    /// The name in windlass.toml.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Tag => "tag",
            Self::Both => "both",
        }
    }

    /// For a plan: `as a bundle`, `as a .sig tag`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bundle => "as a bundle",
            Self::Tag => "as a .sig tag",
            Self::Both => "as a bundle and a .sig tag",
        }
    }
}

impl FromStr for SignatureForms {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|forms| forms.name() == name);
        found.ok_or("`bundle`, `tag` and `both` are the forms of signatures")
    }
}
