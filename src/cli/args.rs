//! The tree of commands and their arguments.

use clap::{Parser, Subcommand};

use super::global::Global;

/// Lifts one container image, unchanged, from environment to environment.
#[derive(Debug, Parser)]
#[command(name = "windlass", version, max_term_width = 100)]
#[command(
    after_help = "Without a command, windlass opens the console; without a terminal it prints the status.\nExit \
         codes: 0 done, 1 failed, 2 usage or configuration, 3 refused by a gate, 4 conflict, 5 incomplete \
         (run the same command again to resume), 6 not authorised, 7 not found, 8 still running on GitHub, \
         130 interrupted."
)]
pub struct Cli {
    /// What is the same for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command; none opens the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try windlass in a self-contained demo (real git repository and registries)
    Demo(super::demo::DemoArgs),
    /// Create a commented windlass.toml from flags or questions
    Init(super::init::InitArgs),
    /// Check configuration, repository, registries, credentials and tools
    Doctor(super::doctor::DoctorArgs),
    /// Scan an image with Trivy and attach the report for the gates
    Scan(super::scan::ScanArgs),
    /// Show every service of several projects in every environment
    Fleet(super::fleet::FleetArgs),
    /// Show what is deployed where
    Status(super::status::StatusArgs),
    /// Report each drift once, as it begins and ends
    Watch(super::watch::WatchArgs),
    /// List the candidates on develop, newest first
    Board(super::board::BoardArgs),
    /// Show a candidate and the verdict of each gate
    Show(super::show::ShowArgs),
    /// Compare two releases, environments, commits or images
    Diff(super::diff::DiffArgs),
    /// Check a pull request: lint the Dockerfile, build the image, create an SBOM, scan and test it
    Check(super::check::CheckArgs),
    /// Build the checked-out commit for each platform and push it to the build environment
    Build(super::build::BuildArgs),
    /// Cut a release branch from a commit of develop
    Cut(super::cut::CutArgs),
    /// List open releases and hotfixes, and what is outstanding
    Releases(super::releases::ReleasesArgs),
    /// Finish a release or hotfix: merge it into main, develop and open releases, and tag it
    Finish(super::finish::FinishArgs),
    /// Start a hotfix from what is deployed to production
    Hotfix(super::hotfix::HotfixArgs),
    /// Write release notes: the commits since the last release, grouped, as Markdown
    Notes(super::notes::NotesArgs),
    /// Promote a candidate to an environment
    Promote(super::promote::PromoteArgs),
    /// Roll an environment back to an earlier digest and pin it
    Rollback(super::rollback::RollbackArgs),
    /// Pin an environment to what is deployed there; promotions to it are refused
    Pin(super::pin::PinArgs),
    /// Unpin an environment
    Unpin(super::pin::UnpinArgs),
    /// List the pinned environments: by whom, why and until when
    Pins(super::pin::PinsArgs),
    /// Halt an environment on every machine and in CI; promotions to it are refused
    Halt(super::halt::HaltArgs),
    /// Resume a halted environment
    Resume(super::halt::ResumeArgs),
    /// List the environments that were halted: by whom, why and whether they still are
    Halts(super::halt::HaltsArgs),
    /// List what an environment ran, when, by which run, and what the gates said
    History(super::history::HistoryArgs),
    /// Verify that journals, records, signatures and registries say the same
    #[command(subcommand)]
    Audit(super::audit::AuditCommand),
    /// Delete the images that nobody needs any more, by the retention rules of windlass.toml
    Gc(super::gc::GcArgs),
    /// Record the review due after a hotfix or other exception
    Review(super::review::ReviewArgs),
    /// Copy an image between registries unchanged, with its referrers
    Copy(super::copy::CopyArgs),
    /// Inspect registries; delete a tag or a manifest
    #[command(subcommand)]
    Registry(super::registry::RegistryCommand),
    /// Sign an image in place, in cosign's format
    Sign(super::sign::SignArgs),
    /// Verify the signature of an image
    Verify(super::verify::VerifyArgs),
    /// Predict whether the verifiers of an environment will admit a candidate
    Preflight(super::preflight::PreflightArgs),
    /// Write admission policies for what verifies images without windlass
    #[command(subcommand)]
    Policy(super::policy::PolicyCommand),
    /// Create a key pair in cosign's format
    Keygen(super::keygen::KeygenArgs),
    /// List the locks on the remote: by whom and until when
    Locks(super::locks::LocksArgs),
    /// Break an abandoned lock on the remote
    Unlock(super::unlock::UnlockArgs),
    /// List the runs of this machine, newest first, or show the events of one
    Runs(super::runs::RunsArgs),
    /// Approve the promotion of a candidate, or review a deployment that waits on GitHub
    Approve(super::approve::ApproveArgs),
    /// List who approved the promotion of a candidate, and who is missing
    Approvals(super::approvals::ApprovalsArgs),
    /// Print the logs of a run on GitHub, or follow it
    Logs(super::logs::LogsArgs),
    /// Review and trust the settings of windlass.toml that decide where secrets go or which programs run
    Trust(super::trust::TrustArgs),
    /// Print shell completions
    #[command(after_help = "Example:\n  windlass completions bash > /etc/bash_completion.d/windlass")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Deploy in the demo, and say what runs there
    #[command(hide = true)]
    DemoService(super::demo::ServiceArgs),
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

impl Command {
    /// Whether it asks git, registries or GitHub before it has anything to say.
    pub const fn waits_for_others(&self) -> bool {
        !matches!(
            self,
            Self::Demo(_)
                | Self::DemoService(_)
                | Self::Init(_)
                | Self::Copy(_)
                | Self::Check(_)
                | Self::Keygen(_)
                | Self::Runs(_)
                | Self::Logs(_)
                | Self::Trust(_)
                | Self::Completions { .. }
                | Self::Man
        )
    }
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
    fn the_help_of_every_command_has_an_example() {
        fn lacking(command: &clap::Command, found: &mut Vec<String>) {
            let help = command.clone().render_long_help().to_string();
            if !command.has_subcommands() && !help.contains("Example") {
                found.push(command.get_name().to_owned());
            }
            let is_shown = |one: &&clap::Command| one.get_name() != "help" && !one.is_hide_set();
            for below in command.get_subcommands().filter(is_shown) {
                lacking(below, found);
            }
        }
        let mut found = Vec::new();
        lacking(&Cli::command(), &mut found);
        assert_eq!(found, [""; 0]);
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
