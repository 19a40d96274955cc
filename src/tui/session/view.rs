//! What a person sees: a model, painted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::model::Model;
use crate::domain::ascii_symbol;
use crate::tui::screens::{footer, table};
use crate::tui::widgets::room;

/// A model as something that ratatui paints.
pub struct Console<'a>(pub &'a Model);

impl Widget for Console<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let model = self.0;
        // A terminal that shrank since the model was told of its size has no place for this frame; the next one fits.
        if (area.width, area.height) != model.size {
            return;
        }
        let theme = model.theme;
        if room::is_too_small(model.size) {
            room::paint_too_small(area, buffer);
        } else {
            table::spec(model.screen).paint(model, buffer);
            let last = Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            };
            footer::paint(model, last, buffer);
            if let Some(dialog) = model.dialogs.top() {
                dialog.spec().paint(&model.around(), area, buffer);
            }
        }
        if theme.ascii {
            in_ascii(buffer);
        }
    }
}

/// Texts of other rooms have signs of their own, such as the dots in a short digest.
pub fn in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol().chars().next().and_then(ascii_symbol);
        if let Some(symbol) = symbol {
            cell.set_char(symbol);
        }
    }
}
