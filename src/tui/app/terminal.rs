//! The terminal: taken when the console starts, and given back as it was, whatever happens.

use std::io::{self, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Frame;

use super::wire::Painter;

static TAKEN: AtomicBool = AtomicBool::new(false);
static PANICKED: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The terminal in the hands of the console. Dropped, it is as it was before.
pub struct Terminal {
    // Never dropped: its own drop writes to the terminal, and panics where that is gone.
    inner: ManuallyDrop<Painter<Stdout>>,
}

impl Terminal {
    /// Takes the terminal: alternate screen, raw mode, mouse, pasted text in one piece.
    pub fn take() -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                PANICKED.store(true, Ordering::SeqCst);
                restore();
                before(panic);
            }));
        });
        TAKEN.store(true, Ordering::SeqCst);
        let taken = Self::enter();
        if taken.is_err() {
            restore();
        }
        taken
    }

    fn enter() -> io::Result<Self> {
        enter()?;
        let inner = Painter::new(io::stdout())?;
        Ok(Self {
            inner: ManuallyDrop::new(inner),
        })
    }

    /// Gives the terminal to the shell, stops this process until it is continued, and takes the terminal back.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // Not SIGTSTP: somebody listens for it, and would only be told once more.
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        TAKEN.store(true, Ordering::SeqCst);
        // A terminal that knows nothing of the screen paints all of it. Clearing would ask where the cursor is, and the
        // answer would go to whoever reads the keys.
        enter()?;
        let inner = Painter::new(io::stdout())?;
        self.inner = ManuallyDrop::new(inner);
        Ok(())
    }

    /// Draws one frame. Once the terminal was lost to a panic, nothing is drawn over its message.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if Self::was_lost() {
            return Ok(());
        }
        self.inner.draw(paint)
    }

    /// Forgets what is on the screen, so that the next frame paints all of it.
    pub fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    /// Asks the terminal to put `text` on the clipboard (OSC 52), which also works over SSH.
    pub fn copy(text: &str) -> io::Result<()> {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let mut out = io::stdout();
        write!(out, "\x1b]52;c;{encoded}\x07")?;
        out.flush()
    }

    /// Whether a task panicked since the console began; the terminal is then no longer its own.
    pub fn was_lost() -> bool {
        PANICKED.load(Ordering::SeqCst)
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste
    )
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once. Errors have nowhere to go: the terminal may be gone already.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(
            io::stdout(),
            EndSynchronizedUpdate,
            SetAttribute(Attribute::Reset),
            DisableBracketedPaste,
            DisableMouseCapture,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
    }
}
