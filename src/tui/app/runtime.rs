//! The loop: hears the keyboard, the board, the run and the clock, updates the model, and draws. The only place that
//! awaits more than one thing; input comes first, and a key never waits for a frame of the background.

use std::io;
use std::time::Duration;

use crossterm::event::Event as Input;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::input;
use super::sessions::Sessions;
use super::state::{App, AppEffect, AppMsg};
use super::terminal::Terminal;
use super::update::update;
use crate::tui::session::Msg;

/// The shortest time between two frames that nobody's key asked for.
const FRAME: Duration = Duration::from_millis(33);
/// How often the time is told.
const TICK: Duration = Duration::from_millis(250);
/// Messages of the background that are taken in before the keyboard is asked again.
const BATCH: usize = 256;

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum End {
    /// A person left.
    Left,
    /// A signal asked for it, or the terminal went away.
    Terminated,
}

/// What the loop hears apart from the keyboard.
pub(in crate::tui) struct Sources {
    pub(in crate::tui) messages: UnboundedReceiver<AppMsg>,
    /// Cancelled when a signal asks the process to end.
    pub(in crate::tui) ended: CancellationToken,
}

/// Runs until someone leaves. The terminal is given back by whoever owns it.
pub(in crate::tui) async fn run(
    terminal: &mut Terminal,
    app: &mut App,
    sessions: &mut Sessions,
    mut sources: Sources,
) -> io::Result<End> {
    let mut input = input::listen();
    let mut suspend = signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminated = false;
    let mut is_deaf = false;
    let mut next_frame = Instant::now();
    let mut stale = true;
    loop {
        let mut heard = Vec::new();
        tokio::select! {
            biased;
            event = input.recv(), if !is_deaf => {
                // All that was typed before a frame belongs into it.
                let more = std::iter::from_fn(|| input.try_recv().ok()).take(BATCH);
                let events: Vec<_> = event.into_iter().chain(more).collect();
                is_deaf = events.is_empty();
                heard.extend(events.into_iter().filter_map(of_input).map(AppMsg::Input));
                if is_deaf && !terminated {
                    // Without a terminal there is nobody here any more. A run still has to end.
                    terminated = true;
                    heard.push(AppMsg::Input(Msg::Terminate));
                }
                next_frame = Instant::now();
            }
            () = sources.ended.cancelled(), if !terminated => {
                terminated = true;
                heard.push(AppMsg::Input(Msg::Terminate));
            }
            _ = suspend.recv() => heard.push(AppMsg::Input(Msg::Suspend)),
            () = tokio::time::sleep_until(next_frame), if stale => {
                // The word that the terminal was resized may be late, or was lost before anyone listened.
                match crossterm::terminal::size() {
                    Ok((width, height)) if (width, height) != app.size() => {
                        heard.push(AppMsg::Input(Msg::Resize(width, height)));
                    }
                    Ok(_) if terminal.draw(|frame| frame.render_widget(&*app, frame.area())).is_ok() => {
                        next_frame = Instant::now() + FRAME;
                    }
                    // The terminal is gone. What is at work ends cleanly all the same.
                    _ if !terminated => {
                        terminated = true;
                        heard.push(AppMsg::Input(Msg::Terminate));
                    }
                    _ => {}
                }
                stale = false;
            }
            Some(msg) = sources.messages.recv() => {
                heard.push(msg);
                heard.extend(std::iter::from_fn(|| sources.messages.try_recv().ok()).take(BATCH));
            }
            _ = ticks.tick() => heard.push(AppMsg::Input(Msg::Now(Timestamp::now()))),
        }
        if Terminal::was_lost() {
            return Err(io::Error::other("a task of the console failed"));
        }
        for msg in heard {
            stale = true;
            for effect in update(app, msg) {
                if matches!(effect, AppEffect::Quit) {
                    return Ok(if terminated { End::Terminated } else { End::Left });
                }
                if matches!(effect, AppEffect::Suspend) {
                    terminal.suspend()?;
                }
                if matches!(effect, AppEffect::Suspend | AppEffect::Draw) {
                    next_frame = Instant::now();
                }
                sessions.carry_out(app, effect);
            }
        }
    }
}

fn of_input(event: Input) -> Option<Msg> {
    match event {
        Input::Key(key) => Some(Msg::Key(key)),
        Input::Mouse(mouse) => Some(Msg::Mouse(mouse)),
        Input::Paste(text) => Some(Msg::Paste(text)),
        Input::Resize(width, height) => Some(Msg::Resize(width, height)),
        Input::FocusGained | Input::FocusLost => None,
    }
}
