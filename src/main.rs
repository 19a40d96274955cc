//! Arguments in, exit code out.

use std::io::Write as _;
use std::process::ExitCode;

use windlass::cli::{self, Outcome, Output};
use windlass::domain::Exit;

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
    color_eyre::install()?;
    let cli = cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        match cli::run(cli, io).await? {
            Outcome::Ended(exit) => Ok(exit),
            Outcome::Console(request) => console(*request),
        }
    });
    // A request that hangs must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

fn console(_request: cli::ConsoleRequest) -> Result<Exit, cli::Failure> {
    Err(cli::Failure::usage(
        "the console is not built yet",
        "use the commands; see --help",
    ))
}
