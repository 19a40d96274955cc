//! A text: asked for, scrolled, copied.

use super::model::{PageContent, PageModel, PageOf};
use crate::tui::screens::keys::Action;
use crate::tui::screens::screen::Screen;
use crate::tui::session::{Effect, Model, Notice};
use crate::tui::widgets::search::Search;

/// Goes to a text, and asks for it.
pub(in crate::tui) fn open(model: &mut Model, of: PageOf, effects: &mut Vec<Effect>) {
    model.page = Some(PageModel::asked(of.clone(), model.screen));
    model.screen = Screen::Page;
    effects.push(Effect::Page(of));
}

/// The answer; one that nobody waits for any more is dropped.
pub(in crate::tui) fn on_page(model: &mut Model, of: &PageOf, content: PageContent) {
    if let Some(page) = model.page.as_mut().filter(|page| page.of == *of) {
        page.write(content);
    }
}

pub(in crate::tui) fn on_action(model: &mut Model, action: Action, effects: &mut Vec<Effect>) {
    let Some(page) = &mut model.page else {
        return;
    };
    let height = page.height.max(1);
    match action {
        Action::Up => step(page, false, 1),
        Action::Down => step(page, true, 1),
        Action::PageUp => step(page, false, height),
        Action::PageDown => step(page, true, height),
        Action::First => page.top = 0,
        Action::Last => step(page, true, usize::MAX),
        Action::Back if page.search.is_some() => page.search = None,
        Action::Back => model.screen = page.back,
        Action::Search => page.search = Some(Search::begun()),
        Action::NextFound | Action::PreviousFound => {
            let is_found = page.find(action == Action::NextFound, false);
            if !is_found {
                let text = "no match in this text".to_owned();
                model.notice = Some(Notice { text, grave: true });
            }
        }
        Action::Copy => {
            if let PageContent::Known(_, text) = &page.content {
                effects.push(Effect::Copy(text.clone()));
                let text = "copied the text to the clipboard".to_owned();
                model.notice = Some(Notice { text, grave: false });
            }
        }
        _ => {}
    }
}

/// Scrolls by so many lines.
pub(in crate::tui) fn step(page: &mut PageModel, down: bool, lines: usize) {
    let last = page.lines.len().saturating_sub(page.height.max(1));
    page.top = if down {
        page.top.saturating_add(lines).min(last)
    } else {
        page.top.saturating_sub(lines)
    };
}
