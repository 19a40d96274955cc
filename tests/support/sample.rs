//! The sample world, and the right to write in it.

use jiff::Timestamp;
use windlass::demo::{World, WorldOptions};
use windlass::domain::WriteAccess;

pub fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

/// The world as it is at `now`, in a folder that goes with it. The same moment makes the same commits.
pub async fn world_at(now: Timestamp) -> World {
    let options = WorldOptions { folder: None, now };
    World::open(options, access()).await.unwrap()
}
