//! What a terminal is sent for a frame: it shows what was painted, in few bytes.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::widgets::Widget as _;
use windlass::tui::app::wire::Painter;
use windlass::tui::session::{Console, Effect, Model, Msg};

use crate::hands::{code, press};
use crate::sample::{self, COLOUR, tell};

const SIZE: (u16, u16) = (200, 60);
/// Bytes for a selection that moves by one row, between candidates that have an image.
const MAX_MOVE: usize = 600;

/// What was written, to be read while it is written.
#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        self.0.take()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Seen {
    painter: Painter<Written>,
    written: Written,
    parser: vt100::Parser,
}

impl Seen {
    fn new() -> Self {
        let written = Written::default();
        let area = Rect::new(0, 0, SIZE.0, SIZE.1);
        Self {
            painter: Painter::fixed(written.clone(), area).unwrap(),
            written,
            parser: vt100::Parser::new(SIZE.1.try_into().unwrap(), SIZE.0.try_into().unwrap(), 0),
        }
    }

    /// Draws it; how many bytes that took.
    fn draw(&mut self, model: &Model) -> usize {
        self.painter
            .draw(|frame| frame.render_widget(Console(model), frame.area()))
            .unwrap();
        let bytes = self.written.take();
        self.parser.process(&bytes);
        bytes.len()
    }

    /// Fails where the terminal shows something else than the model is painted as.
    fn assert_shows(&self, model: &Model, what: &str) {
        let area = Rect::new(0, 0, SIZE.0, SIZE.1);
        let mut wanted = Buffer::empty(area);
        Console(model).render(area, &mut wanted);
        let screen = self.parser.screen();
        for (x, y) in (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| (x, y))) {
            let seen = screen.cell(y, x).unwrap();
            let cell = &wanted[(x, y)];
            if seen.is_wide_continuation() {
                continue;
            }
            let text = if seen.has_contents() { seen.contents() } else { " " };
            assert_eq!(text, cell.symbol(), "{what}: column {x}, row {y}");
            assert_eq!(
                seen.inverse(),
                cell.modifier.contains(Modifier::REVERSED),
                "{what}: {text:?} at column {x}, row {y}"
            );
            if text != " " {
                let weights = (seen.bold(), seen.dim());
                let wanted = (
                    cell.modifier.contains(Modifier::BOLD),
                    cell.modifier.contains(Modifier::DIM),
                );
                assert_eq!(weights, wanted, "{what}: {text:?} at column {x}, row {y}");
                assert_eq!(
                    seen.fgcolor(),
                    colour(cell.fg),
                    "{what}: {text:?} at column {x}, row {y}"
                );
            }
        }
    }
}

fn colour(colour: Color) -> vt100::Color {
    match colour {
        Color::Reset => vt100::Color::Default,
        Color::Red => vt100::Color::Idx(1),
        Color::Green => vt100::Color::Idx(2),
        Color::Yellow => vt100::Color::Idx(3),
        Color::Blue => vt100::Color::Idx(4),
        Color::Magenta => vt100::Color::Idx(5),
        Color::Cyan => vt100::Color::Idx(6),
        Color::Gray => vt100::Color::Idx(7),
        Color::DarkGray => vt100::Color::Idx(8),
        other => panic!("no screen uses {other:?}"),
    }
}

#[test]
fn the_terminal_shows_what_was_painted_whatever_was_on_it_before() {
    let plain = windlass::tui::app::theme::Theme {
        colour: false,
        ascii: false,
    };
    for theme in [COLOUR, plain] {
        let mut seen = Seen::new();
        let mut models = vec![
            sample::board(SIZE, theme),
            sample::run(SIZE, theme).0,
            sample::findings(SIZE, theme),
        ];
        models.extend((0..6).map(|screen| crate::release_looks::any(screen, SIZE)));
        let mut before = Vec::new();
        for round in 0..2 {
            for (at, model) in models.iter_mut().enumerate() {
                for key in ["", "j", "?", "j", "q", "k", "G", "/", "e"] {
                    for key in key.chars() {
                        press(model, key);
                    }
                    seen.draw(model);
                    seen.assert_shows(
                        model,
                        &format!("round {round}, model {at}, key {key:?} after {before:?}"),
                    );
                    before = vec![at];
                }
                code(model, KeyCode::Esc);
            }
        }
    }
}

#[test]
fn a_frame_that_changes_nothing_writes_nothing() {
    let model = sample::board(SIZE, COLOUR);
    let mut seen = Seen::new();
    assert!(seen.draw(&model) > 1_000);
    assert_eq!(seen.draw(&model), 0);
}

#[test]
fn a_selection_that_moves_by_a_row_takes_few_bytes() {
    let mut model = sample::board(SIZE, COLOUR);
    let mut seen = Seen::new();
    seen.draw(&model);
    let mut moves = Vec::new();
    for key in ['j', 'j', 'j', 'j', 'j', 'k', 'k', 'k', 'k', 'k'] {
        press(&mut model, key);
        moves.push(seen.draw(&model));
    }
    let (ordinary, listed): (Vec<_>, Vec<_>) = [0, 4, 5, 9, 1, 2, 3, 6, 7, 8]
        .map(|at| moves[at])
        .into_iter()
        .enumerate()
        .partition(|(at, _)| *at < 4);
    assert!(ordinary.iter().all(|(_, bytes)| *bytes <= MAX_MOVE), "{moves:?}");
    // Where every gate is listed beside the details, or went away, these are written, too.
    assert!(
        listed.iter().all(|(_, bytes)| *bytes <= 2 * MAX_MOVE),
        "{moves:?}"
    );
}

#[test]
fn the_first_candidates_are_drawn_at_once_and_later_ones_with_the_next_frame() {
    let mut model = sample::empty(SIZE, COLOUR);
    let draws = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::Draw));
    let rows = |seed| vec![sample::row(seed, 1, "Ana Ruiz", "feat: export ledger")];
    assert!(!draws(tell(&mut model, Msg::Commits(Vec::new(), false))));
    assert!(draws(tell(&mut model, Msg::Commits(rows(1), false))));
    assert!(!draws(tell(&mut model, Msg::Commits(rows(2), true))));
}
