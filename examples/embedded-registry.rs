//! Runs the embedded registry alone, for other tools to talk to, until Ctrl-C.
//!
//! ```text
//! cargo run --example embedded-registry -- [--port N] [--dir FOLDER] [--user NAME --password WORD]
//! ```

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Parser;
use windlass::demo::registry::{Auth, Credentials, EmbeddedRegistry, Options, Storage};

#[derive(Parser)]
struct Arguments {
    /// The port on 127.0.0.1; a free one unless given.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The folder to keep content in; memory unless given.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Ask for bearer tokens, for this user.
    #[arg(long, requires = "password")]
    user: Option<String>,
    /// The user's password.
    #[arg(long, requires = "user")]
    password: Option<String>,
    /// Be a registry without the referrers API.
    #[arg(long)]
    no_referrers: bool,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let auth = match (&arguments.user, &arguments.password) {
        (Some(user), Some(password)) => Auth::Bearer(Credentials::new(user, password)),
        _ => Auth::Open,
    };
    let registry = EmbeddedRegistry::start(Options {
        port: arguments.port,
        storage: arguments.dir.map_or(Storage::Memory, Storage::Disk),
        auth,
        referrers_api: !arguments.no_referrers,
        ..Options::default()
    })
    .await?;
    writeln!(io::stdout(), "{}", registry.host())?;
    tokio::signal::ctrl_c().await?;
    registry.shutdown().await;
    Ok(())
}
