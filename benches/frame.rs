//! What a frame of the board costs with 100,000 candidates: `cargo bench --bench frame`. A frame should take 2 ms at most,
//! and as much with ten candidates as with a hundred thousand, since only rows in sight are painted.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

use std::cell::Cell;
use std::hint::black_box;
use std::io::Write;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;
use windlass::board::{Cell as Fact, Facts, Image, Scan};
use windlass::domain::{Clean, Counts, Digest};
use windlass::tui::app::theme::Theme;
use windlass::tui::app::wire::Painter;
use windlass::tui::screens::board::Row;
use windlass::tui::session::{Console, Model, Msg, update};

const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 2_000;

fn main() {
    println!("a frame of {}×{}, {FRAMES} times", SIZE.0, SIZE.1);
    for rows in [10, 1_000, 100_000] {
        measure(rows);
    }
    println!(
        "bytes to the terminal for a selection that moves by a row: {}",
        bytes(1_000)
    );
}

fn measure(rows: usize) {
    let theme = Theme {
        colour: true,
        ascii: false,
    };
    let now = Timestamp::UNIX_EPOCH;
    let mut model = Model::new("payment-svc", theme, false, SIZE, now);
    update(&mut model, Msg::Resize(SIZE.0, SIZE.1));
    update(&mut model, Msg::Commits((0..rows).map(row).collect(), true));
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buffer = Buffer::empty(area);
    let mut frames = Vec::with_capacity(FRAMES);
    for frame in 0..FRAMES {
        let key = if frame % 50 == 0 {
            KeyCode::Char('G')
        } else {
            KeyCode::Up
        };
        let begun = Instant::now();
        black_box(update(
            &mut model,
            Msg::Key(KeyEvent::new(key, KeyModifiers::NONE)),
        ));
        buffer.reset();
        Console(&model).render(area, &mut buffer);
        black_box(&buffer);
        frames.push(begun.elapsed());
    }
    frames.sort_unstable();
    let at = |hundredth: usize| frames[(frames.len() - 1) * hundredth / 100];
    println!(
        "{rows:>7} candidates: median {}, from {} (5 %) to {} (95 %)",
        microseconds(at(50)),
        microseconds(at(5)),
        microseconds(at(95)),
    );
}

/// What a terminal is sent for a step through the list; the median of many, at most 600 bytes.
fn bytes(rows: usize) -> usize {
    let theme = Theme {
        colour: true,
        ascii: false,
    };
    let mut model = Model::new("payment-svc", theme, false, SIZE, Timestamp::UNIX_EPOCH);
    update(&mut model, Msg::Commits((0..rows).map(row).collect(), true));
    let written = Counted::default();
    let mut painter = Painter::fixed(written.clone(), Rect::new(0, 0, SIZE.0, SIZE.1)).unwrap();
    let mut all = Vec::new();
    for _ in 0..40 {
        painter
            .draw(|frame| frame.render_widget(Console(&model), frame.area()))
            .unwrap();
        all.push(written.0.take());
        update(
            &mut model,
            Msg::Key(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE)),
        );
    }
    // The first one is the whole screen.
    all.remove(0);
    all.sort_unstable();
    all[all.len() / 2]
}

/// Counts what is written.
#[derive(Clone, Default)]
struct Counted(Rc<Cell<usize>>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn microseconds(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}

fn row(seed: usize) -> Row {
    let digest = Digest::of(&seed.to_le_bytes());
    Row {
        commit: digest.hex()[..40].parse().unwrap(),
        author: Clean::line("Ana Ruiz"),
        time: Timestamp::UNIX_EPOCH,
        subject: Clean::line(&format!("feat: one of very many candidates (#{seed})")),
        facts: Facts {
            image: Fact::Ready(Image {
                environment: "dev".parse().unwrap(),
                tag: format!("sha-{}", &digest.hex()[..7]),
                platforms: vec![("linux/amd64".parse().unwrap(), 20_000_000)],
                digest,
                size: 20_000_000,
                created: None,
                moved: None,
                rebuilt: None,
            }),
            scan: Fact::Ready(Scan {
                counts: Counts::default(),
                made: Some(Timestamp::UNIX_EPOCH),
                gaps: Vec::new(),
            }),
            places: Vec::new(),
        },
    }
}
