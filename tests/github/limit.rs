//! A limit for what waits for another: a test that waits in vain fails with words.

use std::time::Duration;

/// Longer than anything here takes on a slow machine.
const LIMIT: Duration = Duration::from_mins(1);

/// What comes of `waiting`; the test fails if that takes too long.
pub async fn within<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, waiting).await {
        Ok(came) => came,
        Err(elapsed) => panic!("waited {LIMIT:?} in vain for {what}: {elapsed}"),
    }
}
