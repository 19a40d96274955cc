//! What a terminal is sent: only cells that changed, in few bytes, a frame in one piece. Over a slow line a key press is as quick
//! as its bytes are few.

mod sgr;

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use unicode_width::UnicodeWidthStr as _;

use sgr::{Pen, SEEN_ON_BLANKS};

/// The brackets of a synchronized update (DEC private mode 2026): a terminal that knows them never shows half a frame.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
/// From so many blanks on, erasing them (ECH) is shorter than writing them and a move after it.
const MIN_ERASED: u16 = 9;

/// Up to so many columns, writing what is there again is no longer than a move over it.
const MAX_REWRITTEN: u16 = 3;

/// Draws frames on a terminal behind `W`.
pub struct Painter<W: Write> {
    terminal: Terminal<Wire<W>>,
}

impl<W: Write> Painter<W> {
    /// A terminal that fills the screen, and is as large as that.
    pub fn new(out: W) -> io::Result<Self> {
        let terminal = Terminal::new(Wire::new(out))?;
        Ok(Self { terminal })
    }

    /// A terminal of a size that does not change.
    pub fn fixed(out: W, area: Rect) -> io::Result<Self> {
        let viewport = Viewport::Fixed(area);
        let terminal = Terminal::with_options(Wire::new(out), TerminalOptions { viewport })?;
        Ok(Self { terminal })
    }

    /// Draws one frame; one that changes nothing writes nothing.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let drawn = self.terminal.draw(|frame| {
            paint(frame);
            forget_invisible(frame.buffer_mut());
        });
        drawn.map(|_| ())
    }

    /// Forgets what is on the screen, so that the next frame paints all of it.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }
}

/// A blank looks the same in every weight and ink: it is none that changed.
fn forget_invisible(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if is_blank(cell) && (cell.fg != Color::Reset || !cell.modifier.is_empty()) {
            cell.fg = Color::Reset;
            cell.modifier = Modifier::empty();
        }
    }
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " " && cell.bg == Color::Reset && !cell.modifier.intersects(SEEN_ON_BLANKS)
}

/// A terminal as ratatui writes to it.
struct Wire<W: Write> {
    out: W,
    /// What is to be written.
    bytes: Vec<u8>,
    /// How the terminal writes now; none where nobody knows.
    pen: Option<Pen>,
    /// Where it writes next; none where nobody knows.
    at: Option<(u16, u16)>,
    /// What is on the screen, by rows; what is beyond them is blank.
    shown: Vec<Vec<Cell>>,
    /// Where blanks begin that are still to be written, and how many.
    blanks: Option<((u16, u16), u16)>,
    is_cursor_hidden: bool,
}

impl<W: Write> Wire<W> {
    const fn new(out: W) -> Self {
        Self {
            out,
            bytes: Vec::new(),
            pen: None,
            at: None,
            shown: Vec::new(),
            blanks: None,
            is_cursor_hidden: false,
        }
    }

    fn cell(&mut self, (x, y): (u16, u16), cell: &Cell) {
        self.keep((x, y), cell);
        if is_blank(cell) {
            match &mut self.blanks {
                Some(((begin, row), count)) if *row == y && *begin + *count == x => *count += 1,
                _ => {
                    self.write_blanks();
                    self.blanks = Some(((x, y), 1));
                }
            }
            return;
        }
        self.write_blanks();
        self.go((x, y));
        self.style(Pen::of(cell));
        self.bytes.extend_from_slice(cell.symbol().as_bytes());
        // Terminals disagree about how wide some signs are.
        self.at = (cell.symbol().is_ascii() || cell.symbol().width() == 1).then_some((x + 1, y));
    }

    fn write_blanks(&mut self) {
        let Some((at, count)) = self.blanks.take() else {
            return;
        };
        self.go(at);
        if !self.pen.is_some_and(Pen::leaves_blanks) {
            self.style(Pen::PLAIN);
        }
        if count >= MIN_ERASED {
            self.bytes.extend_from_slice(format!("\x1b[{count}X").as_bytes());
        } else {
            self.bytes.extend(std::iter::repeat_n(b' ', usize::from(count)));
            self.at = Some((at.0 + count, at.1));
        }
    }

    fn style(&mut self, pen: Pen) {
        if self.pen != Some(pen) {
            self.bytes.extend_from_slice(pen.after(self.pen).as_bytes());
            self.pen = Some(pen);
        }
    }

    /// Remembers what is on the screen from now on.
    fn keep(&mut self, (x, y): (u16, u16), cell: &Cell) {
        let (x, y) = (usize::from(x), usize::from(y));
        if self.shown.len() <= y {
            self.shown.resize_with(y + 1, Vec::new);
        }
        let row = &mut self.shown[y];
        if row.len() <= x {
            row.resize(x + 1, Cell::EMPTY);
        }
        row[x] = cell.clone();
    }

    /// What stands on the way from one column to another, if it can be written again as the pen is now.
    fn between(&self, row: u16, from: u16, to: u16) -> Option<String> {
        let pen = self.pen?;
        let row = self.shown.get(usize::from(row));
        (from..to)
            .map(|x| {
                let cell = row.and_then(|row| row.get(usize::from(x)));
                let symbol = cell.map_or(" ", Cell::symbol);
                let is_same = match cell {
                    Some(cell) if !is_blank(cell) => Pen::of(cell) == pen && symbol.is_ascii(),
                    _ => pen.leaves_blanks(),
                };
                is_same.then_some(symbol)
            })
            .collect()
    }

    fn go(&mut self, (x, y): (u16, u16)) {
        if self.at == Some((x, y)) {
            return;
        }
        if let Some((column, row)) = self.at
            && row == y
            && column < x
            && x - column <= MAX_REWRITTEN
            && let Some(text) = self.between(y, column, x)
        {
            self.bytes.extend_from_slice(text.as_bytes());
            self.at = Some((x, y));
            return;
        }
        let absolute = format!("\x1b[{};{}H", y + 1, x + 1);
        let forward = |steps: u16| match steps {
            0 => String::new(),
            1 => "\x1b[C".to_owned(),
            _ => format!("\x1b[{steps}C"),
        };
        let relative = match self.at {
            Some((column, row)) if row == y && column < x => Some(forward(x - column)),
            Some((_, row)) if row + 1 == y => Some(format!("\r\n{}", forward(x))),
            _ => None,
        };
        let shortest = relative.filter(|relative| relative.len() < absolute.len());
        self.bytes
            .extend_from_slice(shortest.unwrap_or(absolute).as_bytes());
        self.at = Some((x, y));
    }
}

impl<W: Write> Backend for Wire<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.at = None;
        let mut cells = content.peekable();
        if cells.peek().is_none() {
            return Ok(());
        }
        self.bytes.extend_from_slice(BEGIN);
        for (x, y, cell) in cells {
            self.cell((x, y), cell);
        }
        self.write_blanks();
        self.bytes.extend_from_slice(END);
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if !self.is_cursor_hidden {
            self.bytes.extend_from_slice(b"\x1b[?25l");
            self.is_cursor_hidden = true;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.bytes.extend_from_slice(b"\x1b[?25h");
        self.is_cursor_hidden = false;
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        crossterm::cursor::position().map(Position::from)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.at = None;
        self.go((x, y));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.style(Pen::PLAIN);
        // What else there was is painted anew after this.
        self.shown.clear();
        self.bytes.extend_from_slice(match clear_type {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        });
        self.at = None;
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        crossterm::terminal::size().map(Size::from)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let size = crossterm::terminal::window_size()?;
        Ok(WindowSize {
            columns_rows: (size.columns, size.rows).into(),
            pixels: (size.width, size.height).into(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}
