//! What a copy tells while it runs.

use std::fmt;

use crate::domain::Digest;

/// What a copy tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyProgress {
    /// A blob begins to move.
    BlobStarted {
        /// Which.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// Bytes of it have moved.
    BlobBytes {
        /// Which.
        digest: Digest,
        /// How many so far, of this attempt.
        moved: u64,
    },
    /// A registry asked to be left alone for a while (`Retry-After`).
    Waiting {
        /// Which.
        host: String,
        /// For how long.
        seconds: u64,
    },
    /// It begins anew, because the connection broke.
    Again {
        /// Which.
        digest: Digest,
        /// Why.
        why: String,
    },
    /// It is at the target.
    BlobDone {
        /// Which.
        digest: Digest,
        /// How it came there.
        how: How,
    },
    /// A manifest is at the target.
    ManifestDone {
        /// Which.
        digest: Digest,
    },
    /// A referrer is at the target, and can be found there.
    ReferrerDone {
        /// Which.
        digest: Digest,
    },
}

/// How a blob came to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its bytes went through here.
    Copied,
    /// The registry took it from the source by itself.
    Mounted,
    /// It was there before.
    Present,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Copied => "copied",
            Self::Mounted => "mounted",
            Self::Present => "already present",
        })
    }
}
