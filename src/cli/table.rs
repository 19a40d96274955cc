//! Aligned columns for terminals and pipes. On a terminal they fit its width: the widest column gives way first.

use std::io::{self, Write};

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// A column is never narrower for the sake of others.
const LEAST: usize = 8;
const GAP: usize = 2;

/// Writes `rows`, each column as wide as its widest cell; where there is a `width`, no line is longer.
pub fn print(rows: &[Vec<String>], width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    print_indented(rows, 0, width, out)
}

/// The same with each line indented by `indent`.
pub(super) fn print_indented(
    rows: &[Vec<String>],
    indent: usize,
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width())
            .max()
    };
    let mut widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    // A column with nothing in it takes no room.
    let gaps = widths
        .iter()
        .filter(|width| **width > 0)
        .count()
        .saturating_sub(1)
        * GAP;
    if let Some(width) = width {
        let room = width.saturating_sub(indent + gaps);
        while widths.iter().sum::<usize>() > room
            && let Some(widest) = widths.iter_mut().max()
            && *widest > LEAST
        {
            *widest -= 1;
        }
    }
    for row in rows {
        let mut line = " ".repeat(indent);
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            let cell = cut(cell, *width);
            line.push_str(&cell);
            line.push_str(&" ".repeat((width + GAP).saturating_sub(cell.width())));
        }
        let line = line.trim_end();
        writeln!(
            out,
            "{}",
            width.map_or_else(|| line.to_owned(), |width| cut(line, width))
        )?;
    }
    Ok(())
}

/// At most `width` columns of `text`, with `…` for the rest.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.graphemes(true) {
        if short.width() + character.width() >= width {
            break;
        }
        short.push_str(character);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(rows: &[&[&str]], width: Option<usize>) -> String {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect();
        let mut out = Vec::new();
        print_indented(&rows, 2, width, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_widest_column_gives_way() {
        let rows: &[&[&str]] = &[
            &["a", "", "a long description of it", "#1"],
            &["b", "", "short", ""],
        ];
        assert_eq!(
            printed(rows, None),
            "  a  a long description of it  #1\n  b  short\n"
        );
        assert_eq!(printed(rows, Some(24)), "  a  a long descrip…  #1\n  b  short\n");
        assert_eq!(printed(rows, Some(10)), "  a  a lo…\n  b  short\n");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_is_shortened_for_a_pipe() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let rows = [["v1.4.0", &digest, "a subject with 漢字 in it"]
            .map(str::to_owned)
            .to_vec()];
        let lines = |width| {
            let mut out = Vec::new();
            print(&rows, width, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        for width in 20..120 {
            let line = lines(Some(width));
            assert!(line.trim_end().width() <= width, "{width}: {line}");
            assert!(line.starts_with("v1.4.0"), "{width}: {line}");
            // The columns give way, and not whatever stands last in the line.
            if width >= 26 {
                assert!(line.contains("a sub"), "{width}: {line}");
            }
        }
        assert!(lines(None).contains(&digest));
        assert!(lines(Some(60)).contains('…'));
    }

    #[test]
    fn a_long_subject_is_cut_between_characters_by_the_columns_they_take() {
        assert_eq!(cut("fix: one", 8), "fix: one");
        assert_eq!(cut("fix: one or two", 8), "fix: on…");
        assert_eq!(cut("修正修正修正", 6), "修正…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    }
}
