//! What a person sees: a model, painted.

mod board;
mod choice;
mod cut;
mod details;
mod environments;
mod findings;
pub mod fleet;
mod form;
mod help;
mod log;
mod message;
mod page;
mod plan;
mod release;
mod releases;
mod ribbon;
mod run;
mod table;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

use super::layout;
use super::model::{Dialog, Model, Screen};
use super::theme::Theme;
use super::widgets::line;
use crate::domain::ascii_symbol;

/// A model as something that ratatui paints.
pub struct Console<'a>(pub &'a Model);

impl Widget for Console<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let model = self.0;
        // A terminal that shrank since the model was told of its size has no place for this frame; the next one fits.
        if (area.width, area.height) != model.size {
            return;
        }
        if layout::too_small(model) {
            return too_small(model.theme, area, buffer);
        }
        match model.screen {
            Screen::Board => board::paint(model, buffer),
            Screen::Run => run::paint(model, buffer),
            Screen::Findings => findings::paint(model, buffer),
            Screen::Releases => releases::paint(model, buffer),
            Screen::Page => page::paint(model, buffer),
        }
        if let Some(dialog) = &model.dialog {
            match dialog {
                Dialog::Plan(dialog) => plan::paint(model, dialog, area, buffer),
                Dialog::Form(dialog) => form::paint(model, dialog, area, buffer),
                Dialog::Choice(dialog) => choice::paint(model, dialog, area, buffer),
                Dialog::Cut(dialog) => cut::paint(model, dialog, area, buffer),
                Dialog::Password { plan, typed } => message::password(model, plan, typed, area, buffer),
                Dialog::Planning(what) => message::planning(model, what, area, buffer),
                Dialog::Message(message) => message::paint(model, message, area, buffer),
                Dialog::Quit => message::quit(model, area, buffer),
            }
        }
        if let Some(scroll) = model.help {
            help::paint(model, scroll, area, buffer);
        }
        if model.theme.ascii {
            in_ascii(buffer);
        }
    }
}

/// Paints the fleet.
pub(super) fn paint_fleet(
    fleet: &fleet::FleetModel,
    theme: Theme,
    now: Timestamp,
    active: usize,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (columns, rows) = layout::SMALLEST;
    if area.width < columns || area.height < rows {
        return too_small(theme, area, buffer);
    }
    fleet::paint(fleet, theme, now, active, area, buffer);
    if theme.ascii {
        in_ascii(buffer);
    }
}

/// Texts of other rooms have signs of their own, such as the dots in a short digest.
fn in_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol().chars().next().and_then(ascii_symbol);
        if let Some(symbol) = symbol {
            cell.set_char(symbol);
        }
    }
}

fn too_small(theme: Theme, area: Rect, buffer: &mut Buffer) {
    let (columns, rows) = layout::SMALLEST;
    let (width, height) = (area.width, area.height);
    let text = format!("windlass requires {columns}×{rows}; this terminal has {width}×{height}");
    let lines = line::wrap(&text, usize::from(area.width));
    for (y, text) in (area.y..area.bottom()).zip(lines) {
        line::left(buffer, Rect { y, height: 1, ..area }, vec![Span::raw(text)]);
    }
    if theme.ascii {
        in_ascii(buffer);
    }
}
