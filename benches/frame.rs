//! What a frame of the board costs with 100,000 candidates: `cargo bench --bench frame`. A frame should take 2 ms at most,
//! and as much with ten candidates as with a hundred thousand, since only rows in sight are painted.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;
use windlass::board::{Cell, Facts, Image, Scan};
use windlass::domain::{Clean, Counts, Digest};
use windlass::tui::app::theme::Theme;
use windlass::tui::screens::board::Row;
use windlass::tui::session::{Console, Model, Msg, update};

const SIZE: (u16, u16) = (200, 60);
const FRAMES: usize = 2_000;

fn main() {
    println!("a frame of {}×{}, {FRAMES} times", SIZE.0, SIZE.1);
    for rows in [10, 1_000, 100_000] {
        measure(rows);
    }
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
            image: Cell::Ready(Image {
                environment: "dev".parse().unwrap(),
                tag: format!("sha-{}", &digest.hex()[..7]),
                platforms: vec![("linux/amd64".parse().unwrap(), 20_000_000)],
                digest,
                size: 20_000_000,
                created: None,
                moved: None,
                rebuilt: None,
            }),
            scan: Cell::Ready(Scan {
                counts: Counts::default(),
                made: Some(Timestamp::UNIX_EPOCH),
                gaps: Vec::new(),
            }),
            places: Vec::new(),
        },
    }
}
