//! How a terminal writes: colours and weights, and the shortest way from one to another (ECMA-48, SGR).

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// Styles that are seen on a blank, too.
pub(super) const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT);

/// How a terminal writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// Each modifier with what switches it on and off.
const MODIFIERS: [(Modifier, u8, u8); 8] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl Pen {
    pub(super) const PLAIN: Self = Self {
        fg: Color::Reset,
        bg: Color::Reset,
        modifier: Modifier::empty(),
    };

    pub(super) const fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// Whether a blank that it writes looks like any other.
    pub(super) fn leaves_blanks(self) -> bool {
        self.bg == Color::Reset && !self.modifier.intersects(SEEN_ON_BLANKS)
    }

    /// What makes it of the one before; of any where that is not known.
    pub(super) fn after(self, before: Option<Self>) -> String {
        let anew = self.anew();
        let change = before.map(|before| self.change(before));
        match change {
            Some(change) if change.len() < anew.len() => change,
            _ => anew,
        }
    }

    /// From nothing.
    fn anew(self) -> String {
        let mut codes = Codes::default();
        if self != Self::PLAIN {
            codes.0.push(';');
        }
        codes.add(self.modifier);
        codes.colours(self, Self::PLAIN);
        codes.sequence()
    }

    /// By what differs.
    fn change(self, before: Self) -> String {
        let mut codes = Codes::default();
        let mut kept = before.modifier;
        for (modifier, _, off) in MODIFIERS {
            if kept.contains(modifier) && !self.modifier.contains(modifier) {
                codes.push(off);
                // One code ends several.
                for (other, _, its) in MODIFIERS {
                    if its == off {
                        kept.remove(other);
                    }
                }
            }
        }
        codes.add(self.modifier.difference(kept));
        codes.colours(self, before);
        codes.sequence()
    }
}

/// The parameters of a sequence.
#[derive(Default)]
struct Codes(String);

impl Codes {
    fn push(&mut self, code: u8) {
        if !self.0.is_empty() && !self.0.ends_with(';') {
            self.0.push(';');
        }
        let _ = write!(self.0, "{code}");
    }

    fn add(&mut self, modifiers: Modifier) {
        for (modifier, on, _) in MODIFIERS {
            if modifiers.contains(modifier) {
                self.push(on);
            }
        }
    }

    fn colours(&mut self, pen: Pen, before: Pen) {
        if pen.fg != before.fg {
            self.colour(pen.fg, 30);
        }
        if pen.bg != before.bg {
            self.colour(pen.bg, 40);
        }
    }

    /// A colour; `base` is 30 for the ink and 40 for the ground.
    fn colour(&mut self, colour: Color, base: u8) {
        match colour {
            Color::Reset => self.push(base + 9),
            Color::Black => self.push(base),
            Color::Red => self.push(base + 1),
            Color::Green => self.push(base + 2),
            Color::Yellow => self.push(base + 3),
            Color::Blue => self.push(base + 4),
            Color::Magenta => self.push(base + 5),
            Color::Cyan => self.push(base + 6),
            Color::Gray => self.push(base + 7),
            Color::DarkGray => self.push(base + 60),
            Color::LightRed => self.push(base + 61),
            Color::LightGreen => self.push(base + 62),
            Color::LightYellow => self.push(base + 63),
            Color::LightBlue => self.push(base + 64),
            Color::LightMagenta => self.push(base + 65),
            Color::LightCyan => self.push(base + 66),
            Color::White => self.push(base + 67),
            Color::Indexed(index) => [base + 8, 5, index].into_iter().for_each(|code| self.push(code)),
            Color::Rgb(red, green, blue) => {
                for code in [base + 8, 2, red, green, blue] {
                    self.push(code);
                }
            }
        }
    }

    fn sequence(self) -> String {
        format!("\x1b[{}m", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(fg: Color, modifier: Modifier) -> Pen {
        Pen {
            fg,
            modifier,
            ..Pen::PLAIN
        }
    }

    #[test]
    fn a_pen_is_changed_by_the_shortest_sequence() {
        let plain = Some(Pen::PLAIN);
        let cyan = pen(Color::Cyan, Modifier::empty());
        let strong = pen(Color::Cyan, Modifier::BOLD);
        assert_eq!(cyan.after(plain), "\x1b[36m");
        assert_eq!(strong.after(Some(cyan)), "\x1b[1m");
        assert_eq!(cyan.after(Some(strong)), "\x1b[22m");
        assert_eq!(Pen::PLAIN.after(Some(strong)), "\x1b[m");
        assert_eq!(strong.after(None), "\x1b[;1;36m");
        assert_eq!(pen(Color::DarkGray, Modifier::DIM).after(plain), "\x1b[2;90m");
    }

    #[test]
    fn what_ends_two_weights_leaves_the_one_that_stays() {
        let both = pen(Color::Reset, Modifier::BOLD.union(Modifier::DIM));
        assert_eq!(pen(Color::Reset, Modifier::DIM).after(Some(both)), "\x1b[;2m");
    }
}
