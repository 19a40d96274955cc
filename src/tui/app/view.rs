//! The console, painted: the fleet or a session.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::state::{App, Shown};
use super::theme::Theme;
use crate::tui::dialogs::Around;
use crate::tui::screens::board::Numbering;
use crate::tui::screens::fleet;
use crate::tui::session::view::{Console, in_ascii};

/// What a dialog sees that stands over the fleet: no service.
pub(super) fn around(theme: Theme, now: Timestamp, (_, height): (u16, u16)) -> Around<'static> {
    Around {
        theme,
        now,
        service: "",
        read_only: true,
        graph: &[],
        environments: &[],
        numbering: Numbering::default(),
        is_stacked: false,
        height,
    }
}

impl Widget for &App {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let session = match self.shown {
            Shown::Session(id) => self.session(id),
            Shown::Fleet => None,
        };
        match (session, &self.fleet) {
            (Some(session), _) => Console(&session.model).render(area, buffer),
            (None, Some(fleet)) if (area.width, area.height) == self.size => {
                fleet::paint(fleet, self.theme, self.now, self.active(), area, buffer);
                if let Some(dialog) = &fleet.dialog {
                    dialog
                        .spec()
                        .paint(&around(self.theme, self.now, self.size), area, buffer);
                }
                if self.theme.ascii {
                    in_ascii(buffer);
                }
            }
            (None, _) => {}
        }
    }
}
