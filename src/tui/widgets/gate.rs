//! Gates, one below the other, each with its verdict and its reason.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::line;
use crate::domain::{Gate, Override, Verdict};
use crate::tui::app::theme::{State, Theme};

/// The state of a verdict.
pub const fn state(verdict: &Verdict) -> State {
    match verdict {
        Verdict::Allowed(_) => State::Ok,
        Verdict::Refused(_) => State::Bad,
        Verdict::Unknown(_) => State::Unknown,
    }
}

/// Lines of at most `width` columns; a long reason goes on below itself, and notes and the way out follow it.
pub fn lines(gates: &[Gate], width: usize, theme: Theme) -> Vec<Line<'static>> {
    let names = gates
        .iter()
        .map(|gate| gate.kind.name().width())
        .max()
        .unwrap_or(0)
        .min(16);
    let words = gates
        .iter()
        .map(|gate| gate.verdict.word().len())
        .max()
        .unwrap_or(0);
    let indent = names + words + 6;
    let mut all = Vec::new();
    for gate in gates {
        let state = state(&gate.verdict);
        let mut pieces = line::wrap(gate.verdict.reason(), width.saturating_sub(indent)).into_iter();
        let mut first = vec![
            Span::styled(
                format!("{} {:words$}  ", theme.symbol(state), gate.verdict.word()),
                theme.state(state),
            ),
            Span::styled(format!("{:names$}  ", gate.kind), theme.strong()),
        ];
        // A name that is too long for its column has the line for itself.
        if gate.kind.name().width() <= names {
            first.push(Span::raw(pieces.next().unwrap_or_default()));
        }
        all.push(Line::from(first));
        all.extend(pieces.map(|piece| Line::from(format!("{:indent$}{piece}", ""))));
        let way_out = gate.way_out.as_ref().map(Override::words);
        for note in gate.notes.iter().chain(&way_out) {
            let dot = theme.glyph("·", "-");
            let mut pieces = line::wrap(note, width.saturating_sub(indent + 2)).into_iter();
            let first = pieces.next().unwrap_or_default();
            let quiet = |text: String| Line::from(Span::styled(text, theme.quiet()));
            all.push(quiet(format!("{:indent$}{dot} {first}", "")));
            all.extend(pieces.map(|piece| quiet(format!("{:indent$}  {piece}", ""))));
        }
    }
    all
}
