//! Copies through proxies that go wrong: the right copy in the end, or a clear failure and no tag.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../registry_client/world.rs"]
mod world;

mod eye;
mod image;
mod kill;
mod kinds;
mod matrix;
mod passes;
mod route;
mod waves;
