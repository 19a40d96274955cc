//! Copies through proxies that go wrong: the right copy in the end, or a clear failure and no tag.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[expect(dead_code, reason = "the faults are for what comes")]
#[path = "../support/proxy.rs"]
mod proxy;

mod passes;
