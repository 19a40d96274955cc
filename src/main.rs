//! Arguments in, exit code out.

use std::io::Write as _;
use std::process::ExitCode;

use windlass::cli::{self, Outcome, Output};
use windlass::domain::{Exit, WriteAccess};
use windlass::program::Signals;
use windlass::tui;

fn main() -> ExitCode {
    let mut io = Output::of_process();
    let exit = match start(&mut io) {
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

fn start(io: &mut Output) -> Result<Exit, cli::Failure> {
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
