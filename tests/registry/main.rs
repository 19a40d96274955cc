//! The embedded registry, over HTTP, as any client meets it.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

mod access;
mod client;
mod content;
mod faults;
mod listing;
mod storage;
mod uploads;
