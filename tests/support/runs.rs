//! What `windlass runs` tells.

use serde_json::Value;

/// The newest run in the output of `windlass runs --json`: its operation, and the meaning of its exit code.
pub fn newest(printed: &[u8]) -> (String, String) {
    let document: Value = serde_json::from_slice(printed).unwrap();
    let run = &document["runs"][0];
    let text = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
    (text("operation"), text("exit"))
}
