//! The console on a real pseudo-terminal, on the sample world: what a person sees, from the first frame to the shell prompt.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::io::{Read as _, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the test gives up; it goes on as soon as what it waits for is there.
const PATIENCE: Duration = Duration::from_mins(1);

struct Seen {
    parser: vt100::Parser,
    ended: bool,
}

struct Session {
    seen: Arc<(Mutex<Seen>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    _state: tempfile::TempDir,
}

impl Session {
    fn open(columns: u16, rows: u16) -> Self {
        let state = tempfile::tempdir().unwrap();
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.arg("demo");
        command.env("TERM", "xterm-256color");
        command.env("XDG_STATE_HOME", state.path());
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
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let read = output.read(&mut bytes).unwrap_or(0);
                let mut seen = shared.0.lock().unwrap();
                seen.parser.process(&bytes[..read]);
                seen.ended = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self {
            seen,
            keys,
            child,
            master: pair.master,
            _state: state,
        }
    }

    fn wait(&self, what: &str, holds: impl Fn(&Seen) -> bool) {
        let begun = Instant::now();
        let mut seen = self.seen.0.lock().unwrap();
        while !holds(&seen) {
            let left = PATIENCE.checked_sub(begun.elapsed());
            let screen = seen.parser.screen().contents();
            let left = left.unwrap_or_else(|| panic!("waited in vain for {what}; the screen:\n{screen}"));
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    fn see(&self, text: &str) {
        self.wait(text, |seen| seen.parser.screen().contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end of the process; gives its exit code, and whether the terminal is as it was.
    fn end(mut self) -> (u32, bool) {
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

#[test]
fn a_candidate_is_promoted_by_keys_and_the_terminal_is_given_back() {
    let mut session = Session::open(120, 40);
    session.see("Ready for stage");
    session.press("p");
    session.see("Nothing is written before you press Enter");
    session.press("\r");
    session.see("promote to stage is done");
    session.press("\x1b");
    session.see("Ready for prod");
    session.press("p");
    session.see("To go on, type");
    session.press("\x1b");
    // Together with the next key, Esc would be read as Alt.
    session.wait("the dialog to close", |seen| {
        !seen.parser.screen().contents().contains("To go on, type")
    });
    session.press("q");
    assert_eq!(session.end(), (0, true));
}

#[test]
fn a_resize_is_followed_and_a_termination_gives_the_terminal_back() {
    let session = Session::open(120, 40);
    session.see("COMMIT");
    session
        .seen
        .0
        .lock()
        .unwrap()
        .parser
        .screen_mut()
        .set_size(5.try_into().unwrap(), 20.try_into().unwrap());
    let size = PtySize {
        rows: 5,
        cols: 20,
        pixel_width: 0,
        pixel_height: 0,
    };
    session.master.resize(size).unwrap();
    session.see("windlass needs");
    let process = session.child.process_id().unwrap().cast_signed();
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(session.end(), (130, true));
}
