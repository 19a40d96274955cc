//! Bars of progress, to an eighth of a column where the terminal can.

use ratatui::text::Span;

use crate::tui::app::theme::{State, Theme};

/// A bar of `width` columns with `moved` of `size` filled.
pub fn bar(moved: u64, size: u64, width: usize, theme: Theme) -> Vec<Span<'static>> {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = filled(moved, size, width * 8);
    let (full, part) = (eighths / 8, eighths % 8);
    let (solid, edge) = if theme.ascii {
        ("#", "")
    } else {
        ("█", EIGHTHS[part])
    };
    let rest = width - full - usize::from(!edge.is_empty());
    vec![
        Span::styled(solid.repeat(full) + edge, theme.state(State::Loading)),
        Span::styled(theme.glyph("░", ".").repeat(rest), theme.quiet()),
    ]
}

/// `moved` of `size`, of `all` parts.
fn filled(moved: u64, size: u64, all: usize) -> usize {
    if size == 0 {
        return all;
    }
    let parts = u128::from(moved.min(size)) * all as u128 / u128::from(size);
    usize::try_from(parts).unwrap_or(all)
}

/// ` 78 %`, always five columns.
pub fn percent(moved: u64, size: u64) -> String {
    format!("{:>3} %", filled(moved, size, 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_as_asked_for_and_never_overflows() {
        for ascii in [false, true] {
            for (moved, size) in [(0, 10), (3, 10), (10, 10), (99, 10), (0, 0), (u64::MAX, u64::MAX)] {
                let spans = bar(moved, size, 12, Theme { colour: false, ascii });
                assert_eq!(crate::tui::widgets::line::width(&spans), 12, "{moved} of {size}");
            }
        }
        assert_eq!(percent(1, 3), " 33 %");
    }
}
