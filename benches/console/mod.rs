//! The console on a pseudo-terminal.

use std::ffi::OsStr;
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use color_eyre::eyre::eyre;
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::repository::trusted;

pub const COLUMNS: NonZero<u16> = NonZero::new(200).unwrap();
pub const LINES: NonZero<u16> = NonZero::new(60).unwrap();

/// A console that was started.
pub struct Console {
    pub child: Box<dyn Child + Send + Sync>,
    /// What it writes, with the moment of its arrival.
    pub output: Receiver<(Instant, Vec<u8>)>,
    /// Where keys go.
    pub keys: Box<dyn Write + Send>,
    /// When it was started.
    pub begin: Instant,
}

impl Console {
    /// Starts `program` on `repository`.
    pub fn start(program: &Path, repository: &Path) -> color_eyre::Result<Self> {
        let failed = |error| eyre!("the pseudo-terminal: {error:#}");
        let size = PtySize {
            rows: LINES.get(),
            cols: COLUMNS.get(),
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).map_err(failed)?;
        let mut command = CommandBuilder::new(OsStr::new(program));
        command.cwd(repository);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("XDG_STATE_HOME", repository.with_extension("state"));
        // The registries speak plain HTTP, which a repository's file may only ask for once it is trusted.
        command.env("WINDLASS_TRUST", trusted(repository));
        let output = read(pair.master.try_clone_reader().map_err(failed)?);
        let keys = pair.master.take_writer().map_err(failed)?;
        let begin = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(failed)?;
        Ok(Self {
            child,
            output,
            keys,
            begin,
        })
    }
}

/// What the console writes, with the moment of its arrival: interpreting it is not part of the time.
fn read(mut pty: Box<dyn std::io::Read + Send>) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        // The end of the console is an error on a pseudo-terminal of Linux.
        while let Ok(count) = pty.read(&mut buffer)
            && count > 0
            && sender.send((Instant::now(), buffer[..count].to_vec())).is_ok()
        {}
    });
    receiver
}
