//! A text to be read: the notes of a release, or a comparison.

pub mod document;
pub mod enabled;
pub mod keys;
pub mod layout;
pub mod model;
pub mod update;
pub mod view;

pub use document::of_document;
pub use model::{Ink, PageContent, PageLine, PageModel, PageOf, of_markdown};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Binding};
use super::spec::ScreenSpec;
use crate::tui::session::{Effect, Model};
use crate::tui::widgets::search::Search;

/// A text.
pub struct PageScreen;

impl ScreenSpec for PageScreen {
    fn word(&self) -> &'static str {
        "text"
    }

    fn help_title(&self) -> &'static str {
        "Keys in a text"
    }

    fn keys(&self) -> &'static [&'static [Binding]] {
        keys::KEYS
    }

    fn enabled(&self, model: &Model, action: Action) -> Result<(), String> {
        let page = model.page.as_ref();
        page.map_or(Ok(()), |page| enabled::enabled(page, action))
    }

    fn act(&self, model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
        update::on_action(model, action, effects);
    }

    fn paint(&self, model: &Model, buffer: &mut Buffer) {
        view::paint(model, buffer);
    }

    fn rows(&self, model: &Model) -> Rect {
        layout::cut(model).text
    }

    fn scroll(&self, model: &mut Model, down: bool, lines: usize) {
        if let Some(page) = &mut model.page {
            update::step(page, down, lines);
        }
    }

    fn measure(&self, model: &mut Model) {
        let text = layout::cut(model).text;
        if let Some(page) = &mut model.page {
            page.height = usize::from(text.height);
            page.fit(usize::from(text.width));
        }
    }

    fn search<'m>(&self, model: &'m Model) -> Option<&'m Search> {
        model.page.as_ref()?.search.as_ref()
    }

    fn search_mut<'m>(&self, model: &'m mut Model) -> Option<&'m mut Search> {
        model.page.as_mut()?.search.as_mut()
    }

    fn drop_search(&self, model: &mut Model) {
        if let Some(page) = &mut model.page {
            page.search = None;
        }
    }

    fn seek(&self, model: &mut Model) -> bool {
        model.page.as_mut().is_none_or(|page| page.find(true, true))
    }
}
