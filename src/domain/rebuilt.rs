//! Images that are built anew from a release branch, for teams that do not promote the image of the develop commit.

use std::collections::BTreeMap;

use super::CommitSha;

/// The label of an image that was built anew: the commit of develop that it stands for.
pub const STANDS_FOR: &str = "dev.windlass.stands-for";

/// The commit that an image with these labels stands for, if it was built anew.
pub fn stands_for(labels: &BTreeMap<String, String>) -> Option<CommitSha> {
    labels.get(STANDS_FOR)?.parse().ok()
}
