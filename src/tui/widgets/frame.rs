//! The box that dialogs stand in.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget as _};

use super::line;
use crate::tui::app::theme::{State, Theme};

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// What stands in a dialog.
pub struct Sheet<'a> {
    /// A few words, in the upper border.
    pub title: &'a str,
    /// How grave it is.
    pub state: State,
    /// The lines, which are cut at the right.
    pub body: Vec<Line<'a>>,
    /// What is asked, in the line above the keys; always in sight, as they are.
    pub foot: Option<Line<'a>>,
    /// The keys, in the last line.
    pub keys: Vec<Span<'a>>,
    /// The first line of the body in sight.
    pub scroll: usize,
}

/// The columns for text in a dialog on a screen of that width.
pub fn text_width(screen: Rect) -> usize {
    usize::from(outer_width(screen)).saturating_sub(4)
}

fn outer_width(screen: Rect) -> u16 {
    if screen.width < 90 {
        screen.width
    } else {
        (screen.width * 4 / 5).min(108)
    }
}

impl Sheet<'_> {
    /// Paints the dialog in the middle of the screen, as high as its text.
    pub fn paint(self, screen: Rect, theme: Theme, buffer: &mut Buffer) {
        let wanted = u16::try_from(self.body.len() + 4).unwrap_or(u16::MAX);
        let (width, height) = (outer_width(screen), wanted.min(screen.height));
        let area = Rect::new(
            screen.x + (screen.width - width) / 2,
            screen.y + (screen.height - height) / 3,
            width,
            height,
        );
        Clear.render(area, buffer);
        let style = theme.state(self.state);
        let mut block = Block::bordered()
            .border_style(style)
            .title(Line::from(Span::styled(
                format!(" {} ", self.title),
                theme.strong(),
            )));
        block = block.border_set(if theme.ascii { ASCII } else { border::ROUNDED });
        let inside = block.inner(area);
        block.render(area, buffer);
        let seen = usize::from(inside.height.saturating_sub(2));
        let first = self.scroll.min(self.body.len().saturating_sub(seen));
        let more = self.body.len().saturating_sub(first + seen);
        let text = Rect {
            x: inside.x + 1,
            width: inside.width.saturating_sub(2),
            ..inside
        };
        for (y, body) in (text.y..).zip(self.body.iter().skip(first).take(seen)) {
            buffer.set_line(text.x, y, body, text.width);
        }
        let last = Rect {
            y: inside.bottom().saturating_sub(1),
            height: 1.min(inside.height),
            ..text
        };
        if more > 0 {
            let told = format!("{} {more} more", theme.glyph("↓", "v"));
            line::right(buffer, last, vec![Span::styled(told, theme.quiet())]);
        }
        line::left(buffer, last, self.keys);
        let above = last.y.saturating_sub(1);
        if let Some(foot) = self
            .foot
            .filter(|_| above >= text.y + u16::try_from(seen).unwrap_or(0))
        {
            buffer.set_line(text.x, above, &foot, text.width);
        }
    }
}
