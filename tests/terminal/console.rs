//! The console on a real pseudo-terminal, on the sample world: what a person sees, from the first frame to the shell prompt.

use crate::session::Session;
use portable_pty::PtySize;

#[test]
fn a_candidate_is_promoted_by_keys_and_the_terminal_is_given_back() {
    let mut session = Session::demo(120, 40);
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
    let session = Session::demo(120, 40);
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
    session.master.as_ref().unwrap().resize(size).unwrap();
    session.see("windlass needs");
    let process = session.child.process_id().unwrap().cast_signed();
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(session.end(), (130, true));
}
