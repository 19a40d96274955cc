//! The program on a real terminal: the console from its first frame to the shell prompt, signals and what they end, and a
//! repository that an attacker wrote.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/call.rs"]
mod call;
mod console;
mod forge;
#[path = "../support/git.rs"]
mod git;
mod hostile;
#[path = "../registry_client/raw.rs"]
mod raw;
#[path = "../support/sample.rs"]
mod sample;
mod session;
mod signals;
