//! Text from outside made harmless: commit messages, tags, labels, logs and answers of servers may carry escape
//! sequences, bidirectional overrides and control characters, and none of them may reach a terminal.

use std::fmt;

/// One line of text that is safe to show in a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// Makes one harmless line of `raw`; see [`clean_line`].
    pub fn line(raw: &str) -> Self {
        Self(clean_line(raw))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Clean {
    /// Whoever wrote it, it is harmless once it is read.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Ok(Self::line(&raw))
    }
}

/// One line: escape sequences removed whole, line breaks and tabs turned into blanks, all other control and
/// direction characters dropped.
pub fn clean_line(raw: &str) -> String {
    let text = clean_text(raw);
    if text.contains('\n') {
        text.trim_end().replace('\n', " ")
    } else {
        text
    }
}

/// Several lines: as [`clean_line`], but line breaks stay and a tab becomes blanks up to the next eighth column.
pub fn clean_text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut column = 0_usize;
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            // C1 forms of CSI and of the string controls (DCS, SOS, OSC, PM, APC).
            '\u{9b}' => skip_csi(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\n' => {
                out.push('\n');
                column = 0;
            }
            '\t' => {
                let blanks = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            c if c.is_control() || is_invisible(c) => {}
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(chars: &mut Chars<'_>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_csi(chars);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            chars.next();
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

/// Parameters, intermediates, one final byte; a line break ends a broken sequence.
fn skip_csi(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

/// Up to BEL or ST; a line break ends a broken sequence, so that one bad line does not swallow the rest.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if(|c| *c == '\\');
                return;
            }
            _ => {}
        }
    }
}

/// Characters that change the order or the look of others without being seen (Unicode TR 36, "Trojan Source").
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn removes_escape_sequences_whole() {
        for (raw, text) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]52;c;aGk=\u{7}copied", "copied"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("\u{9d}0;title\u{9c}x", "x"),
            ("a\u{202e}b\u{200b}c", "abc"),
            ("one\ttwo", "one     two"),
            ("bell\u{7}\r", "bell"),
            ("\u{1b}(Bplain", "plain"),
        ] {
            assert_eq!(clean_text(raw), text, "{raw:?}");
        }
    }

    #[test]
    fn a_broken_sequence_does_not_swallow_the_next_line() {
        assert_eq!(clean_text("\u{1b}]0;never closed\nnext"), "\nnext");
        assert_eq!(clean_line("fix: one\n\nbody\n"), "fix: one  body");
    }

    proptest! {
        #[test]
        fn nothing_harmful_ever_passes(raw in ".*") {
            let line = clean_line(&raw);
            prop_assert!(!line.chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
