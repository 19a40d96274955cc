//! The keyboard, heard by a thread of its own. A terminal that goes away is read without end by the library
//! (crossterm 0.29, `event/source/unix/mio.rs`: a read of nothing is read again), which must not stop the loop.

use std::thread;

use crossterm::event::{self, Event};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What is typed, until it cannot be read any more. The thread ends with the process: a read that waits cannot be ended.
pub(super) fn listen() -> UnboundedReceiver<Event> {
    let (heard, events) = unbounded_channel();
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            if heard.send(event).is_err() {
                return;
            }
        }
    });
    events
}
