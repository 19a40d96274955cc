//! The program from its arguments to its exit code: what `main` calls.
//!
//! It is here and not in `main.rs` so that the compiler makes the code of every command once, with this library: the body of
//! an `async` function is compiled where it is first driven.

use std::io::Write as _;
use std::process::ExitCode;

use crate::cli::{self, Outcome, Output};
use crate::domain::{Exit, WriteAccess};
use crate::program::Signals;
use crate::tui;

/// Does what the arguments of this process ask for.
pub fn start() -> ExitCode {
    let mut io = Output::of_process();
    let exit = match carry_out(&mut io) {
        Ok(exit) => exit,
        Err(failure) => {
            // If even that cannot be written, the exit code still says it.
            let _ = failure.print(&mut io.err);
            failure.exit
        }
    };
    let _ = io.out.flush();
    ExitCode::from(exit.code())
}

fn carry_out(io: &mut Output) -> Result<Exit, cli::Failure> {
    // Before all else, so that a signal finds somebody who answers it.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen(|| std::process::exit(i32::from(Exit::Interrupted.code())))?
    };
    color_eyre::install()?;
    let cli = cli::parse();
    let exit = runtime.block_on(async {
        let working = async {
            match cli::run(cli, io).await? {
                Outcome::Ended(exit) => Ok(exit),
                Outcome::Console(request) => console(*request).await,
            }
        };
        tokio::select! {
            exit = working => exit,
            // What was at work is dropped, and with it the programs that it started.
            () = signals.unhandled() => Ok(Exit::Interrupted),
        }
    });
    // A request that hangs must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

/// The sample world, if there is one, stays until the console is closed.
async fn console(request: cli::ConsoleRequest) -> Result<Exit, cli::Failure> {
    let cli::ConsoleRequest {
        fleet,
        service,
        read_only,
        ascii,
        sample: _sample,
    } = request;
    let console = tui::Console {
        fleet,
        service,
        access: WriteAccess::unless_read_only(read_only),
        ascii,
    };
    Ok(tui::run(console).await?)
}
