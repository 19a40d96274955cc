//! Whether a text can stand without quotes, and how it is quoted.

use std::fmt::Write as _;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
}

/// `value` as it was written before, or in double quotes where that would be read as something else than this text.
pub(super) fn written(value: &str, quotes: Quotes) -> String {
    match quotes {
        Quotes::None if is_plain(value) => value.to_owned(),
        Quotes::Single if !value.chars().any(char::is_control) => format!("'{}'", value.replace('\'', "''")),
        Quotes::None | Quotes::Single | Quotes::Double => {
            let mut out = String::from("\"");
            for c in value.chars() {
                match c {
                    '"' | '\\' => out.extend(['\\', c]),
                    c if c.is_control() => drop(write!(out, "\\u{:04x}", u32::from(c))),
                    c => out.push(c),
                }
            }
            out.push('"');
            out
        }
    }
}

/// Whether every reader of YAML 1.1 and 1.2 takes `value` without quotes for this very text: not for a number, a truth value,
/// nothing at all or a date.
pub(super) fn is_plain(value: &str) -> bool {
    const WORDS: [&str; 12] = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan", "=",
    ];
    let Some(first) = value.chars().next() else {
        return false;
    };
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+');
    (first.is_ascii_alphanumeric() || first == '/')
        && value.chars().all(is_safe)
        && !value.ends_with(':')
        && !WORDS.contains(&value.to_ascii_lowercase().as_str())
        && !looks_like_a_number(value)
}

/// Wider than any reader: digits with signs, points, underscores, colons and exponents, octal, hexadecimal and binary numbers.
fn looks_like_a_number(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let digits = lower.trim_start_matches(['+', '-']);
    if let Some(rest) = digits.strip_prefix("0x") {
        return rest.chars().all(|c| c.is_ascii_hexdigit() || c == '_');
    }
    if digits.strip_prefix("0o").or(digits.strip_prefix("0b")).is_some() {
        return true;
    }
    let begins = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '_' | ':' | '-' | '+' | 'e' | 't' | 'z');
    begins && digits.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_sha_that_yaml_reads_as_a_number_is_quoted() {
        for quoted in [
            "12e4567",
            "0123456",
            "1234567",
            "1_000",
            "0x1f",
            "1e3",
            "true",
            "No",
            "2026-11-27",
            "12:30",
            "",
        ] {
            assert_eq!(written(quoted, Quotes::None), format!("\"{quoted}\""), "{quoted}");
        }
        for plain in [
            "2b2e927",
            "sha-1234567",
            "v1.4.0",
            "sha256:12ab",
            "registry.example.com/a@sha256:12ab",
        ] {
            assert_eq!(written(plain, Quotes::None), plain);
        }
    }

    #[test]
    fn quotes_stay_as_they_were() {
        assert_eq!(written("2b2e927", Quotes::Single), "'2b2e927'");
        assert_eq!(written("a'b", Quotes::Single), "'a''b'");
        assert_eq!(written("a\"b", Quotes::Double), "\"a\\\"b\"");
        assert_eq!(written("a: b", Quotes::None), "\"a: b\"");
    }
}
