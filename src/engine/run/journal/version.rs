//! The versions of the form of a line.

/// The version that is written here.
pub(super) const LATEST: u64 = 3;
/// The first one whose lines begin with their own hash.
pub(super) const HASHED: u64 = 3;
