//! The findings of a candidate.

pub mod enabled;
pub mod keys;
pub mod layout;
pub mod model;
pub mod update;
pub mod view;

pub use model::{Content, Findings, FindingsModel, Sort, standing};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use super::spec::ScreenSpec;
use crate::tui::session::{Effect, Model};
use crate::tui::widgets::search::Search;

/// The findings of a candidate.
pub struct FindingsScreen;

impl ScreenSpec for FindingsScreen {
    fn word(&self) -> &'static str {
        "findings"
    }

    fn help_title(&self) -> &'static str {
        "Keys in the findings"
    }

    fn keys(&self) -> &'static [&'static [Binding]] {
        keys::KEYS
    }

    fn enabled(&self, model: &Model, action: Action) -> Result<(), String> {
        let findings = model.findings.as_ref();
        findings.map_or(Ok(()), |findings| enabled::enabled(findings, action))
    }

    fn act(&self, model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
        update::on_action(model, action, effects);
    }

    fn paint(&self, model: &Model, buffer: &mut Buffer) {
        view::paint(model, buffer);
    }

    fn rows(&self, model: &Model) -> Rect {
        layout::cut(model).rows
    }

    fn scroll(&self, model: &mut Model, down: bool, lines: usize) {
        if let Some(findings) = &mut model.findings {
            update::step(findings, down, lines);
        }
    }

    fn select(&self, model: &mut Model, row: usize) {
        if let Some(findings) = &mut model.findings {
            findings.select(findings.top + row);
        }
    }

    fn measure(&self, model: &mut Model) {
        let rows = usize::from(layout::cut(model).rows.height);
        if let Some(findings) = &mut model.findings {
            findings.height = rows;
            findings.reveal();
        }
    }

    fn search<'m>(&self, model: &'m Model) -> Option<&'m Search> {
        model.findings.as_ref()?.filter.as_ref()
    }

    fn search_mut<'m>(&self, model: &'m mut Model) -> Option<&'m mut Search> {
        model.findings.as_mut()?.filter.as_mut()
    }

    fn drop_search(&self, model: &mut Model) {
        if let Some(findings) = &mut model.findings {
            update::drop_filter(findings);
        }
    }

    fn seek(&self, model: &mut Model) -> bool {
        model.findings.as_mut().is_none_or(|findings| {
            findings.refresh();
            !findings.shown.is_empty()
        })
    }
}
