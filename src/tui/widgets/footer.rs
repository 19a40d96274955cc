//! The keys of the last line.

use ratatui::style::Style;
use ratatui::text::Span;

use super::line;
use crate::tui::app::theme::Theme;

/// As many keys as fit, each with its label and whether it is possible now, which is quiet otherwise; the last one, help, is
/// always among them.
pub fn bar(
    entries: impl Iterator<Item = (String, &'static str, bool)>,
    width: usize,
    theme: Theme,
) -> Vec<Span<'static>> {
    let entry = |(key, label, possible): (String, &'static str, bool)| {
        let (key_style, style) = if possible {
            (theme.key(), Style::new())
        } else {
            (theme.quiet(), theme.quiet())
        };
        vec![
            Span::styled(format!(" {key} "), key_style),
            Span::styled(label, style),
            Span::raw("  "),
        ]
    };
    let mut entries: Vec<_> = entries.map(entry).collect();
    while entries.len() > 1 && entries.iter().map(|entry| line::width(entry)).sum::<usize>() > width {
        entries.remove(entries.len() - 2);
    }
    entries.concat()
}
