//! What a copy shows while it runs: one bar on a terminal, and lines for what went wrong on the way.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

use crate::cli::waiting::style;
use crate::domain::Digest;
use crate::registry::copy::{CopyProgress, How};

/// Shared by all copies of a command.
pub(super) struct Progress {
    bar: ProgressBar,
    images: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    expected: u64,
    arrived: u64,
    under_way: HashMap<Digest, (u64, u64)>,
    done: usize,
    notes: Vec<String>,
}

impl Progress {
    pub(super) fn new(is_watched: bool, ascii: bool, images: usize) -> Self {
        let bar = if is_watched {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(style(
            "{bar:30} {bytes:>10} of {total_bytes:10} {bytes_per_sec:14} {msg}",
            ascii,
        ));
        Self {
            bar,
            images,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another copy begins to move `bytes`.
    pub(super) fn expect(&self, bytes: u64) {
        let mut state = self.state();
        state.expected += bytes;
        self.bar.set_length(state.expected);
    }

    pub(super) fn tell(&self, progress: CopyProgress) {
        let mut state = self.state();
        match progress {
            CopyProgress::BlobStarted { digest, size } => {
                state.under_way.insert(digest, (0, size));
            }
            CopyProgress::BlobBytes { digest, moved } => {
                if let Some((so_far, _)) = state.under_way.get_mut(&digest) {
                    *so_far = moved;
                }
            }
            CopyProgress::BlobDone { digest, how } => {
                let (_, size) = state.under_way.remove(&digest).unwrap_or_default();
                if how == How::Copied {
                    state.arrived += size;
                }
            }
            CopyProgress::Waiting { host, seconds } => {
                self.note(&mut state, format!("{host} asked to wait {seconds} s"))
            }
            CopyProgress::Again { digest, why } => {
                self.note(&mut state, format!("retrying {}: {why}", digest.short()));
            }
            CopyProgress::ManifestDone { .. } | CopyProgress::ReferrerDone { .. } => {}
        }
        let moving: u64 = state.under_way.values().map(|(moved, _)| moved).sum();
        self.bar.set_position(state.arrived + moving);
    }

    fn note(&self, state: &mut State, line: String) {
        if self.bar.is_hidden() {
            state.notes.push(line);
        } else {
            self.bar.println(format!("! {line}"));
        }
    }

    /// An image is there.
    pub(super) fn image_done(&self) {
        let mut state = self.state();
        state.done += 1;
        if self.images > 1 {
            self.bar
                .set_message(format!("{} of {} images", state.done, self.images));
        }
    }

    /// What is to be said where no bar can show it.
    pub(super) fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.state().notes)
    }

    /// Runs `print` where the bar is not in the way.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
