//! What every command prints in the sample world: JSON as its schema has it, and nothing beyond ASCII where that is asked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ascii;
#[path = "../support/call.rs"]
mod call;
mod commands;
#[path = "../support/json_schema.rs"]
mod json_schema;
mod notifications;
#[path = "../support/receiver.rs"]
mod receiver;
#[path = "../support/sample.rs"]
mod sample;
mod schemas;
#[path = "../builds/world.rs"]
mod workshop;
