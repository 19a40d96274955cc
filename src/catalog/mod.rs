//! Which image belongs to which commit, asked in one way by the board, the engine and the comparison: the tags that it may
//! have, in the order in which they count, and the first environment that has one of them.

mod find;
mod tags;

pub use find::{FindError, Found, find};
pub use tags::{ImageTag, NoTag, commit_tags, head_tag, heads_of, image_tags, own_tag, rebuilt_tag};
