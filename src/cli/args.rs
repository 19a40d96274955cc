//! The tree of commands and their arguments.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};

/// Lifts one container image, unchanged, from environment to environment.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, max_term_width = 100)]
#[command(
    after_help = "Without a command, windlass opens the console; without a terminal it prints the status.\n\
    Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 refused by a gate, 4 conflict, \
    5 incomplete (give the same command again), 6 not authorised, 7 not found, 130 interrupted."
)]
pub struct Cli {
    /// What is the same for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command; none opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What is the same for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The configuration [default: the nearest windlass.toml, here or in a folder above]
    #[arg(long, global = true, value_name = "FILE", env = "WINDLASS_CONFIG")]
    pub config: Option<PathBuf>,
    /// Run as if started in this folder
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// The service [default: the only one configured, or the one whose folder this is]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub service: Option<String>,
    /// Write nothing anywhere: not to registries, remotes or this repository
    #[arg(long, global = true, env = "WINDLASS_READ_ONLY", value_parser = FalseyValueParser::new())]
    pub read_only: bool,
    /// Symbols of ASCII only
    #[arg(long, global = true, env = "WINDLASS_ASCII", value_parser = FalseyValueParser::new())]
    pub ascii: bool,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look around in a sample world that is real in every part
    Demo(super::demo::DemoArgs),
    /// Write a commented windlass.toml, from flags or questions
    Init(super::init::InitArgs),
    /// Look at configuration, repository, registries, credentials and tools, and say what to do
    Doctor(super::doctor::DoctorArgs),
    /// Scan an image with Trivy, and attach the report for the gates
    Scan(super::scan::ScanArgs),
    /// What runs where
    Status(super::status::StatusArgs),
    /// The candidates of develop, newest first
    Board(super::board::BoardArgs),
    /// All that is known of one candidate, and what each gate says
    Show(super::show::ShowArgs),
    /// What one release, environment, commit or image would change against another
    Diff(super::diff::DiffArgs),
    /// Check a pull request: lint the Dockerfile, build the image, list, scan and test what is in it
    Check(super::check::CheckArgs),
    /// Build the commit that is checked out for each platform, and push it to the environment that builds go to
    Build(super::build::BuildArgs),
    /// Cut a release branch at a commit of develop
    Cut(super::cut::CutArgs),
    /// Open releases and hotfixes, and what each of them still owes
    Releases(super::releases::ReleasesArgs),
    /// End a release or a hotfix: merge it into main, back into develop and open releases, and tag it
    Finish(super::finish::FinishArgs),
    /// Begin a hotfix at what production really runs
    Hotfix(super::hotfix::HotfixArgs),
    /// What a release brings: its commits since the last one, grouped, as Markdown
    Notes(super::notes::NotesArgs),
    /// Lift a candidate's digest to the next environment
    Promote(super::promote::PromoteArgs),
    /// Take an environment back to what ran there before, and pin it
    Rollback(super::rollback::RollbackArgs),
    /// Hold an environment at what runs there: promotions to it are refused
    Pin(super::pin::PinArgs),
    /// Lift the pin of an environment
    Unpin(super::pin::UnpinArgs),
    /// What is pinned, by whom, why and until when
    Pins(super::pin::PinsArgs),
    /// Leave the review that a hotfix or another exception owes
    Review(super::review::ReviewArgs),
    /// Copy an image between registries, whole and unchanged, with all that refers to it
    Copy(super::copy::CopyArgs),
    /// Look around in registries, and take a tag or a manifest away
    #[command(subcommand)]
    Registry(super::registry::RegistryCommand),
    /// Sign an image where it is, as cosign does
    Sign(super::sign::SignArgs),
    /// Verify the signature of an image
    Verify(super::verify::VerifyArgs),
    /// Make a key pair in cosign's format
    Keygen(super::keygen::KeygenArgs),
    /// What is locked at the remote, by whom, and until when
    Locks(super::locks::LocksArgs),
    /// Break a lock that somebody left at the remote, with a reason
    Unlock(super::unlock::UnlockArgs),
    /// The runs of this machine, newest first, or the events of one
    Runs(super::runs::RunsArgs),
    /// Show the settings of windlass.toml that decide where secrets go or what runs here, and trust them
    Trust(super::trust::TrustArgs),
    /// Completions for a shell, on standard output
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// The manual page, on standard output
    #[command(hide = true)]
    Man,
}

impl Command {
    /// Whether it asks git, registries or GitHub before it has anything to say.
    pub const fn waits_for_others(&self) -> bool {
        !matches!(
            self,
            Self::Demo(_)
                | Self::Init(_)
                | Self::Copy(_)
                | Self::Check(_)
                | Self::Keygen(_)
                | Self::Runs(_)
                | Self::Trust(_)
                | Self::Completions { .. }
                | Self::Man
        )
    }
}

/// How an operation that writes is confirmed.
#[derive(Debug, Clone, Default, Args)]
pub struct Confirm {
    /// Print the plan and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Confirm without asking; a protected environment wants --plan instead
    #[arg(short, long)]
    pub yes: bool,
    /// Confirm exactly the plan with this hash, as --dry-run printed it
    #[arg(long, value_name = "HASH")]
    pub plan: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_tree_of_commands_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_version_of_a_release_is_never_taken_for_the_wish_to_know_that_of_the_program() {
        for option in ["--version", "--release", "--as"] {
            let parsed = Cli::try_parse_from(["windlass", "cut", "develop", option, "1.5.0"]).unwrap();
            let Some(Command::Cut(cut)) = parsed.command else {
                panic!("{option} cuts")
            };
            assert_eq!(cut.version.as_deref(), Some("1.5.0"));
        }
    }
}
