//! The command line: arguments, plain and JSON reporters, exit codes. A command is one file here, one line in
//! [`args::Command`] and one in [`run`].

mod approvals;
mod approve;
pub mod args;
mod audit;
mod board;
mod build;
mod check;
mod copy;
mod cut;
#[cfg(feature = "demo")]
mod demo;
#[cfg(not(feature = "demo"))]
#[path = "without_demo.rs"]
mod demo;
mod diff;
mod doctor;
mod failure;
mod finish;
mod fleet;
mod gc;
mod global;
mod halt;
mod history;
mod hotfix;
mod image;
mod init;
mod keygen;
mod locks;
mod logging;
mod logs;
mod notes;
mod operation;
mod outcome;
mod output;
mod password;
mod pin;
mod plan;
mod policy;
mod preflight;
mod promote;
mod protected;
mod recording;
mod registry;
mod releases;
mod report;
mod review;
mod rollback;
mod runs;
mod scan;
mod show;
mod sign;
mod status;
mod symbols;
mod table;
mod trust;
mod unlock;
mod verify;
mod waiting;
mod watch;
mod watch_webhook;
mod words;
mod world;

use std::io::Write as _;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser as _};

pub use args::Cli;
pub use failure::Failure;
pub use outcome::{ConsoleRequest, Outcome};
pub use output::Output;
pub use world::World;

use crate::domain::Exit;
use args::Command;

/// Reads the arguments of the process; wrong ones, `--help` and `--version` end it here.
pub fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        let asked = std::env::args_os().any(|arg| arg == "--ascii");
        if !asked && std::env::var_os("WINDLASS_ASCII").is_none() {
            error.exit();
        }
        let text = symbols::in_ascii(&error.render().to_string());
        // If even that cannot be written, the exit code still says it.
        let _ = if error.use_stderr() {
            std::io::stderr().write_all(text.as_bytes())
        } else {
            std::io::stdout().write_all(text.as_bytes())
        };
        std::process::exit(error.exit_code())
    })
}

/// Carries out the command.
pub async fn run(cli: Cli, io: &mut Output) -> Result<Outcome, Failure> {
    let global = cli.global;
    io.use_ascii(global.ascii);
    // The console has the terminal for itself.
    logging::start(global.verbose && cli.command.is_some());
    if io.err_is_terminal && cli.command.as_ref().is_some_and(Command::waits_for_others) {
        io.waiting.begin(global.ascii);
    }
    let exit = match cli.command {
        None => return open(&global, io).await,
        Some(Command::Demo(args)) => return demo::run(args, &global, io).await,
        Some(Command::DemoService(args)) => demo::service(args, io).await?,
        Some(Command::Init(args)) => init::run(args, &global, io)?,
        Some(Command::Doctor(args)) => doctor::run(&args, &global, io).await?,
        Some(Command::Scan(args)) => scan::run(args, &global, io).await?,
        Some(Command::Fleet(args)) => fleet::run(&args, &global, io).await?,
        Some(Command::Status(args)) => status::run(&args, &global, io).await?,
        Some(Command::Watch(args)) => watch::run(&args, &global, io).await?,
        Some(Command::Board(args)) => board::run(&args, &global, io).await?,
        Some(Command::Show(args)) => show::run(&args, &global, io).await?,
        Some(Command::Diff(args)) => diff::run(&args, &global, io).await?,
        Some(Command::Check(args)) => check::run(&args, &global, io).await?,
        Some(Command::Build(args)) => build::run(args, &global, io).await?,
        Some(Command::Cut(args)) => cut::run(args, &global, io).await?,
        Some(Command::Finish(args)) => finish::run(args, &global, io).await?,
        Some(Command::Hotfix(args)) => hotfix::run(args, &global, io).await?,
        Some(Command::Releases(args)) => releases::run(&args, &global, io).await?,
        Some(Command::Notes(args)) => notes::run(&args, &global, io).await?,
        Some(Command::Promote(args)) => promote::run(args, &global, io).await?,
        Some(Command::Pin(args)) => pin::pin(args, &global, io).await?,
        Some(Command::Unpin(args)) => pin::unpin(args, &global, io).await?,
        Some(Command::Pins(args)) => pin::list(&args, &global, io).await?,
        Some(Command::Rollback(args)) => rollback::run(args, &global, io).await?,
        Some(Command::Review(args)) => review::run(args, &global, io).await?,
        Some(Command::Copy(args)) => copy::run(args, &global, io).await?,
        Some(Command::Registry(command)) => registry::run(command, &global, io).await?,
        Some(Command::Sign(args)) => sign::run(args, &global, io).await?,
        Some(Command::Verify(args)) => verify::run(args, &global, io).await?,
        Some(Command::Keygen(args)) => keygen::run(&args, &global, io)?,
        Some(Command::Locks(args)) => locks::run(&args, &global, io).await?,
        Some(Command::Unlock(args)) => unlock::run(args, &global, io).await?,
        Some(Command::Preflight(args)) => preflight::run(&args, &global, io).await?,
        Some(Command::Policy(command)) => policy::run(&command, &global, io)?,
        Some(Command::Audit(command)) => audit::run(command, &global, io).await?,
        Some(Command::History(args)) => history::run(&args, &global, io).await?,
        Some(Command::Gc(args)) => gc::run(&args, &global, io).await?,
        Some(Command::Halt(args)) => halt::halt(args, &global, io).await?,
        Some(Command::Resume(args)) => halt::resume(args, &global, io).await?,
        Some(Command::Halts(args)) => halt::list(&args, &global, io).await?,
        Some(Command::Trust(args)) => trust::run(&args, &global, io)?,
        Some(Command::Runs(args)) => runs::run(&args, &global, io).await?,
        Some(Command::Approve(args)) => approve::run(args, &global, io).await?,
        Some(Command::Approvals(args)) => approvals::run(&args, &global, io).await?,
        Some(Command::Logs(args)) => logs::run(&args, &global, io).await?,
        Some(Command::Completions { shell }) => {
            // The generator panics where it cannot write, as into a pipe that `head` has closed.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "windlass", &mut script);
            io.out.write_all(&script)?;
            Exit::Done
        }
        Some(Command::Man) => {
            clap_mangen::Man::new(Cli::command()).render(&mut io.out)?;
            Exit::Done
        }
    };
    io.out.flush()?;
    Ok(Outcome::Ended(exit))
}

/// Whether someone is at a terminal that can show the console.
fn can_open_console(io: &Output) -> bool {
    io.out_is_terminal && io.in_is_terminal && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// `windlass --fleet FILE`: the console on the fleet on a terminal, its table without one.
async fn open_fleet(global: &global::Global, io: &mut Output) -> Result<Outcome, Failure> {
    if !can_open_console(io) {
        let exit = fleet::run(&fleet::FleetArgs { json: false }, global, io).await?;
        return Ok(Outcome::Ended(exit));
    }
    let path = fleet::path(global)?;
    let opened = fleet::open(&path, global).await?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(Outcome::Console(Box::new(ConsoleRequest {
        fleet: Some((name.unwrap_or_default(), opened)),
        service: None,
        read_only: global.read_only,
        ascii: global.ascii,
        sample: None,
    })))
}

/// `windlass` alone: the console on a terminal, the status without one.
async fn open(global: &global::Global, io: &mut Output) -> Result<Outcome, Failure> {
    if global.fleet.is_some() {
        return open_fleet(global, io).await;
    }
    if can_open_console(io) {
        // Asked once, before the console takes the terminal, with the same view as `windlass trust`.
        if let Ok(config) = world::configuration(global)?
            && !config.is_trusted()
            && !global.read_only
            && io.can_ask()
        {
            trust::ask(&config, global, io)?;
        }
        let engine = world::engine(global)?;
        let is_one = world::services_to_choose(engine.config(), global).is_empty();
        let service = if is_one {
            let world = World::of(Arc::clone(&engine), global)?;
            Some((world.engine, world.service))
        } else {
            None
        };
        return Ok(Outcome::Console(Box::new(ConsoleRequest {
            fleet: fleet::of_project(&engine),
            service,
            read_only: global.read_only,
            ascii: global.ascii,
            sample: None,
        })));
    }
    let exit = status::run(
        &status::StatusArgs {
            check: false,
            json: false,
        },
        global,
        io,
    )
    .await?;
    writeln!(
        io.err,
        "{}",
        if is_dumb() {
            "showing the status instead; the console requires a terminal other than TERM=dumb"
        } else {
            "showing the status; run `windlass` in a terminal to open the console"
        }
    )?;
    Ok(Outcome::Ended(exit))
}
