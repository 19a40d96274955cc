//! Runs the embedded registry alone, so that other tools can be pointed at it: prints its host and serves, in memory,
//! until standard input closes.
//!
//! ```sh
//! cargo run --example embedded_registry
//! ```

use std::io::{self, Write as _};

use windlass::demo::registry::{EmbeddedRegistry, Options};

#[tokio::main]
async fn main() -> io::Result<()> {
    let registry = EmbeddedRegistry::start(Options::default()).await?;
    writeln!(io::stdout(), "{}", registry.host())?;
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    registry.shutdown().await;
    Ok(())
}
