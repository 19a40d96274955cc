//! Arguments that many commands share.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

/// What is the same for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The configuration file [default: windlass.toml in this folder or the nearest parent]
    #[arg(long, global = true, value_name = "FILE", env = "WINDLASS_CONFIG")]
    pub config: Option<PathBuf>,
    /// Run as if started in this folder
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The service [default: the only one, or the one whose folder this is]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub service: Option<String>,
    /// The file that lists the projects of a fleet; without a command, open the console on it
    #[arg(long, global = true, value_name = "FILE", env = "WINDLASS_FLEET")]
    pub fleet: Option<PathBuf>,
    /// Write nothing to registries, remotes or this repository
    #[arg(long, global = true, env = "WINDLASS_READ_ONLY", value_parser = FalseyValueParser::new())]
    pub read_only: bool,
    /// Print the log of windlass itself to standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Use only ASCII symbols
    #[arg(long, global = true, env = "WINDLASS_ASCII", value_parser = FalseyValueParser::new())]
    pub ascii: bool,
}

/// How an operation that writes is confirmed.
#[derive(Debug, Clone, Default, Args)]
pub struct Confirm {
    /// Print the plan without running it
    #[arg(long)]
    pub dry_run: bool,
    /// Confirm without asking; a protected environment requires --plan instead
    #[arg(short, long)]
    pub yes: bool,
    /// Confirm exactly the plan with this hash, as printed by --dry-run
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
    /// Read the password of the signing key from this file descriptor
    #[arg(long, value_name = "N")]
    pub password_fd: Option<u32>,
}
