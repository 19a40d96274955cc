//! A program on a pseudo-terminal: what a person sees, and types.

use std::io::{Read as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the test gives up; it goes on as soon as what it waits for is there.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Seen {
    pub parser: vt100::Parser,
    pub ended: bool,
}

/// A program on a terminal of its own.
pub struct Session {
    pub seen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    pub master: Option<Box<dyn MasterPty + Send>>,
    hung_up: Arc<AtomicBool>,
    _folder: tempfile::TempDir,
}

impl Session {
    /// The console of the sample world.
    pub fn demo(columns: u16, rows: u16) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.arg("demo");
        command.env("XDG_STATE_HOME", state.path());
        Self::open(command, columns, rows, state)
    }

    /// Any command, with a folder that is kept as long as the session.
    pub fn open(command: CommandBuilder, columns: u16, rows: u16, folder: tempfile::TempDir) -> Self {
        Self::open_as("xterm-256color", command, columns, rows, folder)
    }

    /// Any command on a terminal of this kind.
    pub fn open_as(
        term: &str,
        mut command: CommandBuilder,
        columns: u16,
        rows: u16,
        folder: tempfile::TempDir,
    ) -> Self {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        command.env("TERM", term);
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keys = pair.master.take_writer().unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Seen {
            parser: vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0),
            ended: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let shared = Arc::clone(&seen);
        let hung_up = Arc::new(AtomicBool::new(false));
        let lets_go = Arc::clone(&hung_up);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let read = output.read(&mut bytes).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                seen.parser.process(&bytes[..read]);
                seen.ended = read == 0;
                shared.1.notify_all();
                if read == 0 || lets_go.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        Self {
            seen,
            keys,
            child,
            master: Some(pair.master),
            hung_up,
            _folder: folder,
        }
    }

    /// Waits until the screen is as `holds` says.
    pub fn wait(&self, what: &str, holds: impl Fn(&Seen) -> bool) {
        let begun = Instant::now();
        let mut seen = self.seen.0.lock().unwrap();
        while !holds(&seen) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let screen = seen.parser.screen().contents();
            let left = left.unwrap_or_else(|| panic!("waited in vain for {what}; the screen:\n{screen}"));
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    pub fn see(&self, text: &str) {
        self.wait(text, |seen| seen.parser.screen().contents().contains(text));
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Takes the terminal away, and waits for the end of the process: its exit code.
    pub fn hang_up(&mut self) -> u32 {
        self.keys = Box::new(std::io::sink());
        self.master = None;
        // Whoever reads lets go of it with the next thing that is shown.
        self.hung_up.store(true, Ordering::SeqCst);
        self.child.wait().unwrap().exit_code()
    }

    /// Waits for the end of the process; gives its exit code, and whether the terminal is as it was.
    pub fn end(mut self) -> (u32, bool) {
        self.wait("the end of the process", |seen| seen.ended);
        let code = self.child.wait().unwrap().exit_code();
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.parser.screen();
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        (
            code,
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste() && !mouse,
        )
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that fails half-way leaves nothing behind; one that came to its end has nothing to end.
        let _ = self.child.kill();
    }
}
