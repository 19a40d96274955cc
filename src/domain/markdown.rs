//! Text from outside inside of Markdown: shown as it is, and never taken for markup.

/// Breaks a word in two without being seen, so that no forge makes a mention, a reference or a link of it. An entity,
/// because the character itself would look like an attempt to deceive.
const BREAK: &str = "&#8203;";

/// `text` as it must stand in Markdown to be shown as it is: no link, no HTML, no heading, no list, no table cell, and
/// nobody is mentioned by it. It is to be one line already; see [`super::clean_line`].
pub fn markdown_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.char_indices().peekable();
    let is_listed = begins_a_list(text);
    let is_inner = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut before = None;
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Mentions and references are looked for in what was rendered already, where a backslash is gone.
            '@' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(c);
                let is_count = c == '~' && next.is_some_and(|next| next.is_ascii_digit());
                if !is_count && next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '"')) {
                    out.push_str(BREAK);
                }
            }
            // Within a word it marks nothing.
            '_' if is_inner(before) && is_inner(next) => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '-' | '+' | '=' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if is_listed == Some(at) => {
                out.push('\\');
                out.push(c);
            }
            ':' if text[at..].starts_with("://") => {
                out.push(':');
                out.push_str(BREAK);
            }
            '.' if text[..at].to_ascii_lowercase().ends_with("www") => {
                out.push_str(BREAK);
                out.push('.');
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// Where the mark of a numbered list stands, if `text` begins like an item of one: `12. ` or `12) `.
fn begins_a_list(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let marked = matches!(text.as_bytes().get(digits), Some(b'.' | b')'));
    let ends = matches!(text.as_bytes().get(digits + 1), None | Some(b' '));
    (digits > 0 && marked && ends).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        for (text, escaped) in [
            ("round half to even", "round half to even"),
            ("[x](http://evil)", r"\[x\](http:&#8203;//evil)"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("thanks @octocat", r"thanks \@&#8203;octocat"),
            ("fix #12", r"fix \#&#8203;12"),
            ("# heading", r"\# heading"),
            ("- item", r"\- item"),
            ("12. item", r"12\. item"),
            ("a | b", r"a \| b"),
            ("see www.evil.example", "see www&#8203;.evil.example"),
            ("a-b 1.2", "a-b 1.2"),
            ("1.36.1-r29", "1.36.1-r29"),
            ("&lt;", "&amp;lt;"),
            (
                "src/change_1.txt and _this_ of develop~4",
                r"src/change_1.txt and \_this\_ of develop\~4",
            ),
        ] {
            assert_eq!(markdown_escape(text), escaped, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_opens_markup_is_left_alone(text in r"[a-z<>&\[\]`*_|@#!\\ :/.-]{0,40}") {
            let escaped = markdown_escape(&text);
            prop_assert!(!escaped.contains(['<', '>']));
            prop_assert!(!escaped.contains("://"));
            let mut escapes = false;
            for c in escaped.chars() {
                let opens = matches!(c, '[' | ']' | '`' | '*' | '|' | '@');
                prop_assert!(escapes || !opens, "{}", escaped);
                escapes = c == '\\' && !escapes;
            }
        }
    }
}
