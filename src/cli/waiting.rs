//! Something on the screen while a command waits for others: a line on a person's terminal that goes as soon as there is
//! something to say.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::symbols::in_ascii;

/// A command that takes less time than this shows no such line.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often the line changes.
const TICK: Duration = Duration::from_millis(100);

/// How bars and spinners look.
pub fn style(template: &str, ascii: bool) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    if ascii {
        style.progress_chars("=> ").tick_chars("-\\|/ ")
    } else {
        style.progress_chars("█▉▊▋▌▍▎▏ ")
    }
}

/// The line. Clones are the same line.
#[derive(Clone)]
pub struct Waiting(ProgressBar);

impl Waiting {
    /// No line, until [`Waiting::begin`].
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Shows the line from a while on, unless it has ended by then.
    pub fn begin(&self, ascii: bool) {
        let bar = self.0.clone();
        let text = "{spinner} querying git and the registries … {elapsed}";
        let text = if ascii { in_ascii(text) } else { text.to_owned() };
        bar.set_style(style(&text, ascii));
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            if !bar.is_finished() {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(TICK);
                // What has been said meanwhile is not to be drawn over.
                if bar.is_finished() {
                    bar.finish_and_clear();
                }
            }
        });
    }

    /// Takes the line away for good.
    pub fn end(&self) {
        if !self.0.is_finished() {
            self.0.finish_and_clear();
        }
    }

    /// `inner`, which takes the line away with the first thing that is written to it.
    pub fn before<W: Write + Send + 'static>(&self, inner: W) -> Box<dyn Write + Send> {
        Box::new(Ending {
            waiting: self.clone(),
            inner,
        })
    }
}

struct Ending<W> {
    waiting: Waiting,
    inner: W,
}

impl<W: Write> Write for Ending<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.end();
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
