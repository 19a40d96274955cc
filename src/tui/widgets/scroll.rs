//! Keys that scroll.

use crossterm::event::{KeyCode, KeyEvent};

/// Scrolls a dialog that is longer than the screen; tells whether the key is one for that.
pub const fn scroll(first: &mut usize, key: KeyEvent) -> bool {
    const PAGE: usize = 10;
    *first = match key.code {
        KeyCode::Down => first.saturating_add(1),
        KeyCode::Up => first.saturating_sub(1),
        KeyCode::PageDown => first.saturating_add(PAGE),
        KeyCode::PageUp => first.saturating_sub(PAGE),
        _ => return false,
    };
    true
}
